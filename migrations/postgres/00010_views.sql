-- +goose Up

-- The account whose customers' pages the person of a session looks at, and since when; null while they look at their own.
ALTER TABLE sessions ADD COLUMN view_account_id bigint REFERENCES accounts (id);
ALTER TABLE sessions ADD COLUMN view_since timestamptz CHECK ((view_since IS NULL) = (view_account_id IS NULL));
CREATE INDEX sessions_by_view ON sessions (view_since) WHERE view_since IS NOT NULL;
