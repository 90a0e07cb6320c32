package app_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/app"
	"son1k/internal/provider"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// Two hundred requests at once start exactly what is left of the quota.
func TestQuotaHoldsUnderParallelRequests(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	n := s.boot(t, bootOptions{role: app.Role{API: true}})
	ana := s.person(t, n, "ana", "FREE")
	var wg sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for range 200 {
		wg.Go(func() {
			r := n.call(t, ana, http.MethodPost, "/api/generation/create", map[string]any{"prompt": "mine"})
			mu.Lock()
			defer mu.Unlock()
			statuses[r.status]++
			if r.status == http.StatusForbidden {
				code, _ := r.failure(t)
				require.Equal(t, "QUOTA_EXCEEDED", code)
			}
		})
	}
	wg.Wait()
	require.Equal(t, map[int]int{202: 2, 403: 198}, statuses)
	require.Equal(t, 2, s.count(t, "SELECT count(*) FROM generations"))
	require.Equal(t, 2, s.count(t, "SELECT count(*) FROM queue.job"))
	require.Equal(t, 4, s.count(t, "SELECT sum(used)::int FROM quota_usage"))
}

// A key makes repeating a request harmless, however many times at once.
func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	n := s.boot(t, bootOptions{role: app.Role{API: true}})
	ana := s.person(t, n, "ana", "PRO")
	ask := func(prompt string) response {
		return n.send(t, ana, http.MethodPost, "/api/generation/create", jsonBody(t, map[string]any{"prompt": prompt}),
			http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {"key-1"}})
	}
	var wg sync.WaitGroup
	answers := make([]response, 10)
	for i := range answers {
		wg.Go(func() { answers[i] = ask("one song") })
	}
	wg.Wait()
	for _, r := range answers {
		require.Equal(t, http.StatusAccepted, r.status, r.body)
		require.JSONEq(t, answers[0].body, r.body)
	}
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM generations"))
	other := ask("another song")
	require.Equal(t, http.StatusUnprocessableEntity, other.status)
	code, _ := other.failure(t)
	require.Equal(t, "IDEMPOTENCY_KEY_REUSED", code)

	_, err := s.pool.Exec(t.Context(), "UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, ask("another song").status)
	require.Equal(t, 2, s.count(t, "SELECT count(*) FROM generations"))
}

// Somebody else's song does not exist, for any route.
func TestOthersSeeNothing(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	n := s.boot(t, bootOptions{provider: &scripted{}})
	ana, ben := s.person(t, n, "ana", "PRO"), s.person(t, n, "ben", "ENTERPRISE")
	song := n.create(t, ana, map[string]any{"prompt": "mine alone"})
	n.await(t, ana, song.GenerationID, "completed")
	for _, id := range []uuid.UUID{song.GenerationID, uuid.New()} {
		path := "/api/generation/" + id.String()
		for _, route := range []struct{ method, path string }{
			{http.MethodGet, path}, {http.MethodGet, path + "/status"}, {http.MethodPost, path + "/cancel"},
			{http.MethodPost, path + "/retry"}, {http.MethodDelete, path}, {http.MethodGet, path + "/audio"},
		} {
			r := n.call(t, ben, route.method, route.path, nil)
			require.Equal(t, http.StatusNotFound, r.status, "%s %s", route.method, route.path)
			r.failure(t)
			anonymous := n.call(t, person{}, route.method, route.path, nil)
			require.Equal(t, http.StatusUnauthorized, anonymous.status, "%s %s", route.method, route.path)
		}
	}
	forged := n.call(t, person{}, http.MethodGet, "/api/generation/"+song.GenerationID.String()+"/audio?signature=99999999999.AAAAAAAAAAAAAAAAAAAAAA", nil)
	require.Equal(t, http.StatusNotFound, forged.status)
	require.Equal(t, "completed", n.get(t, ana, song.GenerationID).Status)

	ws := n.dial(t, ben, "")
	ws.send(t, map[string]any{"type": "subscribe", "topic": "user:" + ana.id.String(), "id": 1})
	require.Equal(t, "TOPIC_NOT_FOUND", ws.read(t).Data.Code)
	ws.send(t, map[string]any{"type": "subscribe:generation", "data": song.GenerationID, "id": 2})
	require.Equal(t, "GENERATION_NOT_FOUND", ws.read(t).Data.Code)
}

