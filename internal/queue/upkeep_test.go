package queue_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/queue"
)

// partitions lists the partitions of a table with their bounds, in UTC.
func (r *rig) partitions(db interface {
	Query(context.Context, string, ...any) (pgx.Rows, error)
}, table string) []string {
	r.Helper()
	rows, err := db.Query(r.Context(), `SELECT c.relname || ' ' || pg_get_expr(c.relpartbound, c.oid)
		FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = $1::text::regclass AND c.relname ~ '\d' ORDER BY 1`, table)
	require.NoError(r, err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(r, err)
	return names
}

// inZone runs f in a transaction of a session in a time zone, and rolls back.
func (r *rig) inZone(zone string, f func(tx pgx.Tx)) {
	r.Helper()
	tx, err := r.pool.Begin(r.Context())
	require.NoError(r, err)
	defer tx.Rollback(context.WithoutCancel(r.Context()))
	_, err = tx.Exec(r.Context(), "SELECT set_config('timezone', $1, true)", zone)
	require.NoError(r, err)
	f(tx)
}

// A day is 24 hours and starts at midnight UTC, also for a session where clocks
// change within the days ahead.
func TestPartitionsAreCutInUTC(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.exec("CREATE TABLE log (at timestamptz NOT NULL DEFAULT now()) PARTITION BY RANGE (at)")
	const ahead = 240 // days, within which the clocks change, whenever now is
	for _, zone := range []string{"Europe/Berlin", "America/St_Johns"} {
		r.inZone(zone, func(tx pgx.Tx) {
			var made int
			require.NoError(t, tx.QueryRow(t.Context(), "SELECT partition.ensure('log', '1 day', $1)", ahead).Scan(&made))
			require.Equal(t, ahead+1, made)
			require.NoError(t, tx.QueryRow(t.Context(), "SELECT partition.ensure('log', '1 day', $1)", ahead).Scan(&made))
			require.Zero(t, made)
			_, err := tx.Exec(t.Context(), "SET LOCAL timezone = 'UTC'")
			require.NoError(t, err)
			var want []string
			midnight := time.Now().UTC().Truncate(24 * time.Hour)
			for i := range ahead + 1 {
				from, to := midnight.AddDate(0, 0, i), midnight.AddDate(0, 0, i+1)
				want = append(want, fmt.Sprintf("log_%s_0000 FOR VALUES FROM ('%s+00') TO ('%s+00')",
					from.Format("20060102"), from.Format(time.DateTime), to.Format(time.DateTime)))
			}
			require.Equal(t, want, r.partitions(tx, "log"), zone)
		})
	}
}

// makePast makes a partition as it was made some time ago.
func makePast(t *testing.T, tx pgx.Tx, table string, step, ago time.Duration) string {
	t.Helper()
	from := time.Now().UTC().Add(-ago).Truncate(step)
	name := table + from.Format("_20060102_1504")
	_, err := tx.Exec(t.Context(), fmt.Sprintf("CREATE TABLE %s PARTITION OF %s FOR VALUES FROM ('%s+00') TO ('%s+00')",
		name, table, from.Format(time.DateTime), from.Add(step).Format(time.DateTime)))
	require.NoError(t, err)
	return name
}

func TestExpiredPartitionsAreDropped(t *testing.T) {
	t.Parallel()
	r := setup(t)
	const table = "queue.job_completed"
	for _, zone := range []string{"UTC", "America/St_Johns", "Pacific/Chatham"} {
		r.inZone(zone, func(tx pgx.Tx) {
			before := r.partitions(tx, table)
			var gone []string
			for hours := 2; hours < 2+24*200; hours += 24*7 + 1 { // through a change of clocks
				gone = append(gone, makePast(t, tx, table, time.Hour, time.Duration(hours)*time.Hour))
			}
			makePast(t, tx, table, time.Hour, time.Hour) // ends within the last hour
			var dropped int
			require.NoError(t, tx.QueryRow(t.Context(), "SELECT partition.drop_expired($1::text::regclass, '1 hour', '1 hour')", table).Scan(&dropped))
			require.Equal(t, len(gone), dropped, zone)
			require.Len(t, r.partitions(tx, table), len(before)+1)
		})
	}
}

func TestExpiredPartitionsStayWhileTheirRowsAreAmongTheLast(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.inZone("UTC", func(tx pgx.Tx) {
		const table = "queue.job_completed"
		for i, hours := range []int{5, 6, 7} {
			makePast(t, tx, table, time.Hour, time.Duration(hours)*time.Hour)
			_, err := tx.Exec(t.Context(), `INSERT INTO queue.job_history (id, outcome, finished_at, created_at, priority, attempt, max_attempts, queue, kind, payload)
				SELECT n, 'completed', $1, now(), 1, 1, 1, 'q', 'k', '{}' FROM generate_series(1, 10) n`,
				time.Now().UTC().Add(-time.Duration(hours)*time.Hour).Truncate(time.Hour))
			require.NoError(t, err, i)
		}
		for _, c := range []struct{ keep, dropped, left int }{{21, 0, 30}, {20, 1, 20}, {11, 0, 20}, {1, 1, 10}, {0, 1, 0}} {
			var dropped, left int
			require.NoError(t, tx.QueryRow(t.Context(), "SELECT partition.drop_expired($1::text::regclass, '1 hour', '1 hour', $2)", table, c.keep).Scan(&dropped))
			require.Equal(t, c.dropped, dropped, c)
			require.NoError(t, tx.QueryRow(t.Context(), "SELECT count(*) FROM queue.job_history").Scan(&left))
			require.Equal(t, c.left, left, c)
		}
	})
}

// Nobody made partitions for a while: what came meanwhile moves to its place
// when they are made, even if more is just coming, and expires all the same.
func TestRowsOfTheDefaultPartitionMove(t *testing.T) {
	t.Parallel()
	r := setup(t)
	const table = "queue.job_completed"
	for _, p := range r.partitions(r.pool, table) {
		r.exec("DROP TABLE queue." + firstWord(t, p))
	}
	ids := r.enqueueMany(20)
	w := r.worker(work(func(context.Context, *queue.Job) error { return nil }))
	r.awaitEnd()
	w.Stop()
	count := func(from string) (n int) {
		require.NoError(t, r.pool.QueryRow(t.Context(), "SELECT count(*) FROM "+from).Scan(&n))
		return n
	}
	require.Equal(t, len(ids), count("queue.job_completed_default"))
	r.exec("UPDATE queue.job_completed_default SET finished_at = now() - interval '3 hours' WHERE id = $1", ids[0])

	late, err := r.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = late.Exec(t.Context(), "INSERT INTO queue.job_history SELECT (jsonb_populate_record(h, '{\"id\": 1000}')).* FROM queue.job_history h WHERE id = $1", ids[1])
	require.NoError(t, err)
	r.concurrently(late, func(conn *pgx.Conn) {
		require.NoError(t, r.client.Upkeep(t.Context(), conn))
	})
	r.exec("SELECT") // the pool's connections are fine
	require.NoError(t, r.client.Upkeep(t.Context(), r.pool))
	require.Len(t, r.partitions(r.pool, table), 4)
	require.Equal(t, len(ids)+1, count("queue.job_history"), "fewer than 1000 rows are kept")
	require.Equal(t, 1, count("queue.job_completed_default"), "the hour of that one is over")
	r.exec("SELECT partition.drop_expired('queue.job_completed', '1 hour', '1 hour')")
	require.Zero(t, count("queue.job_completed_default"))
	require.Equal(t, len(ids), count("queue.job_history"))
}

func TestUpkeepByManyAtOnce(t *testing.T) {
	t.Parallel()
	r := setup(t)
	want := r.partitions(r.pool, "queue.job_ended")
	for _, p := range want {
		r.exec("DROP TABLE queue." + firstWord(t, p))
	}
	errs := make(chan error, 4)
	var all sync.WaitGroup
	for range cap(errs) {
		all.Go(func() { errs <- r.client.Upkeep(t.Context(), r.pool) })
	}
	all.Wait()
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
	require.Len(t, r.partitions(r.pool, "queue.job_ended"), 4)
}

// Somebody reads the history for long. The partitions to come are made all the
// same, and the expired one goes later.
func TestUpkeepPutsOffWhatSomebodyReads(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.exec("DROP TABLE queue." + firstWord(t, r.partitions(r.pool, "queue.job_ended")[3]))
	var old string
	require.NoError(t, pgx.BeginFunc(t.Context(), r.pool, func(tx pgx.Tx) error {
		old = makePast(t, tx, "queue.job_ended", 24*time.Hour, 10*24*time.Hour)
		return nil
	}))
	reader, err := r.pool.Begin(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = reader.Rollback(context.WithoutCancel(t.Context())) })
	_, err = reader.Exec(t.Context(), "DECLARE report CURSOR FOR SELECT FROM "+old)
	require.NoError(t, err)
	require.Len(t, r.partitions(r.pool, "queue.job_ended"), 4)
	upkeep := func() error {
		return pgx.BeginFunc(t.Context(), r.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), "SET LOCAL lock_timeout = '50ms'"); err != nil {
				return err
			}
			return r.client.Upkeep(t.Context(), tx)
		})
	}
	require.NoError(t, upkeep())
	require.Len(t, r.partitions(r.pool, "queue.job_ended"), 5)
	require.NoError(t, reader.Rollback(t.Context()))
	require.NoError(t, upkeep())
	require.Len(t, r.partitions(r.pool, "queue.job_ended"), 4)
}

