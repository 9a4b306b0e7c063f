-- +goose Up

-- An account that is held orders nothing until an operator releases it. What was released stays, as history.
CREATE TABLE account_holds (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id   INTEGER NOT NULL REFERENCES accounts (id),
    since        DATETIME NOT NULL,
    reason       TEXT NOT NULL CHECK (reason <> ''),
    note         TEXT NOT NULL,
    actor        TEXT NOT NULL CHECK (actor <> ''),
    released_at  DATETIME,
    released_by  TEXT NOT NULL,
    release_note TEXT NOT NULL,
    -- Whoever lets an account order again says who they are and why.
    CHECK ((released_at IS NULL) = (released_by = '') AND (released_at IS NULL) = (release_note = ''))
);
CREATE UNIQUE INDEX account_holds_standing ON account_holds (account_id) WHERE released_at IS NULL;
CREATE INDEX account_holds_by_account ON account_holds (account_id, id);

-- +goose StatementBegin
CREATE TRIGGER account_holds_keep BEFORE DELETE ON account_holds BEGIN
    SELECT RAISE(ABORT, 'holds are never deleted');
END;
-- +goose StatementEnd
-- INSERT OR REPLACE deletes without firing the trigger above: by the id, or by the index of those that stand.
-- +goose StatementBegin
CREATE TRIGGER account_holds_once_only BEFORE INSERT ON account_holds
WHEN EXISTS (SELECT 1 FROM account_holds WHERE id = NEW.id OR account_id = NEW.account_id AND released_at IS NULL) BEGIN
    SELECT RAISE(ABORT, 'an account is held once, and a hold is never replaced');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER account_holds_begin_standing BEFORE INSERT ON account_holds WHEN NEW.released_at IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'a hold begins unreleased');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER account_holds_cause BEFORE UPDATE OF id, account_id, since, reason, note, actor ON account_holds BEGIN
    SELECT RAISE(ABORT, 'why an account was held never changes');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER account_holds_release BEFORE UPDATE ON account_holds WHEN OLD.released_at IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'a release is written once');
END;
-- +goose StatementEnd
