-- +goose Up

-- Accounts are found by how their name begins, in any case.
CREATE INDEX accounts_by_name ON accounts (lower(name), id);
-- What was rejected today is counted beside all that ever was.
CREATE INDEX orders_by_status_day ON orders (status, placed_at);
