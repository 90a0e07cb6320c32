-- The database in which the recipes of docs/dba.md are executed.

INSERT INTO queue.worker (id, host, pid, version, queue, kinds, concurrency, running, heartbeat_at) VALUES
    ('00000000-0000-7000-8000-000000000001', 'app-1', 4711, '1.0.0', 'music', '{song,mail}', 5, 2, now()),
    ('00000000-0000-7000-8000-000000000002', 'app-2', 4712, '1.0.0', 'music', '{song,mail}', 5, 1, now() - interval '40 seconds');
INSERT INTO queue.queue (name, rate_limit, rate_window) VALUES ('music', 10, '1 second');
INSERT INTO queue.kind (queue, kind, has_hook) VALUES ('music', 'song', true), ('music', 'mail', false);
INSERT INTO queue.lane (queue, priority, mark) VALUES ('music', 20, 0), ('music', 100, 0);

INSERT INTO queue.job (id, queue, kind, key, priority, run_at, created_at, concurrency_key, concurrency_limit) VALUES
    (1001, 'music', 'song', 'generation-1', 20, now(), now(), 'anna', 1),
    (1002, 'music', 'song', 'generation-2', 20, now(), now(), 'anna', 1), -- blocked
    (1003, 'music', 'song', 'generation-3', 20, now(), now(), NULL, NULL),
    (1004, 'music', 'song', 'generation-4', 20, now() - interval '10 minutes', now() - interval '10 minutes', NULL, NULL),
    (1005, 'music', 'song', 'generation-5', 20, now(), now(), NULL, NULL),
    (1006, 'music', 'mail', NULL, 100, now() + interval '10 minutes', now(), NULL, NULL),
    (1007, 'music', 'mail', NULL, 100, now() + interval '1 day', now(), NULL, NULL),
    (1008, 'music', 'video', NULL, 100, now(), now(), NULL, NULL),
    (1009, 'music', 'mail', NULL, 100, now(), now() - interval '2 hours', NULL, NULL),
    (1010, 'music', 'mail', NULL, 100, now(), now(), NULL, NULL),
    (1011, 'music', 'mail', NULL, 100, now(), now(), NULL, NULL),
    (1012, 'music', 'mail', NULL, 100, now(), now(), NULL, NULL),
    (1020, 'reports', 'report', NULL, 100, now(), now(), NULL, NULL);
UPDATE queue.job SET state = 'running', worker_id = '00000000-0000-7000-8000-000000000001', claim_no = 1, attempt = 1,
    started_at = clock_timestamp() - interval '45 seconds', progress = 40, stage = 'mixing' WHERE id = 1001;
UPDATE queue.job SET state = 'running', worker_id = '00000000-0000-7000-8000-000000000002', claim_no = 1, attempt = 1,
    started_at = clock_timestamp() - interval '2 minutes' WHERE id = 1003;
UPDATE queue.job SET state = 'running', worker_id = '00000000-0000-7000-8000-000000000001', claim_no = 2, attempt = 1,
    started_at = clock_timestamp() - interval '10 minutes', cancel_requested_at = now() - interval '5 minutes' WHERE id = 1012;
UPDATE queue.job SET attempt = 1, errors = '[{"attempt": 1, "error": "smtp: 421 try again later"}]' WHERE id = 1006;
UPDATE queue.job SET state = 'parked' WHERE id = 1008;

INSERT INTO queue.job_history (id, outcome, queue, kind, key, finished_at, created_at, run_at, started_at, priority, attempt, max_attempts, payload, errors)
SELECT e.id, e.outcome::queue.outcome, 'music', e.kind, 'generation-' || e.id, now() - e.ago, now() - e.ago - interval '1 minute', now() - e.ago - interval '50 seconds',
    now() - e.ago - interval '45 seconds', 20, e.attempt, 3, '{"prompt": "rain on a tin roof"}', CASE WHEN e.error IS NOT NULL THEN jsonb_build_array(jsonb_build_object('attempt', e.attempt, 'error', e.error)) END
FROM (VALUES
    (901, 'failed', 'song', interval '3 hours', 3, 'provider: HTTP 503 after 1200 ms'),
    (902, 'failed', 'song', interval '2 hours', 3, 'provider: HTTP 503 after 900 ms'),
    (903, 'failed', 'song', interval '1 hour', 3, 'provider: HTTP 503 after 80 ms'),
    (904, 'failed', 'song', interval '30 minutes', 1, 'the prompt is empty'),
    (905, 'failed', 'mail', interval '20 minutes', 3, 'smtp: 550 no such mailbox'),
    (910, 'completed', 'song', interval '10 minutes', 1, NULL),
    (920, 'cancelled', 'song', interval '5 minutes', 1, NULL)) AS e (id, outcome, kind, ago, attempt, error);

INSERT INTO queue.metric (at, worker_id, queue, priority, completed, failed, cancelled, retried, snoozed, rescued, waits, runs)
SELECT now() - interval '1 minute', '00000000-0000-7000-8000-000000000001', 'music', 20, 300, 0, 0, 1, 0, 0, h, h
FROM (SELECT array_agg(CASE i WHEN 4 THEN 300 ELSE 0 END ORDER BY i) AS h FROM generate_series(1, 64) i) t;

INSERT INTO queue.schedule (name, queue, kind, cron, timezone, next_at) VALUES ('nightly-report', 'reports', 'report', '30 3 * * *', 'Europe/Berlin', now() + interval '9 hours');
