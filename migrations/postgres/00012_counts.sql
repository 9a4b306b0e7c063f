-- +goose Up

-- The newest number of each account's machines, and when to read it again: read in the background, or by whoever looks.
CREATE TABLE account_counts (
    account_id bigint PRIMARY KEY REFERENCES accounts (id),
    machines   bigint NOT NULL DEFAULT 0 CHECK (machines >= 0),
    read_at    timestamptz,
    failure    text NOT NULL DEFAULT '', -- of the newest read; empty when that one was answered
    failed_at  timestamptz,
    failures   bigint NOT NULL DEFAULT 0, -- one after the other
    due_at     timestamptz NOT NULL,
    CHECK ((read_at IS NULL) = (machines = 0)),
    CHECK ((failed_at IS NULL) = (failure = '') AND (failures = 0) = (failure = ''))
);
CREATE INDEX account_counts_due ON account_counts (due_at, account_id);

INSERT INTO account_counts (account_id, due_at) SELECT id, created_at FROM accounts;
-- +goose StatementBegin
CREATE FUNCTION count_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO account_counts (account_id, due_at) VALUES (NEW.id, NEW.created_at);
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER accounts_count AFTER INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION count_account();

-- When the next of all background reads may be begun, by whichever portal, and how many failed one after the other.
CREATE TABLE count_paces (
    id       bigint PRIMARY KEY CHECK (id = 1),
    next_at  timestamptz NOT NULL,
    troubles bigint NOT NULL
);
INSERT INTO count_paces (id, next_at, troubles) VALUES (1, '2026-01-01 00:00:00+00:00', 0);

-- What each account holds, projected from its history so that lists can sort and filter by it. It can be made anew at any time.
CREATE TABLE standings (
    account_id        bigint PRIMARY KEY REFERENCES accounts (id),
    edition           text NOT NULL DEFAULT '', -- empty for nothing held, and all that follows then too
    machines          bigint NOT NULL DEFAULT 0,
    ends_at           timestamptz CHECK ((ends_at IS NULL) = (edition = '')),
    auto_renew        boolean NOT NULL,
    unconfirmed       boolean NOT NULL,
    turns_at          timestamptz -- when it changes by itself; null for never
);
CREATE INDEX standings_turn ON standings (turns_at) WHERE turns_at IS NOT NULL;
CREATE INDEX standings_end ON standings (ends_at, account_id);

INSERT INTO standings (account_id, auto_renew, unconfirmed, turns_at) SELECT id, false, false, created_at FROM accounts;
-- +goose StatementBegin
CREATE FUNCTION stand_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO standings (account_id, auto_renew, unconfirmed) VALUES (NEW.id, false, false);
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER accounts_stand AFTER INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION stand_account();

-- What an account was charged and paid back, in a time.
CREATE INDEX orders_done ON orders (account_id, placed_at, kind, total_fen, edition) WHERE (status = 'completed' OR reason = 'recorded');
