-- Two more states of a job. A migration of their own: a new value of an enum
-- cannot be used in the transaction that adds it.

-- +goose Up
ALTER TYPE queue.job_state ADD VALUE 'blocked';
ALTER TYPE queue.job_state ADD VALUE 'parked';
COMMENT ON TYPE queue.job_state IS 'waiting: may run now. scheduled: becomes waiting at run_at. running: a worker holds it. blocked: as many jobs as may run at once with its concurrency key are waiting or running; the next of them to end lets it go on. parked: no live worker knows its kind.';

-- +goose Down
DROP INDEX queue.job_claim_idx, queue.job_scheduled_idx, queue.job_running_idx;
ALTER TABLE queue.job DROP CONSTRAINT job_check, ALTER COLUMN state DROP DEFAULT;
ALTER TYPE queue.job_state RENAME TO job_state_new;
CREATE TYPE queue.job_state AS ENUM ('waiting', 'scheduled', 'running');
COMMENT ON TYPE queue.job_state IS 'waiting: may run now. scheduled: becomes waiting at run_at. running: a worker holds it.';
ALTER TABLE queue.job
    ALTER COLUMN state TYPE queue.job_state USING state::text::queue.job_state,
    ALTER COLUMN state SET DEFAULT 'waiting',
    ADD CONSTRAINT job_check CHECK ((state = 'running') = (worker_id IS NOT NULL));
DROP TYPE queue.job_state_new;
CREATE INDEX job_claim_idx ON queue.job (queue, priority, seq) WHERE state = 'waiting';
CREATE INDEX job_scheduled_idx ON queue.job (run_at) WHERE state = 'scheduled';
CREATE INDEX job_running_idx ON queue.job (worker_id) WHERE state = 'running';
