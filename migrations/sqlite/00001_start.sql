-- +goose Up

-- What this database is bound to, such as the provider its orders belong to.
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE resellers (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_at DATETIME NOT NULL
);

CREATE TABLE accounts (
    id          INTEGER PRIMARY KEY,
    owner_id    INTEGER NOT NULL UNIQUE CHECK (owner_id > 0),
    name        TEXT NOT NULL,
    reseller_id INTEGER REFERENCES resellers (id),
    created_at  DATETIME NOT NULL
);
CREATE INDEX accounts_by_reseller ON accounts (reseller_id, id);

CREATE TABLE users (
    id            INTEGER PRIMARY KEY,
    email         TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role          TEXT NOT NULL CHECK (role IN ('customer', 'reseller-admin', 'support', 'operator')),
    account_id    INTEGER REFERENCES accounts (id),
    reseller_id   INTEGER REFERENCES resellers (id),
    language      TEXT NOT NULL DEFAULT '',
    created_at    DATETIME NOT NULL,
    -- A customer without an account, or a support agent with one, would see the wrong rows.
    CHECK ((role = 'customer') = (account_id IS NOT NULL)),
    CHECK ((role = 'reseller-admin') = (reseller_id IS NOT NULL))
);

-- The cookie's value is not here: only its SHA-256, so that a copy of the database opens no session.
CREATE TABLE sessions (
    id_hash    TEXT PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    created_at DATETIME NOT NULL,
    seen_at    DATETIME NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_by_seen ON sessions (seen_at);

-- Failed sign-ins, by name and address. name is a key such as "name:a@example.com".
CREATE TABLE throttles (
    name     TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    since    DATETIME NOT NULL
) WITHOUT ROWID;

CREATE TABLE quotes (
    id                TEXT PRIMARY KEY,
    account_id        INTEGER NOT NULL REFERENCES accounts (id),
    user_id           INTEGER NOT NULL REFERENCES users (id),
    kind              TEXT NOT NULL CHECK (kind IN ('buy', 'renew', 'upgrade', 'refund')),
    edition           TEXT NOT NULL,
    version_code      TEXT NOT NULL,
    cycle             TEXT NOT NULL,
    duration          INTEGER NOT NULL,
    auto_renew        INTEGER NOT NULL,
    auto_renew_months INTEGER NOT NULL,
    instance_count    INTEGER NOT NULL CHECK (instance_count >= 1),
    count_read_at     DATETIME NOT NULL,
    price_book_hash   TEXT NOT NULL,
    example_prices    INTEGER NOT NULL,
    last_order_id     INTEGER NOT NULL,
    total_fen         INTEGER NOT NULL CHECK (total_fen >= 0),
    lines             TEXT NOT NULL,
    created_at        DATETIME NOT NULL,
    expires_at        DATETIME NOT NULL,
    replaces_id       TEXT REFERENCES quotes (id),
    changes           TEXT -- JSON; null when it replaces none
);
CREATE INDEX quotes_by_account ON quotes (account_id, id);

CREATE TABLE orders (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    number             TEXT NOT NULL UNIQUE,
    quote_id           TEXT NOT NULL UNIQUE REFERENCES quotes (id),
    client_token       TEXT NOT NULL UNIQUE,
    account_id         INTEGER NOT NULL REFERENCES accounts (id),
    owner_id           INTEGER NOT NULL,
    user_id            INTEGER NOT NULL REFERENCES users (id),
    kind               TEXT NOT NULL CHECK (kind IN ('buy', 'renew', 'upgrade', 'refund')),
    edition            TEXT NOT NULL,
    version_code       TEXT NOT NULL,
    cycle              TEXT NOT NULL,
    duration           INTEGER NOT NULL,
    auto_renew         INTEGER NOT NULL,
    auto_renew_months  INTEGER NOT NULL,
    instance_count     INTEGER NOT NULL,
    total_fen          INTEGER NOT NULL,
    credential_profile TEXT NOT NULL,
    placed_at          DATETIME NOT NULL,

    status             TEXT NOT NULL CHECK (status IN
        ('placed', 'sending', 'unknown', 'needs_review', 'completed', 'rejected', 'cancelled')),
    reason             TEXT NOT NULL,
    claim              INTEGER NOT NULL,
    lease_until        DATETIME,
    due_at             DATETIME,
    attempts           INTEGER NOT NULL,
    code               TEXT NOT NULL,
    message            TEXT NOT NULL,
    instance_id        TEXT NOT NULL,
    provider_order_id  TEXT NOT NULL,
    request_id         TEXT NOT NULL,
    starts_at          DATETIME,
    ends_at            DATETIME,
    settled_at         DATETIME,
    updated_at         DATETIME NOT NULL,

    -- A lease belongs to sending and nothing else; what is due is placed or unknown.
    CHECK ((status = 'sending') = (lease_until IS NOT NULL)),
    CHECK ((status IN ('placed', 'unknown')) = (due_at IS NOT NULL)),
    -- A completed purchase that can't be found at the provider would be a charge without a thing.
    CHECK (status <> 'completed' OR kind <> 'buy' OR (instance_id <> '' AND provider_order_id <> ''))
);
-- One open order for each account: nothing is charged beside an order whose outcome is not known.
CREATE UNIQUE INDEX orders_one_open ON orders (account_id)
    WHERE status IN ('placed', 'sending', 'unknown', 'needs_review');
CREATE INDEX orders_by_account ON orders (account_id, id);
CREATE INDEX orders_by_status ON orders (status, id);
CREATE INDEX orders_by_kind ON orders (kind, id);
CREATE INDEX orders_by_day ON orders (placed_at);
CREATE INDEX orders_by_provider_order ON orders (provider_order_id) WHERE provider_order_id <> '';
CREATE INDEX orders_by_instance ON orders (instance_id) WHERE instance_id <> '';
CREATE INDEX orders_by_request ON orders (request_id) WHERE request_id <> '';

CREATE TABLE attempts (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id    INTEGER NOT NULL REFERENCES orders (id),
    number      INTEGER NOT NULL,
    claim       INTEGER NOT NULL,
    started_at  DATETIME NOT NULL,
    request     TEXT NOT NULL,
    answered_at DATETIME,
    outcome     TEXT NOT NULL,
    http_status INTEGER NOT NULL,
    code        TEXT NOT NULL,
    message     TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    response    TEXT NOT NULL,
    late        INTEGER NOT NULL,
    UNIQUE (order_id, number)
);
CREATE INDEX attempts_by_request ON attempts (request_id) WHERE request_id <> '';

CREATE TABLE events (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    at       DATETIME NOT NULL,
    "from"   TEXT NOT NULL,
    "to"     TEXT NOT NULL,
    reason   TEXT NOT NULL,
    actor    TEXT NOT NULL,
    note     TEXT NOT NULL,
    attempt  INTEGER NOT NULL,
    hash     TEXT NOT NULL -- SHA-256 over this event and the hash of the order's event before it
);
CREATE INDEX events_by_order ON events (order_id, id);

-- The record is what customers trust with their money. What follows keeps it even from our own mistakes.

-- +goose StatementBegin
CREATE TRIGGER orders_keep BEFORE DELETE ON orders BEGIN
    SELECT RAISE(ABORT, 'orders are never deleted');
END;
-- +goose StatementEnd
-- INSERT OR REPLACE deletes without firing the triggers above.
-- +goose StatementBegin
CREATE TRIGGER orders_once_only BEFORE INSERT ON orders WHEN EXISTS (SELECT 1 FROM orders WHERE id = NEW.id) BEGIN
    SELECT RAISE(ABORT, 'orders are never replaced');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER quotes_once_only BEFORE INSERT ON quotes WHEN EXISTS (SELECT 1 FROM quotes WHERE id = NEW.id) BEGIN
    SELECT RAISE(ABORT, 'quotes are never replaced');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER attempts_once_only BEFORE INSERT ON attempts WHEN EXISTS (SELECT 1 FROM attempts WHERE id = NEW.id) BEGIN
    SELECT RAISE(ABORT, 'attempts are never replaced');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER events_once_only BEFORE INSERT ON events WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id) BEGIN
    SELECT RAISE(ABORT, 'events are never replaced');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER orders_intent BEFORE UPDATE OF
    id, number, quote_id, client_token, account_id, owner_id, user_id, kind, edition, version_code, cycle, duration,
    auto_renew, auto_renew_months, instance_count, total_fen, credential_profile, placed_at ON orders BEGIN
    SELECT RAISE(ABORT, 'what an order intends never changes');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER orders_final BEFORE UPDATE ON orders WHEN OLD.status IN ('completed', 'rejected', 'cancelled') BEGIN
    SELECT RAISE(ABORT, 'a settled order never changes');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER orders_claim BEFORE UPDATE OF claim ON orders WHEN NEW.claim < OLD.claim BEGIN
    SELECT RAISE(ABORT, 'a claim only rises');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER quotes_keep BEFORE DELETE ON quotes BEGIN
    SELECT RAISE(ABORT, 'quotes are never deleted');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER quotes_immutable BEFORE UPDATE ON quotes BEGIN
    SELECT RAISE(ABORT, 'quotes never change');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER attempts_keep BEFORE DELETE ON attempts BEGIN
    SELECT RAISE(ABORT, 'attempts are never deleted');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER attempts_once BEFORE UPDATE ON attempts WHEN OLD.outcome <> '' BEGIN
    SELECT RAISE(ABORT, 'an answer is written once');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER attempts_request BEFORE UPDATE OF id, order_id, number, claim, started_at, request ON attempts BEGIN
    SELECT RAISE(ABORT, 'what was sent never changes');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER events_keep BEFORE DELETE ON events BEGIN
    SELECT RAISE(ABORT, 'events are never deleted');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER events_immutable BEFORE UPDATE ON events BEGIN
    SELECT RAISE(ABORT, 'events never change');
END;
-- +goose StatementEnd
