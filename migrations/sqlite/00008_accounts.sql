-- +goose Up

-- A suspended account orders nothing, but for what its administrators pay back; in force while suspended_at is set.
ALTER TABLE accounts ADD COLUMN suspended_at DATETIME;
ALTER TABLE accounts ADD COLUMN suspended_by TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN suspension_reason TEXT NOT NULL DEFAULT ''
    CHECK ((suspended_at IS NULL) = (suspended_by = '') AND (suspended_at IS NULL) = (suspension_reason = ''));

-- What administrators and staff should know of an account; its customers don't read it.
ALTER TABLE accounts ADD COLUMN note TEXT NOT NULL DEFAULT '';

-- What people changed: who, for whom, from where, before and after.
CREATE TABLE changes (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         DATETIME NOT NULL,
    actor      TEXT NOT NULL CHECK (actor <> ''),
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    what       TEXT NOT NULL CHECK (what <> ''),
    before     TEXT NOT NULL, -- JSON; empty for what was not there
    after      TEXT NOT NULL, -- JSON
    reason     TEXT NOT NULL,
    request_id TEXT NOT NULL,
    address    TEXT NOT NULL
);
CREATE INDEX changes_by_account ON changes (account_id, id);

-- +goose StatementBegin
CREATE TRIGGER changes_keep BEFORE DELETE ON changes BEGIN
    SELECT RAISE(ABORT, 'what people changed is never deleted');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER changes_immutable BEFORE UPDATE ON changes BEGIN
    SELECT RAISE(ABORT, 'what people changed stays as it was written');
END;
-- +goose StatementEnd
-- INSERT OR REPLACE deletes without firing the triggers above.
-- +goose StatementBegin
CREATE TRIGGER changes_once_only BEFORE INSERT ON changes
WHEN EXISTS (SELECT 1 FROM changes WHERE id = NEW.id) BEGIN
    SELECT RAISE(ABORT, 'what people changed is never replaced');
END;
-- +goose StatementEnd
