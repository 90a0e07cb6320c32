package room_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
	"son1k/internal/events"
	"son1k/internal/notify"
	"son1k/internal/postgres"
	"son1k/internal/postgres/pgtest"
	"son1k/internal/room"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const patient = 60 * time.Second // for what happens in seconds on a free machine

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// fixture is a service on a database of the test's own.
type fixture struct {
	*room.Service
	dsn  string
	pool *pgxpool.Pool
}

func setup(t testing.TB) fixture {
	t.Helper()
	return connect(t, pgtest.DSN(t))
}

// connect is a process on the database.
func connect(t testing.TB, dsn string) fixture {
	t.Helper()
	pool, err := postgres.Open(t.Context(), dsn, 12, "test")
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	sender := notify.NewSender(dsn, quiet())
	require.NoError(t, sender.Start(t.Context()))
	t.Cleanup(sender.Stop)
	return fixture{room.New(room.Deps{Pool: pool, Events: events.NewPublisher(sender), Log: quiet()}), dsn, pool}
}

// person makes an account.
func (f fixture) person(t testing.TB, name, tier string) uuid.UUID {
	t.Helper()
	var id uuid.UUID
	err := f.pool.QueryRow(t.Context(), "INSERT INTO users (username, tier) VALUES ($1, $2) RETURNING id", name, tier).Scan(&id)
	require.NoError(t, err)
	return id
}

func (f fixture) create(t testing.TB, owner uuid.UUID, public bool) room.Room {
	t.Helper()
	r, err := f.Create(t.Context(), owner, room.CreateParams{Name: "a room", IsPublic: public})
	require.NoError(t, err)
	return r
}

func (f fixture) join(t testing.TB, roomID uuid.UUID, people ...uuid.UUID) {
	t.Helper()
	for _, p := range people {
		_, err := f.Join(t.Context(), p, roomID)
		require.NoError(t, err)
	}
}

func (f fixture) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	_, err := f.pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

func (f fixture) count(t testing.TB, sql string, args ...any) (n int) {
	t.Helper()
	require.NoError(t, f.pool.QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

// logged is an event with the fields of all that this package appends.
type logged struct {
	Type string
	Raw  string
	Data struct {
		room.Notification
		UserID uuid.UUID `json:"userId"`
	}
}

// log reads the events of a topic, and checks that none is missing.
func (f fixture) log(t testing.TB, topic string) []logged {
	t.Helper()
	rows, err := f.pool.Query(t.Context(), "SELECT seq, type, data::text FROM events.log WHERE topic = $1 ORDER BY seq", topic)
	require.NoError(t, err)
	var all []logged
	var seq int64
	var typ, raw string
	_, err = pgx.ForEachRow(rows, []any{&seq, &typ, &raw}, func() error {
		e := logged{Type: typ, Raw: raw}
		all = append(all, e)
		require.EqualValues(t, len(all), seq)
		return json.Unmarshal([]byte(raw), &all[len(all)-1].Data)
	})
	require.NoError(t, err)
	return all
}

// types lists the types of the room notifications on a room's topic.
func (f fixture) types(t testing.TB, roomID uuid.UUID) (types []string) {
	t.Helper()
	for _, e := range f.log(t, room.Topic(roomID)) {
		if e.Type == "room_notification" {
			types = append(types, e.Data.Type)
		}
	}
	return types
}

func requireCode(t testing.TB, err error, kind apperr.Kind, code string) {
	t.Helper()
	var e *apperr.Error
	require.True(t, errors.As(err, &e), "%v", err)
	require.Equal(t, code, e.Code)
	require.Equal(t, kind, e.Kind)
}

func requireNotFound(t testing.TB, err error) {
	t.Helper()
	requireCode(t, err, apperr.NotFound, room.CodeRoomNotFound)
}

// together calls fn n times at once and returns the errors.
func together(t testing.TB, n int, fn func(ctx context.Context, i int) error) []error {
	t.Helper()
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = fn(t.Context(), i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// codes counts errors by code; "" counts successes.
func codes(t testing.TB, errs []error) map[string]int {
	t.Helper()
	counts := make(map[string]int)
	for _, err := range errs {
		var e *apperr.Error
		if err != nil {
			require.True(t, errors.As(err, &e), "%v", err)
			counts[e.Code]++
		} else {
			counts[""]++
		}
	}
	return counts
}

func names(members []room.Member) (names []string) {
	for _, m := range members {
		names = append(names, m.Username)
	}
	return slices.Clip(names)
}

func ptr[T any](v T) *T { return &v }
