-- +goose Up

-- What people change may be about a reseller or about a person alone: account_id may be null from now on. SQLite can't
-- take NOT NULL back, so the table is made anew. Rows keep their ids, and so their places in what checkpoints sign.
ALTER TABLE changes RENAME TO changes_before;
CREATE TABLE changes (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          DATETIME NOT NULL,
    actor       TEXT NOT NULL CHECK (actor <> ''),
    account_id  INTEGER REFERENCES accounts (id),
    what        TEXT NOT NULL CHECK (what <> ''),
    before      TEXT NOT NULL, -- JSON; empty for what was not there
    after       TEXT NOT NULL, -- JSON
    reason      TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    address     TEXT NOT NULL,
    reseller_id INTEGER REFERENCES resellers (id),
    user_id     INTEGER REFERENCES users (id), -- whom it is about
    CHECK (account_id IS NOT NULL OR reseller_id IS NOT NULL OR user_id IS NOT NULL)
);
INSERT INTO changes (id, at, actor, account_id, what, before, after, reason, request_id, address)
    SELECT id, at, actor, account_id, what, before, after, reason, request_id, address FROM changes_before ORDER BY id;
DROP TABLE changes_before;
CREATE INDEX changes_by_account ON changes (account_id, id);
CREATE INDEX changes_by_reseller ON changes (reseller_id, id);

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

-- A person who was removed stays for what they did, under their address. What is unique is the name that somebody signs in
-- with: the address, and after a removal 'removed:' with the id, so that the address can be invited again.
ALTER TABLE users RENAME COLUMN email TO login;
ALTER TABLE users ADD COLUMN email TEXT NOT NULL DEFAULT '';
UPDATE users SET email = login;
ALTER TABLE users ADD COLUMN last_sign_in_at DATETIME;
ALTER TABLE users ADD COLUMN removed_at DATETIME CHECK ((removed_at IS NULL) = (login = email));
CREATE INDEX users_by_email ON users (email);
CREATE INDEX users_by_account ON users (account_id, id);
CREATE INDEX users_by_reseller ON users (reseller_id, id);
CREATE INDEX sessions_by_user ON sessions (user_id);

-- Who was invited, where to, and what became of it. The link's token is not here: only its SHA-256.
CREATE TABLE invitations (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    email       TEXT NOT NULL,
    role        TEXT NOT NULL CHECK (role IN ('customer', 'reseller-admin')),
    account_id  INTEGER REFERENCES accounts (id),
    reseller_id INTEGER REFERENCES resellers (id),
    token_hash  TEXT NOT NULL UNIQUE,
    invited_by  INTEGER NOT NULL REFERENCES users (id),
    created_at  DATETIME NOT NULL,
    expires_at  DATETIME NOT NULL,
    revoked_at  DATETIME,
    accepted_at DATETIME,
    user_id     INTEGER REFERENCES users (id), -- who accepted it
    CHECK ((role = 'customer') = (account_id IS NOT NULL)),
    CHECK ((role = 'reseller-admin') = (reseller_id IS NOT NULL)),
    CHECK ((accepted_at IS NULL) = (user_id IS NULL)),
    CHECK (accepted_at IS NULL OR revoked_at IS NULL)
);
CREATE INDEX invitations_by_account ON invitations (account_id, id);
CREATE INDEX invitations_by_reseller ON invitations (reseller_id, id);
CREATE INDEX invitations_by_user ON invitations (user_id);
CREATE INDEX invitations_by_inviter ON invitations (invited_by);
