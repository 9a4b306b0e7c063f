-- +goose Up

-- Renewals of many accounts that one person asked for at once.
CREATE TABLE batches (
    id          TEXT PRIMARY KEY,
    user_id     INTEGER NOT NULL REFERENCES users (id),
    reseller_id INTEGER REFERENCES resellers (id),
    cycle       TEXT NOT NULL,
    duration    INTEGER NOT NULL,
    created_at  DATETIME NOT NULL,
    started_at  DATETIME -- when ordering was confirmed
);
CREATE INDEX batches_by_reseller ON batches (reseller_id, id);

CREATE TABLE batch_items (
    id         INTEGER PRIMARY KEY,
    batch_id   TEXT NOT NULL REFERENCES batches (id),
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    state      TEXT NOT NULL CHECK (state IN ('asked', 'quoted', 'ordered', 'failed', 'stopped')),
    quote_id   TEXT REFERENCES quotes (id),
    order_id   INTEGER REFERENCES orders (id),
    why        TEXT NOT NULL,
    claim      INTEGER NOT NULL,
    due_at     DATETIME, -- null: nothing is to be done
    updated_at DATETIME NOT NULL,
    UNIQUE (batch_id, account_id),
    CHECK ((state = 'ordered') = (order_id IS NOT NULL)),
    CHECK (state NOT IN ('quoted', 'ordered') OR quote_id IS NOT NULL),
    CHECK ((state = 'failed') = (why <> ''))
);
CREATE INDEX batch_items_due ON batch_items (due_at) WHERE due_at IS NOT NULL;