func firstWord(t *testing.T, s string) (word string) {
	t.Helper()
	_, err := fmt.Sscan(s, &word)
	require.NoError(t, err)
	return word
}

// What one who looks at the queue from outside sees.
func TestClientCounts(t *testing.T) {
	t.Parallel()
	r := setup(t)
	alive := r.register(0)
	r.register(time.Hour)
	r.enqueue(queue.Params{Key: "running"})
	r.claim(alive, 1)
	for _, key := range []string{"a", "b", "c"} {
		r.enqueue(queue.Params{Key: key, Priority: 5})
	}
	r.enqueue(queue.Params{Key: "urgent", Priority: 1})
	r.enqueue(queue.Params{Key: "late", Delay: time.Hour, Priority: 9})
	for key, want := range map[string]queue.Line{
		"running": {State: "running", Attempt: 1},
		"urgent":  {State: "waiting"},
		"b":       {State: "waiting", Ahead: 2},
		"late":    {State: "scheduled", Ahead: 4},
	} {
		got, err := r.client.Line(t.Context(), r.pool, queueName, key)
		require.NoError(t, err)
		require.Equal(t, want, got, key)
	}
	_, err := r.client.Line(t.Context(), r.pool, queueName, "none")
	require.True(t, errors.Is(err, queue.ErrNoJob))
	waiting, running, err := r.client.Depth(t.Context(), r.pool, queueName)
	require.NoError(t, err)
	require.Equal(t, []int{4, 1}, []int{waiting, running})
	capacity, err := r.client.Capacity(t.Context(), r.pool, queueName)
	require.NoError(t, err)
	require.Equal(t, queue.Capacity{Workers: 1, Slots: 1, Running: 1}, capacity)
}
