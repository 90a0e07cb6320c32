-- What the queue keeps beside jobs: settings of each queue, lanes, kinds,
-- schedules, metrics; and what a job needs for limits, deadlines and progress.

-- +goose Up
ALTER TABLE queue.job
    ADD COLUMN claim_no          bigint NOT NULL DEFAULT 0,
    ADD COLUMN deadline_at       timestamptz,
    ADD COLUMN progress          smallint NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    ADD COLUMN concurrency_limit smallint CHECK (concurrency_limit > 0),
    ADD COLUMN redriven          smallint NOT NULL DEFAULT 0,
    ADD COLUMN by_hand           boolean NOT NULL DEFAULT true,
    ADD COLUMN concurrency_key   text CHECK (char_length(concurrency_key) BETWEEN 1 AND 200),
    ADD COLUMN stage             text CHECK (char_length(stage) <= 100),
    ADD CONSTRAINT job_concurrency_check CHECK ((concurrency_key IS NULL) = (concurrency_limit IS NULL));
COMMENT ON COLUMN queue.job.claim_no IS 'Which of its worker''s claims took it, counted by the worker from 1.';
COMMENT ON COLUMN queue.job.deadline_at IS 'When the job as a whole must have ended; one that has not by then fails.';
COMMENT ON COLUMN queue.job.progress IS 'Percent of the running attempt, as its handler tells; up to a quarter of a second old.';
COMMENT ON COLUMN queue.job.concurrency_key IS 'Of the jobs of a queue with the same key at most concurrency_limit are waiting or running; others are blocked. Usually the id of a user.';
COMMENT ON COLUMN queue.job.concurrency_limit IS 'How many jobs with its key there may be for this one to join them.';
COMMENT ON COLUMN queue.job.redriven IS 'How often it was brought back from the history.';
COMMENT ON COLUMN queue.job.by_hand IS 'Inserted by SQL rather than by the application, which wakes workers itself, outside of its transactions.';
COMMENT ON COLUMN queue.job.stage IS 'What the running attempt is doing, in a word, as its handler tells.';

DROP INDEX queue.job_running_idx, queue.job_scheduled_idx;
CREATE INDEX job_running_idx ON queue.job (worker_id, claim_no) WHERE state = 'running';
CREATE INDEX job_scheduled_idx ON queue.job (queue, run_at) WHERE state = 'scheduled';
CREATE INDEX job_parked_idx ON queue.job (queue, kind, seq) WHERE state = 'parked';
CREATE INDEX job_admitted_idx ON queue.job (queue, concurrency_key) WHERE concurrency_key IS NOT NULL AND state IN ('waiting', 'running');
CREATE INDEX job_blocked_idx ON queue.job (queue, concurrency_key, priority, seq) WHERE state = 'blocked';
CREATE INDEX job_cancelling_idx ON queue.job (queue) WHERE cancel_requested_at IS NOT NULL AND state <> 'running';
CREATE INDEX job_deadline_idx ON queue.job (queue, deadline_at) WHERE deadline_at IS NOT NULL AND state <> 'running';

ALTER TABLE queue.job_history
    ADD COLUMN run_at            timestamptz,
    ADD COLUMN deadline_at       timestamptz,
    ADD COLUMN checkpoint        jsonb,
    ADD COLUMN concurrency_limit smallint,
    ADD COLUMN redriven          smallint NOT NULL DEFAULT 0,
    ADD COLUMN concurrency_key   text;
COMMENT ON COLUMN queue.job_history.run_at IS 'When it became ready for its last attempt; started_at minus this is how long it waited.';
COMMENT ON COLUMN queue.job_history.deadline_at IS 'As in queue.job.';
COMMENT ON COLUMN queue.job_history.checkpoint IS 'As in queue.job, so that a job that is brought back need not repeat what was done.';
COMMENT ON COLUMN queue.job_history.concurrency_limit IS 'As in queue.job.';
COMMENT ON COLUMN queue.job_history.redriven IS 'As in queue.job.';
COMMENT ON COLUMN queue.job_history.concurrency_key IS 'As in queue.job.';
CREATE INDEX job_ended_finished_idx ON queue.job_ended (finished_at);

ALTER TABLE queue.worker
    ADD COLUMN claim_floor bigint NOT NULL DEFAULT 0,
    ADD COLUMN running     integer NOT NULL DEFAULT 0,
    ADD COLUMN dead_at     timestamptz;
COMMENT ON TABLE queue.worker IS 'Workers, one heartbeat row each. One that falls silent is declared dead by whoever notices, and its jobs go back. The row stays an hour longer: a claim may have been under way, and people may want to know.';
COMMENT ON COLUMN queue.worker.claim_floor IS 'None of the jobs that it holds is of an earlier claim.';
COMMENT ON COLUMN queue.worker.running IS 'Jobs that it held at its last heartbeat.';
COMMENT ON COLUMN queue.worker.dead_at IS 'When it was declared dead, or left.';

