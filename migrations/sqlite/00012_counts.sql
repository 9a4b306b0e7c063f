-- +goose Up

-- The newest number of each account's machines, and when to read it again: read in the background, or by whoever looks.
CREATE TABLE account_counts (
    account_id INTEGER PRIMARY KEY REFERENCES accounts (id),
    machines   INTEGER NOT NULL DEFAULT 0 CHECK (machines >= 0),
    read_at    DATETIME,
    failure    TEXT NOT NULL DEFAULT '', -- of the newest read; empty when that one was answered
    failed_at  DATETIME,
    failures   INTEGER NOT NULL DEFAULT 0, -- one after the other
    due_at     DATETIME NOT NULL,
    CHECK ((read_at IS NULL) = (machines = 0)),
    CHECK ((failed_at IS NULL) = (failure = '') AND (failures = 0) = (failure = ''))
);
CREATE INDEX account_counts_due ON account_counts (due_at, account_id);

INSERT INTO account_counts (account_id, due_at) SELECT id, created_at FROM accounts;
-- +goose StatementBegin
CREATE TRIGGER accounts_count AFTER INSERT ON accounts BEGIN
    INSERT INTO account_counts (account_id, due_at) VALUES (NEW.id, NEW.created_at);
END;
-- +goose StatementEnd

-- When the next of all background reads may be begun, by whichever portal, and how many failed one after the other.
CREATE TABLE count_paces (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    next_at  DATETIME NOT NULL,
    troubles INTEGER NOT NULL
);
INSERT INTO count_paces (id, next_at, troubles) VALUES (1, '2026-01-01 00:00:00+00:00', 0);

-- What each account holds, projected from its history so that lists can sort and filter by it. It can be made anew at any time.
CREATE TABLE standings (
    account_id        INTEGER PRIMARY KEY REFERENCES accounts (id),
    edition           TEXT NOT NULL DEFAULT '', -- empty for nothing held, and all that follows then too
    machines          INTEGER NOT NULL DEFAULT 0,
    ends_at           DATETIME CHECK ((ends_at IS NULL) = (edition = '')),
    auto_renew        INTEGER NOT NULL,
    unconfirmed       INTEGER NOT NULL,
    turns_at          DATETIME -- when it changes by itself; null for never
);
CREATE INDEX standings_turn ON standings (turns_at) WHERE turns_at IS NOT NULL;
CREATE INDEX standings_end ON standings (ends_at, account_id);

INSERT INTO standings (account_id, auto_renew, unconfirmed, turns_at) SELECT id, 0, 0, created_at FROM accounts;
-- +goose StatementBegin
CREATE TRIGGER accounts_stand AFTER INSERT ON accounts BEGIN
    INSERT INTO standings (account_id, auto_renew, unconfirmed) VALUES (NEW.id, 0, 0);
END;
-- +goose StatementEnd

-- What an account was charged and paid back, in a time.
CREATE INDEX orders_done ON orders (account_id, placed_at, kind, total_fen, edition) WHERE (status = 'completed' OR reason = 'recorded');
