-- +goose Up

-- What staff write about an order for each other. It is no event of the order, and changes none.
CREATE TABLE order_notes (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id   INTEGER NOT NULL REFERENCES orders (id),
    user_id    INTEGER NOT NULL REFERENCES users (id),
    note       TEXT NOT NULL CHECK (note <> ''),
    once       TEXT NOT NULL UNIQUE CHECK (once <> ''), -- SHA-256 over the form and what was sent with it: sent twice, it is kept once
    created_at DATETIME NOT NULL
);
CREATE INDEX order_notes_by_order ON order_notes (order_id, id);

-- +goose StatementBegin
CREATE TRIGGER order_notes_keep BEFORE DELETE ON order_notes BEGIN
    SELECT RAISE(ABORT, 'notes are never deleted');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER order_notes_immutable BEFORE UPDATE ON order_notes BEGIN
    SELECT RAISE(ABORT, 'notes never change');
END;
-- +goose StatementEnd
-- INSERT OR REPLACE deletes without firing the triggers above.
-- +goose StatementBegin
CREATE TRIGGER order_notes_once_only BEFORE INSERT ON order_notes WHEN
    EXISTS (SELECT 1 FROM order_notes WHERE id = NEW.id) OR
    EXISTS (SELECT 1 FROM order_notes WHERE once = NEW.once) BEGIN
    SELECT RAISE(ABORT, 'notes are never replaced');
END;
-- +goose StatementEnd
