package events_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"son1k/internal/events"
	"son1k/internal/notify"
	"son1k/internal/postgres/pgtest"
)

// Two transactions on one topic: the second waits for the first, so that the
// numbers are in the order of the commits.
func TestNumbersAreInCommitOrder(t *testing.T) {
	t.Parallel()
	s := newSource(t, pgtest.DSN(t))
	ctx := t.Context()
	first, err := s.pool.Begin(ctx)
	require.NoError(t, err)
	defer first.Rollback(context.WithoutCancel(ctx))
	one, err := s.AppendTx(ctx, first, "a", "x", 1)
	require.NoError(t, err)
	require.EqualValues(t, 1, one.Seq)

	second := make(chan events.Event, 1)
	go func() {
		e, err := s.log(ctx, "a", 2)
		if err != nil {
			e.Seq = -1
		}
		second <- e
	}()
	require.Eventually(t, func() bool { return waiters(t, s) == 1 }, patient, pollEach)
	require.Empty(t, second, "it has no number before the first commits")
	require.NoError(t, first.Commit(ctx))
	require.EqualValues(t, 2, (<-second).Seq)
}

func TestTopicsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	s := newSource(t, pgtest.DSN(t))
	ctx := t.Context()
	_, err := s.log(ctx, "a", 0)
	require.NoError(t, err)
	_, err = s.log(ctx, "b", 0)
	require.NoError(t, err)
	tx, err := s.pool.Begin(ctx)
	require.NoError(t, err)
	defer tx.Rollback(context.WithoutCancel(ctx))
	_, err = s.AppendTx(ctx, tx, "a", "x", 1)
	require.NoError(t, err)
	e, err := s.log(ctx, "b", 1) // would wait for ever
	require.NoError(t, err)
	require.EqualValues(t, 2, e.Seq)
}

// waiters counts transactions that wait for another.
func waiters(t *testing.T, s source) (n int) {
	t.Helper()
	require.NoError(t, s.pool.QueryRow(t.Context(),
		"SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database OR l.database IS NULL JOIN pg_stat_activity a USING (pid) "+
			"WHERE NOT granted AND d.datname = current_database() AND a.datname = current_database()").Scan(&n))
	return n
}

// Whatever commits and whatever rolls back, at once or one after the other, the
// numbers of a topic are 1, 2, 3, …
func TestNumbersHaveNoGaps(t *testing.T) {
	t.Parallel()
	s := newSource(t, pgtest.DSN(t))
	ctx := t.Context()
	errRollback := errors.New("rollback")
	const workers, each = 6, 40
	done := make(chan error)
	for w := range workers {
		go func() {
			for i := range each {
				err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
					if _, err := s.AppendTx(ctx, tx, "a", "x", []int{w, i}); err != nil {
						return err
					}
					if i%3 == 0 {
						return errRollback
					}
					return nil
				})
				if err != nil && !errors.Is(err, errRollback) {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range workers {
		require.NoError(t, <-done)
	}
	rows, err := s.pool.Query(ctx, "SELECT seq FROM events.log WHERE topic = 'a' ORDER BY created_at, seq")
	require.NoError(t, err)
	seqs, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(t, err)
	require.Len(t, seqs, workers*(each-(each+2)/3))
	require.ElementsMatch(t, upTo(1, int64(len(seqs))), seqs)
}

// What is replayed is what was sent, also where jsonb would have refused it or
// changed it.
func TestReplayIsByteForByte(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	s, r := newSource(t, dsn), newReplica(t, dsn, replicaOptions{sweep: never})
	live := follow(t, r.Feed, "a", events.Live)
	for _, data := range []any{
		"nul \x00, line\nfeed, invalid \xff", json.RawMessage(`{"z": 1.50,"a":"\ud800", "z":2}`), nil, map[string]any{}, 1e300,
	} {
		s.publish(t, "a", data)
	}
	live.requireSeqs(t, upTo(1, 5)...)
	replayed := follow(t, r.Feed, "a", 0)
	replayed.requireSeqs(t, upTo(1, 5)...)
	for i := range live.durable {
		require.Equal(t, string(live.durable[i].Data), string(replayed.durable[i].Data))
		require.True(t, live.durable[i].At.Equal(replayed.durable[i].At))
	}
}

func TestTooLongIsRefused(t *testing.T) {
	t.Parallel()
	s := newSource(t, pgtest.DSN(t))
	_, err := s.log(t.Context(), "a", strings.Repeat("x", events.MaxData))
	require.ErrorContains(t, err, "too long")
	_, err = s.log(t.Context(), "a", func() {})
	require.ErrorContains(t, err, "happened")
	require.ErrorContains(t, s.Ephemeral("a", "k", "tick", strings.Repeat("x", notify.MaxMessage)), "too long")
	require.Error(t, s.Ephemeral("a", "k", "tick", func() {}))
}

// A message always fits into a notification, is one line, and says at least
// which event there is to read.
func TestMessageFits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		data, err := json.Marshal(rapid.String().Draw(t, "data") + strings.Repeat("<", rapid.IntRange(0, 3000).Draw(t, "more")))
		if err != nil {
			t.Fatal(err)
		}
		e := events.Event{Topic: "user:" + rapid.StringN(1, 20, 100).Draw(t, "name"), Type: "x", Seq: rapid.Int64Min(1).Draw(t, "seq"), Data: data, At: time.Now()}
		text := events.Message(e)
		if len(text) > notify.MaxMessage || strings.ContainsAny(text, "\n\x00") {
			t.Fatalf("message of %d bytes: %q", len(text), text)
		}
		var got events.Event
		if err := json.Unmarshal([]byte(text), &got); err != nil || got.Seq != e.Seq || got.Type != "" && string(got.Data) != string(e.Data) {
			t.Fatalf("%+v became %+v, %v", e, got, err)
		}
	})
}

func TestUpkeep(t *testing.T) {
	t.Parallel()
	s := newSource(t, pgtest.DSN(t))
	exec(t, s.pool, "SELECT partition.ensure('events.log', '1 day', 0)")
	for range 2 {
		require.NoError(t, s.Upkeep(t.Context(), s.pool))
	}
}
