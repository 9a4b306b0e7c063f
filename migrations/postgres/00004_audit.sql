-- +goose Up

-- An event seals what it stands for: digest what it put into the record (the order and its quote, an attempt, an answer),
-- state the order's row as it left it. Both SHA-256, and part of the event's own hash. Empty in events from before.
ALTER TABLE events ADD COLUMN digest text NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN state text NOT NULL DEFAULT '';
CREATE TRIGGER events_sealed BEFORE INSERT ON events
    FOR EACH ROW WHEN (NEW.digest = '' OR NEW.state = '' OR NEW.hash = '')
    EXECUTE FUNCTION refuse('an event seals what it stands for');

-- SHA-256 over the entry and the hash of the account's entry before it. Empty in entries from before.
ALTER TABLE outside_events ADD COLUMN hash text NOT NULL DEFAULT '';
CREATE TRIGGER outside_events_sealed BEFORE INSERT ON outside_events
    FOR EACH ROW WHEN (NEW.hash = '') EXECUTE FUNCTION refuse('what is recorded is sealed');

-- Signed tree heads over all events and all entries from outside.
CREATE TABLE checkpoints (
    id       bigint PRIMARY KEY, -- is in the note, too
    note     text NOT NULL, -- what was signed, with its signature: all that counts
    frontier text NOT NULL  -- JSON; where the trees go on from, and worth nothing unless it has the note's roots
);
CREATE TRIGGER checkpoints_keep BEFORE DELETE ON checkpoints
    FOR EACH ROW EXECUTE FUNCTION refuse('checkpoints are never deleted');
CREATE TRIGGER checkpoints_keep_all BEFORE TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION refuse('checkpoints are never deleted');
CREATE TRIGGER checkpoints_immutable BEFORE UPDATE ON checkpoints
    FOR EACH ROW EXECUTE FUNCTION refuse('checkpoints never change');

-- An attempt changes once: by its answer.
CREATE TRIGGER attempts_answer BEFORE UPDATE ON attempts
    FOR EACH ROW WHEN (NEW.outcome = '' OR NEW.answered_at IS NULL)
    EXECUTE FUNCTION refuse('an attempt changes by its answer only');
