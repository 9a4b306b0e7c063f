-- +goose Up

-- What people did about an order is found by the order.
ALTER TABLE changes ADD COLUMN order_id INTEGER REFERENCES orders (id);
CREATE INDEX changes_by_order ON changes (order_id, id) WHERE order_id IS NOT NULL;

-- From where a batch was confirmed: its orders are placed later, and on behalf of that.
ALTER TABLE batches ADD COLUMN request_id TEXT NOT NULL DEFAULT '';
ALTER TABLE batches ADD COLUMN address TEXT NOT NULL DEFAULT '';
