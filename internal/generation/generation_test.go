package generation

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"son1k/internal/apperr"
	"son1k/internal/postgres/pgtest"
	"son1k/internal/queries"
	"son1k/internal/queue"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func newUser(t *testing.T, pool *pgxpool.Pool, tier string) uuid.UUID {
	t.Helper()
	var id uuid.UUID
	err := pool.QueryRow(t.Context(), "INSERT INTO users (username, tier) VALUES ($1, $2) RETURNING id", "u-"+uuid.NewString(), tier).Scan(&id)
	require.NoError(t, err)
	return id
}

func take(t *testing.T, pool *pgxpool.Pool, user uuid.UUID, at time.Time) error {
	t.Helper()
	s := &Service{pool: pool, q: queries.New()}
	p := Params{Prompt: "x"}
	require.NoError(t, p.normalize())
	return pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		_, err := s.takeQuota(t.Context(), tx, user, p, at)
		return err
	})
}

// The day and the month are those of UTC, to the second, whatever the session's
// time zone; nothing has to be reset.
func TestQuotaPeriodsAreUTC(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ana := newUser(t, pool, "FREE") // 2 a day, 5 a month
	day := func(d, h, m, s int) time.Time { return time.Date(2026, time.January, d, h, m, s, 0, time.UTC) }
	require.NoError(t, take(t, pool, ana, day(30, 0, 0, 0)))
	require.NoError(t, take(t, pool, ana, day(30, 23, 59, 59)))
	require.True(t, apperr.Is(take(t, pool, ana, day(30, 12, 0, 0)), "QUOTA_EXCEEDED"), "a third on one day")
	require.NoError(t, take(t, pool, ana, day(31, 0, 0, 0)))
	require.NoError(t, take(t, pool, ana, day(31, 23, 59, 59)))
	require.NoError(t, take(t, pool, ana, time.Date(2026, time.February, 1, 0, 0, 0, 0, time.UTC)), "a new month and day")
	require.NoError(t, take(t, pool, ana, day(29, 1, 0, 0)), "late arrivals count for their own day")
	err := take(t, pool, ana, day(28, 1, 0, 0))
	require.ErrorContains(t, err, "this month", "a sixth in January")
}

// An upgrade holds at once, a tier without quota starts nothing.
func TestQuotaFollowsTheTier(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ana := newUser(t, pool, "FREE")
	at := time.Date(2026, time.March, 5, 12, 0, 0, 0, time.UTC)
	for range 2 {
		require.NoError(t, take(t, pool, ana, at))
	}
	require.Error(t, take(t, pool, ana, at))
	_, err := pool.Exec(t.Context(), "UPDATE users SET tier = 'PRO' WHERE id = $1", ana)
	require.NoError(t, err)
	for range 8 {
		require.NoError(t, take(t, pool, ana, at))
	}
	require.Error(t, take(t, pool, ana, at))
	_, err = pool.Exec(t.Context(), "UPDATE users SET daily_generations = 0 WHERE id = $1", ana)
	require.NoError(t, err)
	require.ErrorContains(t, take(t, pool, ana, at.AddDate(0, 0, 1)), "today")
}

// Quota goes back to the day that it was taken from.
func TestQuotaGoesBackWhereItCameFrom(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ana := newUser(t, pool, "FREE")
	before := time.Date(2026, time.March, 31, 23, 59, 59, 0, time.UTC)
	require.NoError(t, take(t, pool, ana, before))
	require.NoError(t, take(t, pool, ana, before.Add(2*time.Second)))
	g := queries.Generation{UserID: ana, ChargedAt: &before}
	require.NoError(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		return giveBack(t.Context(), queries.New(), tx, g)
	}))
	var used []int
	rows, err := pool.Query(t.Context(), "SELECT used FROM quota_usage ORDER BY period, starts_on")
	require.NoError(t, err)
	used, err = pgx.CollectRows(rows, pgx.RowTo[int])
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 0, 1}, used)
}

func TestParamsDefaults(t *testing.T) {
	t.Parallel()
	p := Params{Prompt: "  a song \n"}
	require.NoError(t, p.normalize())
	require.Equal(t, Params{Prompt: "a song", Style: "pop", Duration: 60, Quality: "standard"}, p)
}

// FuzzParams: what passes is fit for the database, what does not says why.
func FuzzParams(f *testing.F) {
	f.Add("prompt", "style", "title", "lyrics", 60, "standard")
	f.Add("", strings.Repeat("x", 300), "\x00", "\xff", -1, "best")
	f.Fuzz(func(t *testing.T, prompt, style, title, lyrics string, duration int, quality string) {
		p := Params{Prompt: prompt, Style: style, Title: title, Lyrics: lyrics, Duration: duration, Quality: quality}
		if err := p.normalize(); err != nil {
			require.NotEmpty(t, apperr.From(err).Fields)
			return
		}
		for _, s := range []string{p.Prompt, p.Style, p.Title, p.Lyrics} {
			require.NotContains(t, s, "\x00")
		}
		require.NotEmpty(t, p.Prompt)
		require.NotEmpty(t, p.Style)
	})
}