CREATE TABLE queue.queue (
    name               text PRIMARY KEY CHECK (char_length(name) BETWEEN 1 AND 100),
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    paused_at          timestamptz,
    rate_window        interval CHECK (rate_window BETWEEN '10 ms' AND '1 day'),
    rate_limit         integer CHECK (rate_limit > 0),
    max_running        integer CHECK (max_running > 0),
    worker_concurrency integer CHECK (worker_concurrency BETWEEN 1 AND 10000),
    fair_every         integer NOT NULL DEFAULT 10 CHECK (fair_every >= 0),
    updated_by         text NOT NULL DEFAULT session_user,
    CHECK ((rate_window IS NULL) = (rate_limit IS NULL))
);
COMMENT ON TABLE queue.queue IS 'Settings of each queue. Every claim reads them, so that a pause and limits are in force at once on all workers; worker_concurrency is within a second.';
COMMENT ON COLUMN queue.queue.paused_at IS 'Since when no job of it is claimed. Running jobs go on.';
COMMENT ON COLUMN queue.queue.rate_limit IS 'At most this many jobs are claimed in any time of length rate_window, by all workers together; null: no limit.';
COMMENT ON COLUMN queue.queue.max_running IS 'At most this many jobs run at once, on all workers together; null: no limit.';
COMMENT ON COLUMN queue.queue.worker_concurrency IS 'Jobs that each worker process runs at once; null: as the process was configured.';
COMMENT ON COLUMN queue.queue.fair_every IS 'One in so many claimed jobs is the one that has waited longest, whatever its priority; 0: none.';
COMMENT ON COLUMN queue.queue.updated_by IS 'The database role that changed it last.';

CREATE TABLE queue.lane (
    queue      text NOT NULL,
    priority   smallint NOT NULL,
    mark       bigint NOT NULL,
    waiting    bigint NOT NULL DEFAULT 0,
    counted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (queue, priority)
) WITH (fillfactor = 50);
COMMENT ON TABLE queue.lane IS 'The priorities that a queue has seen, with what readers need so as not to wade through dead index entries.';
COMMENT ON COLUMN queue.lane.mark IS 'No job waits in this lane with a lower seq, nor can one appear. See internal/queue/doc.go.';
COMMENT ON COLUMN queue.lane.waiting IS 'Jobs that waited here at counted_at.';

CREATE TABLE queue.kind (
    queue     text NOT NULL,
    kind      text NOT NULL,
    has_hook  boolean NOT NULL,
    PRIMARY KEY (queue, kind)
);
COMMENT ON TABLE queue.kind IS 'Kinds of jobs that workers have registered.';
COMMENT ON COLUMN queue.kind.has_hook IS 'Whether its handler takes part in the end of a job without success. Then a worker ends also those that are cancelled while they wait.';

CREATE TABLE queue.rate (
    queue   text NOT NULL,
    version bigint NOT NULL,
    at      timestamptz[] NOT NULL,
    n       integer[] NOT NULL,
    PRIMARY KEY (queue, version)
) WITH (fillfactor = 50);
COMMENT ON TABLE queue.rate IS 'Recent claims of each queue with a rate limit: n jobs at a time. The newest version is the last entry of its index, where dead versions do not stand in front of it, however old the oldest transaction is.';

CREATE TABLE queue.unblock_note (
    queue           text NOT NULL,
    concurrency_key text NOT NULL
);
COMMENT ON TABLE queue.unblock_note IS 'Keys of which a job has ended while somebody was enqueuing another: a worker looks a moment later whether a blocked job can go on.';

CREATE TABLE queue.setting (
    one                 boolean PRIMARY KEY DEFAULT true CHECK (one),
    completed_keep      interval NOT NULL DEFAULT '1 hour' CHECK (completed_keep > '0'),
    completed_keep_rows integer NOT NULL DEFAULT 1000 CHECK (completed_keep_rows >= 0),
    ended_keep          interval NOT NULL DEFAULT '7 days' CHECK (ended_keep > '0'),
    metric_keep         interval NOT NULL DEFAULT '1 day' CHECK (metric_keep > '0')
);
COMMENT ON TABLE queue.setting IS 'How long the history is kept. One row.';
COMMENT ON COLUMN queue.setting.completed_keep IS 'Completed jobs are kept at least this long.';
COMMENT ON COLUMN queue.setting.completed_keep_rows IS 'At least so many completed jobs are kept, however old.';
COMMENT ON COLUMN queue.setting.ended_keep IS 'Failed and cancelled jobs are kept at least this long.';
COMMENT ON COLUMN queue.setting.metric_keep IS 'Rows of queue.metric are kept at least this long.';
INSERT INTO queue.setting DEFAULT VALUES;

