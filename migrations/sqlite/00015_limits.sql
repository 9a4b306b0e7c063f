-- +goose Up

-- How much an account's people may order by themselves; null for no limit.
ALTER TABLE accounts ADD COLUMN monthly_limit_fen INTEGER CHECK (monthly_limit_fen >= 0);
ALTER TABLE accounts ADD COLUMN approval_above_fen INTEGER CHECK (approval_above_fen >= 0);

-- When an order that waited for approval was given it.
ALTER TABLE orders ADD COLUMN approved_at DATETIME;
-- +goose StatementBegin
CREATE TRIGGER orders_approved BEFORE UPDATE OF approved_at ON orders
WHEN OLD.approved_at IS NOT NULL AND NEW.approved_at IS NOT OLD.approved_at BEGIN
    SELECT RAISE(ABORT, 'an approval is written once and never taken back');
END;
-- +goose StatementEnd

-- An order may wait for approval. SQLite can't alter a constraint; its documentation names this way for one that
-- makes no row wrong, because the rows stay where they are: a copy of all orders would take long, and nothing may be
-- sent meanwhile. It is in the transaction, and RESET reads the table's definition anew.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(sql,
    '(''placed'', ''sending'', ''unknown'', ''needs_review'', ''completed'', ''rejected'', ''cancelled'')',
    '(''awaiting_approval'', ''placed'', ''sending'', ''unknown'', ''needs_review'', ''completed'', ''rejected'', ''cancelled'')'),
    '(status IN (''placed'', ''unknown'')) = (due_at IS NOT NULL)',
    '(status IN (''awaiting_approval'', ''placed'', ''unknown'')) = (due_at IS NOT NULL)')
WHERE type = 'table' AND name = 'orders';
PRAGMA writable_schema = RESET;

DROP INDEX orders_one_open;
CREATE UNIQUE INDEX orders_one_open ON orders (account_id)
    WHERE status IN ('awaiting_approval', 'placed', 'sending', 'unknown', 'needs_review') AND released_at IS NULL;
DROP TRIGGER orders_once_only;
-- +goose StatementBegin
CREATE TRIGGER orders_once_only BEFORE INSERT ON orders WHEN
    EXISTS (SELECT 1 FROM orders WHERE id = NEW.id) OR
    EXISTS (SELECT 1 FROM orders WHERE number = NEW.number) OR
    EXISTS (SELECT 1 FROM orders WHERE quote_id = NEW.quote_id) OR
    EXISTS (SELECT 1 FROM orders WHERE client_token = NEW.client_token) OR
    NEW.status IN ('awaiting_approval', 'placed', 'sending', 'unknown', 'needs_review') AND NEW.released_at IS NULL AND EXISTS (SELECT 1 FROM orders
        WHERE account_id = NEW.account_id AND status IN ('awaiting_approval', 'placed', 'sending', 'unknown', 'needs_review') AND released_at IS NULL) BEGIN
    SELECT RAISE(ABORT, 'orders are never replaced');
END;
-- +goose StatementEnd
