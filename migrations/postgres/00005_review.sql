-- +goose Up

-- An operator can let an account order again while an order of it is still in review.
ALTER TABLE orders ADD COLUMN released_at timestamptz
    CHECK (released_at IS NULL OR status IN ('needs_review', 'completed', 'rejected'));
DROP INDEX orders_one_open;
CREATE UNIQUE INDEX orders_one_open ON orders (account_id)
    WHERE status IN ('placed', 'sending', 'unknown', 'needs_review') AND released_at IS NULL;
CREATE TRIGGER orders_released BEFORE UPDATE OF released_at ON orders
    FOR EACH ROW WHEN (OLD.released_at IS NOT NULL AND NEW.released_at IS DISTINCT FROM OLD.released_at)
    EXECUTE FUNCTION refuse('a release is written once and never taken back');

-- What one operator proposes to complete an order with, for a second one to confirm. Empty in other events.
ALTER TABLE events ADD COLUMN provider_order_id text NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN instance_id text NOT NULL DEFAULT '';
