-- +goose Up

-- What an operator saw at the provider that no order of ours did: an entry in the account's history without a call.
CREATE TABLE outside_events (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id        INTEGER NOT NULL REFERENCES accounts (id),
    kind              TEXT NOT NULL CHECK (kind IN ('adopted', 'renewed', 'released')),
    instance_id       TEXT NOT NULL CHECK (instance_id <> ''),
    -- Where in the history it stands: behind this completed order of the account, 0 before any.
    after_order_id    INTEGER NOT NULL,
    edition           TEXT NOT NULL,
    instance_count    INTEGER NOT NULL,
    starts_at         DATETIME,
    ends_at           DATETIME NOT NULL,
    paid_fen          INTEGER NOT NULL CHECK (paid_fen >= 0),
    auto_renew        INTEGER NOT NULL,
    auto_renew_months INTEGER NOT NULL,
    reason            TEXT NOT NULL CHECK (reason <> ''),
    user_id           INTEGER NOT NULL REFERENCES users (id),
    created_at        DATETIME NOT NULL,
    CHECK (kind = 'released' OR (starts_at IS NOT NULL AND starts_at < ends_at AND instance_count >= 1 AND edition <> ''))
);
CREATE INDEX outside_events_by_account ON outside_events (account_id, id);
CREATE INDEX outside_events_by_instance ON outside_events (instance_id);

-- +goose StatementBegin
CREATE TRIGGER outside_events_keep BEFORE DELETE ON outside_events BEGIN
    SELECT RAISE(ABORT, 'what was recorded is never deleted');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER outside_events_immutable BEFORE UPDATE ON outside_events BEGIN
    SELECT RAISE(ABORT, 'what was recorded never changes');
END;
-- +goose StatementEnd
-- INSERT OR REPLACE deletes without firing the triggers above.
-- +goose StatementBegin
CREATE TRIGGER outside_events_once_only BEFORE INSERT ON outside_events
WHEN EXISTS (SELECT 1 FROM outside_events WHERE id = NEW.id) BEGIN
    SELECT RAISE(ABORT, 'what was recorded is never replaced');
END;
-- +goose StatementEnd

-- A quote for something that is held says what it was, and holds only while nothing happened to it.
ALTER TABLE quotes ADD COLUMN last_outside_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE quotes ADD COLUMN instance_id TEXT NOT NULL DEFAULT '';
ALTER TABLE quotes ADD COLUMN held TEXT; -- JSON; null for a purchase
ALTER TABLE quotes ADD COLUMN starts_at DATETIME;
ALTER TABLE quotes ADD COLUMN ends_at DATETIME;

-- What is renewed, upgraded or refunded is named from the start, and stays the same one.
-- +goose StatementBegin
CREATE TRIGGER orders_name_their_instance BEFORE INSERT ON orders WHEN NEW.kind <> 'buy' AND NEW.instance_id = '' BEGIN
    SELECT RAISE(ABORT, 'a renewal, upgrade or refund names its instance');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER orders_keep_their_instance BEFORE UPDATE OF instance_id ON orders
WHEN OLD.instance_id <> '' AND NEW.instance_id <> OLD.instance_id BEGIN
    SELECT RAISE(ABORT, 'an order keeps its instance');
END;
-- +goose StatementEnd
-- The subscription is rebuilt from completed orders: one without dates or the provider's number would be lost to it.
-- +goose StatementBegin
CREATE TRIGGER orders_complete BEFORE UPDATE OF status ON orders
WHEN NEW.status = 'completed' AND (NEW.ends_at IS NULL OR
    NEW.kind <> 'refund' AND (NEW.starts_at IS NULL OR NEW.provider_order_id = '')) BEGIN
    SELECT RAISE(ABORT, 'a completed order says what it did');
END;
-- +goose StatementEnd
