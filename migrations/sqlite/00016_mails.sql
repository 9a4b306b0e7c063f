-- +goose Up

-- E-mails that are due, sent, or came to nothing. A row is written in the transaction that makes its message true, and
-- once for each reader: once names both. None holds a secret or a message's words, which are made when it is sent.
CREATE TABLE mails (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    once        TEXT NOT NULL UNIQUE CHECK (once <> ''),
    kind        TEXT NOT NULL CHECK (kind <> ''),
    account_id  INTEGER REFERENCES accounts (id),
    order_id    INTEGER REFERENCES orders (id),
    user_id     INTEGER REFERENCES users (id), -- who reads it; null for somebody who is invited
    email       TEXT NOT NULL,                 -- where it went; empty until then
    ends_at     DATETIME,                      -- the end that it reminds of
    created_at  DATETIME NOT NULL,
    due_at      DATETIME NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'uncertain', 'dropped')),
    why         TEXT NOT NULL,
    reply       INTEGER NOT NULL, -- the mail server's newest reply code, 0 for none
    attempts    INTEGER NOT NULL,
    lease_until DATETIME,
    settled_at  DATETIME,
    CHECK ((state = 'sending') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('waiting', 'sending')) = (settled_at IS NULL)),
    CHECK (user_id IS NOT NULL OR email <> '')
);
CREATE INDEX mails_open ON mails (state, due_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX mails_lost ON mails (state) WHERE state IN ('failed', 'uncertain');
CREATE INDEX mails_by_order ON mails (order_id, id);

-- What has been sent, or may have been, is never sent again.
-- +goose StatementBegin
CREATE TRIGGER mails_settled BEFORE UPDATE ON mails
WHEN OLD.state IN ('sent', 'failed', 'dropped') OR OLD.state = 'uncertain' AND NEW.state <> 'sent' OR OLD.once <> NEW.once BEGIN
    SELECT RAISE(ABORT, 'a mail is sent at most once');
END;
-- +goose StatementEnd
