-- +goose Up

-- Lists of accounts that somebody has uploaded and not confirmed yet, or just has. They are swept when they have expired: what came of them is in accounts and changes.
CREATE TABLE account_imports (
    id          TEXT PRIMARY KEY,
    user_id     INTEGER NOT NULL REFERENCES users (id),
    reseller_id INTEGER REFERENCES resellers (id), -- whose the accounts will be; NULL for direct ones
    lines       TEXT NOT NULL, -- JSON
    created_at  DATETIME NOT NULL,
    expires_at  DATETIME NOT NULL,
    done_at     DATETIME,
    result      TEXT NOT NULL DEFAULT '' -- JSON, of each line; set with done_at
) WITHOUT ROWID;
CREATE INDEX account_imports_by_expiry ON account_imports (expires_at);
