-- +goose Up

-- Since when a reseller may sell below the list price, which only operators allow; null while it may not.
ALTER TABLE resellers ADD COLUMN discounts_allowed_at DATETIME;

-- What a reseller adds to the list price, in hundredths of a percent; without any rule its accounts pay the list price.
CREATE TABLE price_rules (
    id          INTEGER PRIMARY KEY,
    reseller_id INTEGER NOT NULL REFERENCES resellers (id),
    account_id  INTEGER REFERENCES accounts (id), -- null: for all accounts
    edition     TEXT NOT NULL,                    -- empty: for all editions
    markup      INTEGER NOT NULL CHECK (markup BETWEEN -9000 AND 50000)
);
CREATE UNIQUE INDEX price_rules_one ON price_rules (reseller_id, coalesce(account_id, 0), edition);
CREATE INDEX price_rules_by_account ON price_rules (account_id) WHERE account_id IS NOT NULL;

-- What the account pays its reseller, beside what the provider debits; null where that is the same by definition:
-- an account without a reseller, and everything from before.
ALTER TABLE quotes ADD COLUMN markup INTEGER NOT NULL DEFAULT 0;
ALTER TABLE quotes ADD COLUMN own_total_fen INTEGER CHECK (own_total_fen >= 0);
ALTER TABLE quotes ADD COLUMN own_lines TEXT; -- JSON
ALTER TABLE orders ADD COLUMN markup INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN own_total_fen INTEGER CHECK (own_total_fen >= 0);
ALTER TABLE outside_events ADD COLUMN markup INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outside_events ADD COLUMN own_paid_fen INTEGER CHECK (own_paid_fen >= 0);
-- +goose StatementBegin
CREATE TRIGGER orders_own_price BEFORE UPDATE OF markup, own_total_fen ON orders BEGIN
    SELECT RAISE(ABORT, 'what an order intends never changes');
END;
-- +goose StatementEnd
