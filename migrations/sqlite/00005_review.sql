-- +goose Up

-- An operator can let an account order again while an order of it is still in review.
ALTER TABLE orders ADD COLUMN released_at DATETIME
    CHECK (released_at IS NULL OR status IN ('needs_review', 'completed', 'rejected'));
DROP INDEX orders_one_open;
CREATE UNIQUE INDEX orders_one_open ON orders (account_id)
    WHERE status IN ('placed', 'sending', 'unknown', 'needs_review') AND released_at IS NULL;
-- What was released is in nobody's way, so that it is not replaced either.
DROP TRIGGER orders_once_only;
-- +goose StatementBegin
CREATE TRIGGER orders_once_only BEFORE INSERT ON orders WHEN
    EXISTS (SELECT 1 FROM orders WHERE id = NEW.id) OR
    EXISTS (SELECT 1 FROM orders WHERE number = NEW.number) OR
    EXISTS (SELECT 1 FROM orders WHERE quote_id = NEW.quote_id) OR
    EXISTS (SELECT 1 FROM orders WHERE client_token = NEW.client_token) OR
    NEW.status IN ('placed', 'sending', 'unknown', 'needs_review') AND NEW.released_at IS NULL AND EXISTS (SELECT 1 FROM orders
        WHERE account_id = NEW.account_id AND status IN ('placed', 'sending', 'unknown', 'needs_review') AND released_at IS NULL) BEGIN
    SELECT RAISE(ABORT, 'orders are never replaced');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER orders_released BEFORE UPDATE OF released_at ON orders
WHEN OLD.released_at IS NOT NULL AND NEW.released_at IS NOT OLD.released_at BEGIN
    SELECT RAISE(ABORT, 'a release is written once and never taken back');
END;
-- +goose StatementEnd

-- What one operator proposes to complete an order with, for a second one to confirm. Empty in other events.
ALTER TABLE events ADD COLUMN provider_order_id TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN instance_id TEXT NOT NULL DEFAULT '';