func TestLinks(t *testing.T) {
	t.Parallel()
	links, err := NewLinks("https://api.example.com/", []byte("secret"))
	require.NoError(t, err)
	others, err := NewLinks("", []byte("another secret"))
	require.NoError(t, err)
	now := time.Date(2026, time.May, 5, 13, 0, 0, 0, time.UTC)
	id := uuid.New()
	link := links.Audio(id, 0, now)
	require.True(t, strings.HasPrefix(link, "https://api.example.com/api/generation/"+id.String()+"/audio?signature="))
	_, signature, _ := strings.Cut(link, "signature=")
	require.Equal(t, link, links.Audio(id, 0, now.Add(time.Hour)), "stable for a day")
	require.True(t, links.Check(id, 0, signature, now.Add(24*time.Hour)), "good for a day at least")
	require.False(t, links.Check(id, 0, signature, now.Add(49*time.Hour)), "not for ever")
	require.False(t, links.Check(id, 1, signature, now), "of another clip")
	require.False(t, links.Check(uuid.New(), 0, signature, now), "of another song")
	require.False(t, others.Check(id, 0, signature, now), "signed by another")
	later := strings.Replace(signature, signature[:3], "999", 1)
	require.False(t, links.Check(id, 0, later, now), "with another expiry")
}

func FuzzLinkSignature(f *testing.F) {
	links, err := NewLinks("", []byte("secret"))
	require.NoError(f, err)
	id := uuid.New()
	for _, s := range []string{"", ".", "1.", "99999999999999999999.x", "-1.AAAA", "9999999999.AAAAAAAAAAAAAAAAAAAAAA"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, signature string) {
		require.False(t, links.Check(id, 0, signature, time.Now()))
	})
}

// The estimate is never negative, does not fall as more wait ahead, and is
// nothing while a slot is free.
func TestEta(t *testing.T) {
	t.Parallel()
	require.Nil(t, eta(queue.Capacity{}, 0))
	require.Nil(t, eta(queue.Capacity{Workers: 1, Slots: 1, Running: 1}, 0))
	rapid.Check(t, func(t *rapid.T) {
		slots := rapid.IntRange(1, 100).Draw(t, "slots")
		c := queue.Capacity{
			Workers: 1, Slots: slots, Running: rapid.IntRange(0, slots+5).Draw(t, "running"),
			MeanRun: time.Duration(rapid.IntRange(1, 600_000).Draw(t, "mean")) * time.Millisecond,
		}
		ahead := rapid.IntRange(0, 10_000).Draw(t, "ahead")
		now, later := eta(c, ahead), eta(c, ahead+1)
		require.NotNil(t, now)
		require.GreaterOrEqual(t, *now, 0)
		require.GreaterOrEqual(t, *later, *now)
		if ahead < slots-c.Running {
			require.Zero(t, *now)
		}
	})
}

// Somebody of whom two songs may be made at once waits for the third that is
// blocked until three others have ended.
func TestEtaBehindSongsOfOnesOwn(t *testing.T) {
	t.Parallel()
	c := queue.Capacity{Workers: 1, Slots: 10, Running: 2, MeanRun: 10 * time.Second}
	require.Equal(t, 15, *turn(c, queue.Line{State: "blocked", Turn: 3, AtOnce: 2}))
	require.Zero(t, *turn(c, queue.Line{State: "waiting"}))
	require.Nil(t, turn(queue.Capacity{}, queue.Line{State: "blocked", Turn: 1, AtOnce: 1}))
	require.Equal(t, 15, *later(eta(c, 0), turn(c, queue.Line{Turn: 3, AtOnce: 2})))
	require.Nil(t, later(nil, new(1)))
}

// Deleting a user's account, however it is done, leaves no audio behind.
func TestAudioGoesWithItsOwner(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ana := newUser(t, pool, "PRO")
	exec := func(sql string, args ...any) {
		t.Helper()
		_, err := pool.Exec(context.WithoutCancel(t.Context()), sql, args...)
		require.NoError(t, err)
	}
	g, a := uuid.New(), uuid.New()
	exec("INSERT INTO generations (id, user_id, prompt, style, duration_s, quality, seed) VALUES ($1, $2, 'x', 'pop', 10, 'standard', 1)", g, ana)
	exec("INSERT INTO assets (id, content_type, chunk_size) VALUES ($1, 'audio/flac', 10)", a)
	exec("INSERT INTO asset_chunks VALUES ($1, 0, 'abc')", a)
	exec("INSERT INTO generation_clips (generation_id, n, asset_id) VALUES ($1, 0, $2)", g, a)
	exec("DELETE FROM users WHERE id = $1", ana)
	var left int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM assets) + (SELECT count(*) FROM asset_chunks)").Scan(&left))
	require.Zero(t, left)
}