CREATE TABLE queue.metric (
    at        timestamptz NOT NULL DEFAULT now(),
    worker_id uuid NOT NULL,
    queue     text NOT NULL,
    priority  smallint NOT NULL,
    completed integer NOT NULL,
    failed    integer NOT NULL,
    cancelled integer NOT NULL,
    retried   integer NOT NULL,
    snoozed   integer NOT NULL,
    rescued   integer NOT NULL,
    waits     integer[] NOT NULL,
    runs      integer[] NOT NULL
) PARTITION BY RANGE (at);
COMMENT ON TABLE queue.metric IS 'What each worker did in the few seconds before at, by queue and priority.';
COMMENT ON COLUMN queue.metric.waits IS 'Histogram of the time from ready to claimed. Entry i (from 1) counts durations up to queue.bucket_ms(i).';
COMMENT ON COLUMN queue.metric.runs IS 'Histogram of how long attempts ran, in the same buckets.';
CREATE INDEX metric_at_idx ON queue.metric (at);
CREATE TABLE queue.metric_default PARTITION OF queue.metric DEFAULT;
SELECT partition.ensure('queue.metric', '1 hour', 3);

CREATE TABLE queue.schedule (
    name        text PRIMARY KEY CHECK (char_length(name) BETWEEN 1 AND 100),
    queue       text NOT NULL CHECK (char_length(queue) BETWEEN 1 AND 100),
    kind        text NOT NULL CHECK (char_length(kind) BETWEEN 1 AND 100),
    cron        text NOT NULL CHECK (char_length(cron) BETWEEN 1 AND 200),
    timezone    text NOT NULL DEFAULT 'UTC',
    missed      text NOT NULL DEFAULT 'once' CHECK (missed IN ('skip', 'once', 'all')),
    overlap     boolean NOT NULL DEFAULT false,
    priority    smallint NOT NULL DEFAULT 100 CHECK (priority >= 0),
    max_attempts smallint NOT NULL DEFAULT 3 CHECK (max_attempts > 0),
    payload     jsonb NOT NULL DEFAULT '{}',
    next_at     timestamptz,
    last_at     timestamptz,
    paused_at   timestamptz,
    error       text,
    updated_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE queue.schedule IS 'Jobs that are enqueued again and again.';
COMMENT ON COLUMN queue.schedule.cron IS 'minute hour day month weekday, or a descriptor such as @hourly or @every 90s.';
COMMENT ON COLUMN queue.schedule.timezone IS 'In which cron is read, as an IANA name.';
COMMENT ON COLUMN queue.schedule.missed IS 'What happens to times that passed while no worker lived: skip: nothing. once: one job for all of them. all: a job each, the last hundred.';
COMMENT ON COLUMN queue.schedule.overlap IS 'Whether the next job is enqueued while the last one is still live.';
COMMENT ON COLUMN queue.schedule.next_at IS 'The next time; null: a worker will work it out.';
COMMENT ON COLUMN queue.schedule.last_at IS 'The last time for which a job was enqueued.';
COMMENT ON COLUMN queue.schedule.paused_at IS 'Since when it has been out of force.';
COMMENT ON COLUMN queue.schedule.error IS 'Why cron or timezone make no sense.';

-- +goose Down
DROP TABLE queue.schedule, queue.metric, queue.setting, queue.unblock_note, queue.rate, queue.kind, queue.lane, queue.queue;
DELETE FROM queue.worker WHERE dead_at IS NOT NULL;
ALTER TABLE queue.worker DROP COLUMN claim_floor, DROP COLUMN running, DROP COLUMN dead_at;
COMMENT ON TABLE queue.worker IS 'Live workers, one heartbeat row each. A row whose heartbeat is old is a dead worker; whoever notices takes its jobs back.';
DROP INDEX queue.job_ended_finished_idx;
ALTER TABLE queue.job_history DROP COLUMN run_at, DROP COLUMN deadline_at, DROP COLUMN checkpoint,
    DROP COLUMN concurrency_limit, DROP COLUMN redriven, DROP COLUMN concurrency_key;
DROP INDEX queue.job_running_idx, queue.job_scheduled_idx, queue.job_parked_idx, queue.job_admitted_idx, queue.job_blocked_idx,
    queue.job_cancelling_idx, queue.job_deadline_idx;
UPDATE queue.job SET state = 'waiting' WHERE state IN ('blocked', 'parked');
ALTER TABLE queue.job DROP COLUMN claim_no, DROP COLUMN deadline_at, DROP COLUMN progress, DROP COLUMN redriven, DROP COLUMN by_hand,
    DROP COLUMN concurrency_key, DROP COLUMN concurrency_limit, DROP COLUMN stage;
CREATE INDEX job_running_idx ON queue.job (worker_id) WHERE state = 'running';
CREATE INDEX job_scheduled_idx ON queue.job (run_at) WHERE state = 'scheduled';