// Cancelling stops the work on whichever worker does it, and twice is once.
func TestCancelStopsTheWork(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	working, stopped := make(chan struct{}), make(chan error, 1)
	api := s.boot(t, bootOptions{role: app.Role{API: true}})
	s.boot(t, bootOptions{role: app.Role{Worker: true}, provider: &scripted{
		deliver: func(ctx context.Context, _ string, _ provider.Request, out provider.Delivery) (provider.Result, error) {
			out.Progress(provider.Update{Stage: "rendering", Percent: 50})
			close(working)
			<-ctx.Done()
			stopped <- context.Cause(ctx)
			return provider.Result{}, ctx.Err()
		},
	}})
	ana := s.person(t, api, "ana", "FREE")
	ws := api.dial(t, ana, "")
	song := api.create(t, ana, map[string]any{"prompt": "never mind"})
	<-working
	for range 2 {
		r := api.call(t, ana, http.MethodPost, "/api/generation/"+song.GenerationID.String()+"/cancel", nil)
		require.Equal(t, http.StatusOK, r.status, r.body)
	}
	select {
	case cause := <-stopped:
		require.ErrorContains(t, cause, "cancelled")
	case <-time.After(patient):
		require.FailNow(t, "the work went on")
	}
	frames := ws.until(t, isFinal)
	require.Equal(t, "generation:cancelled", frames[len(frames)-1].Type)
	require.Eventually(t, func() bool {
		return s.count(t, "SELECT count(*) FROM queue.job_ended WHERE outcome = 'cancelled'") == 1
	}, patient, 20*time.Millisecond)
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM events.log WHERE type = 'generation:cancelled'"))
	require.Equal(t, 2, s.count(t, "SELECT sum(used)::int FROM quota_usage"), "the provider was paid: no refund")

	retry := api.call(t, ana, http.MethodPost, "/api/generation/"+song.GenerationID.String()+"/retry", nil)
	require.Equal(t, http.StatusAccepted, retry.status, retry.body)
}

// Cancelling what waits gives the quota back; deleting cancels first.
func TestCancelAndDeleteWhileWaiting(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	n := s.boot(t, bootOptions{role: app.Role{API: true}})
	ana := s.person(t, n, "ana", "FREE")
	one, two := n.create(t, ana, map[string]any{"prompt": "one"}), n.create(t, ana, map[string]any{"prompt": "two"})
	r := n.call(t, ana, http.MethodPost, "/api/generation/"+one.GenerationID.String()+"/cancel", nil)
	require.Equal(t, http.StatusOK, r.status, r.body)
	require.Equal(t, "cancelled", n.get(t, ana, one.GenerationID).Status)
	r = n.call(t, ana, http.MethodDelete, "/api/generation/"+two.GenerationID.String(), nil)
	require.Equal(t, http.StatusNoContent, r.status, r.body)
	r = n.call(t, ana, http.MethodGet, "/api/generation/"+two.GenerationID.String(), nil)
	require.Equal(t, http.StatusNotFound, r.status)
	require.Zero(t, s.count(t, "SELECT count(*) FROM queue.job"))
	require.Zero(t, s.count(t, "SELECT sum(used)::int FROM quota_usage"))
}

// A failure is told once, when it is final; until then there are retries.
func TestFailureIsToldOnce(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	var asked sync.Map
	n := s.boot(t, bootOptions{provider: &scripted{submit: func(_ context.Context, r provider.Request) (string, error) {
		if _, again := asked.LoadOrStore(r.Prompt, true); !again && r.Prompt == "flaky" {
			return "", &provider.Error{Kind: provider.Overloaded, Message: "busy", Cause: errors.New("secret detail")}
		}
		if r.Prompt == "forbidden" {
			return "", &provider.Error{Kind: provider.Rejected, Message: "The words are not allowed.", Suggestion: "Use others."}
		}
		return "task", nil
	}}})
	ana := s.person(t, n, "ana", "PRO")
	ws := n.dial(t, ana, "")

	bad := n.create(t, ana, map[string]any{"prompt": "forbidden"})
	frames := ws.until(t, isFinal)
	require.Equal(t, "generation:error", frames[len(frames)-1].Type)
	require.Equal(t, "CONTENT_REJECTED", frames[len(frames)-1].Data.Code)
	v := n.get(t, ana, bad.GenerationID)
	require.Equal(t, "failed", v.Status)
	require.Equal(t, "The words are not allowed. Use others.", v.Error["message"])
	require.Zero(t, s.count(t, "SELECT sum(used)::int FROM quota_usage"), "a failure is not charged")

	n.create(t, ana, map[string]any{"prompt": "flaky"})
	frames = ws.until(t, isFinal)
	require.Equal(t, "generation:complete", frames[len(frames)-1].Type)
	retries := 0
	for _, f := range frames {
		require.NotEqual(t, "generation:error", f.Type)
		if f.Data.Status == "retrying" {
			retries++
		}
	}
	require.Equal(t, 1, retries)
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM events.log WHERE type = 'generation:error'"))
}
