-- +goose Up

-- Lists of accounts that somebody has uploaded and not confirmed yet, or just has. They are swept when they have expired: what came of them is in accounts and changes.
CREATE TABLE account_imports (
    id          text PRIMARY KEY,
    user_id     bigint NOT NULL REFERENCES users (id),
    reseller_id bigint REFERENCES resellers (id), -- whose the accounts will be; NULL for direct ones
    lines       text NOT NULL, -- JSON
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    done_at     timestamptz,
    result      text NOT NULL DEFAULT '' -- JSON, of each line; set with done_at
);
CREATE INDEX account_imports_by_expiry ON account_imports (expires_at);
