-- +goose Up

-- How much an account's people may order by themselves; null for no limit.
ALTER TABLE accounts ADD COLUMN monthly_limit_fen bigint CHECK (monthly_limit_fen >= 0);
ALTER TABLE accounts ADD COLUMN approval_above_fen bigint CHECK (approval_above_fen >= 0);

-- When an order that waited for approval was given it.
ALTER TABLE orders ADD COLUMN approved_at timestamptz;
CREATE TRIGGER orders_approved BEFORE UPDATE OF approved_at ON orders FOR EACH ROW
    WHEN (OLD.approved_at IS NOT NULL AND NEW.approved_at IS DISTINCT FROM OLD.approved_at)
    EXECUTE FUNCTION refuse('an approval is written once and never taken back');

-- An order may wait for approval.
ALTER TABLE orders DROP CONSTRAINT orders_status_check;
ALTER TABLE orders ADD CONSTRAINT orders_status_check CHECK (status IN
    ('awaiting_approval', 'placed', 'sending', 'unknown', 'needs_review', 'completed', 'rejected', 'cancelled'));
ALTER TABLE orders DROP CONSTRAINT orders_check1;
ALTER TABLE orders ADD CONSTRAINT orders_check1 CHECK (
    (status IN ('awaiting_approval', 'placed', 'unknown')) = (due_at IS NOT NULL));

DROP INDEX orders_one_open;
CREATE UNIQUE INDEX orders_one_open ON orders (account_id)
    WHERE status IN ('awaiting_approval', 'placed', 'sending', 'unknown', 'needs_review') AND released_at IS NULL;
