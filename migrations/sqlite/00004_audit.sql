-- +goose Up

-- An event seals what it stands for: digest what it put into the record (the order and its quote, an attempt, an answer),
-- state the order's row as it left it. Both SHA-256, and part of the event's own hash. Empty in events from before.
ALTER TABLE events ADD COLUMN digest TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN state TEXT NOT NULL DEFAULT '';
-- +goose StatementBegin
CREATE TRIGGER events_sealed BEFORE INSERT ON events WHEN NEW.digest = '' OR NEW.state = '' OR NEW.hash = '' BEGIN
    SELECT RAISE(ABORT, 'an event seals what it stands for');
END;
-- +goose StatementEnd

-- SHA-256 over the entry and the hash of the account's entry before it. Empty in entries from before.
ALTER TABLE outside_events ADD COLUMN hash TEXT NOT NULL DEFAULT '';
-- +goose StatementBegin
CREATE TRIGGER outside_events_sealed BEFORE INSERT ON outside_events WHEN NEW.hash = '' BEGIN
    SELECT RAISE(ABORT, 'what is recorded is sealed');
END;
-- +goose StatementEnd

-- Signed tree heads over all events and all entries from outside.
CREATE TABLE checkpoints (
    id       INTEGER PRIMARY KEY, -- is in the note, too
    note     TEXT NOT NULL, -- what was signed, with its signature: all that counts
    frontier TEXT NOT NULL  -- JSON; where the trees go on from, and worth nothing unless it has the note's roots
);
-- +goose StatementBegin
CREATE TRIGGER checkpoints_keep BEFORE DELETE ON checkpoints BEGIN
    SELECT RAISE(ABORT, 'checkpoints are never deleted');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER checkpoints_immutable BEFORE UPDATE ON checkpoints BEGIN
    SELECT RAISE(ABORT, 'checkpoints never change');
END;
-- +goose StatementEnd
-- INSERT OR REPLACE deletes without firing the triggers above.
-- +goose StatementBegin
CREATE TRIGGER checkpoints_once_only BEFORE INSERT ON checkpoints WHEN EXISTS (SELECT 1 FROM checkpoints WHERE id = NEW.id) BEGIN
    SELECT RAISE(ABORT, 'checkpoints are never replaced');
END;
-- +goose StatementEnd

-- Any unique column is a way to replace a row, not the id alone.
DROP TRIGGER orders_once_only;
-- +goose StatementBegin
CREATE TRIGGER orders_once_only BEFORE INSERT ON orders WHEN
    EXISTS (SELECT 1 FROM orders WHERE id = NEW.id) OR
    EXISTS (SELECT 1 FROM orders WHERE number = NEW.number) OR
    EXISTS (SELECT 1 FROM orders WHERE quote_id = NEW.quote_id) OR
    EXISTS (SELECT 1 FROM orders WHERE client_token = NEW.client_token) OR
    NEW.status IN ('placed', 'sending', 'unknown', 'needs_review') AND EXISTS (SELECT 1 FROM orders
        WHERE account_id = NEW.account_id AND status IN ('placed', 'sending', 'unknown', 'needs_review')) BEGIN
    SELECT RAISE(ABORT, 'orders are never replaced');
END;
-- +goose StatementEnd
DROP TRIGGER attempts_once_only;
-- +goose StatementBegin
CREATE TRIGGER attempts_once_only BEFORE INSERT ON attempts WHEN
    EXISTS (SELECT 1 FROM attempts WHERE id = NEW.id) OR
    EXISTS (SELECT 1 FROM attempts WHERE order_id = NEW.order_id AND number = NEW.number) BEGIN
    SELECT RAISE(ABORT, 'attempts are never replaced');
END;
-- +goose StatementEnd
-- An attempt changes once: by its answer.
-- +goose StatementBegin
CREATE TRIGGER attempts_answer BEFORE UPDATE ON attempts WHEN NEW.outcome = '' OR NEW.answered_at IS NULL BEGIN
    SELECT RAISE(ABORT, 'an attempt changes by its answer only');
END;
-- +goose StatementEnd
