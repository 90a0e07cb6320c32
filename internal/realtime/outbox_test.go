package realtime_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"son1k/internal/realtime"
)

// An outbox is a list in which a key is found at most once, and which fails
// when the frames without a key alone are too many.
func TestModelOfOutbox(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &outboxModel{limit: rapid.IntRange(0, 1500).Draw(t, "limit")}
		m.outbox = realtime.NewOutbox(m.limit)
		t.Repeat(map[string]func(*rapid.T){
			"push": m.push,
			"pop":  m.pop,
			"":     m.check,
		})
		for len(m.want) > 0 {
			m.pop(t)
		}
		m.pop(t)
	})
}

type outboxModel struct {
	outbox  realtime.Outbox
	limit   int
	want    []outboxItem
	failed  bool
	writing bool
	n       int
}

type outboxItem struct{ body, key string }

func (m *outboxModel) push(t *rapid.T) {
	m.n++
	item := outboxItem{
		body: fmt.Sprint(m.n, strings.Repeat("x", rapid.IntRange(0, 300).Draw(t, "size"))),
		key:  rapid.SampledFrom([]string{"", "", "a", "b", "c"}).Draw(t, "key"),
	}
	start := m.outbox.Push([]byte(item.body), item.key)
	if !m.failed && start == m.writing {
		t.Fatalf("start a writer: %v, while one is writing: %v", start, m.writing)
	}
	m.writing = true
	if m.failed {
		return
	}
	if item.key != "" {
		m.remove(func(i outboxItem) bool { return i.key == item.key })
	}
	m.want = append(m.want, item)
	// The outbox may count places that were left empty, and must then have
	// made room for itself without losing a frame; so the model can ask for
	// exactly what the frames weigh.
	if m.weight() > m.limit {
		m.remove(func(i outboxItem) bool { return i.key != "" })
	}
	if m.weight() > m.limit {
		m.want, m.failed = nil, true
	}
}

func (m *outboxModel) remove(unwanted func(outboxItem) bool) {
	var kept []outboxItem
	for _, i := range m.want {
		if !unwanted(i) {
			kept = append(kept, i)
		}
	}
	m.want = kept
}

func (m *outboxModel) weight() (bytes int) {
	for _, i := range m.want {
		bytes += len(i.body) + realtime.ItemCost
	}
	return bytes
}

// pop takes the next frame and what fits beside it.
func (m *outboxModel) pop(t *rapid.T) {
	most := rapid.IntRange(0, 600).Draw(t, "most")
	var want string
	for len(m.want) > 0 && (want == "" || len(want)+len(m.want[0].body) <= most) {
		want += m.want[0].body
		m.want = m.want[1:]
	}
	got, err := m.outbox.Pop(nil, most)
	if (err != nil) != m.failed {
		t.Fatalf("failed: %v, want %v", err, m.failed)
	}
	if string(got) != want {
		t.Fatalf("%q, not %q", got, want)
	}
	if want == "" {
		m.writing = false
	}
}

func (m *outboxModel) check(t *rapid.T) {
	bytes, items := m.outbox.Size()
	if bytes < m.weight() || bytes > m.limit || items*realtime.ItemCost > m.limit {
		t.Fatalf("%d bytes in %d items, of %d; limit %d", bytes, items, m.weight(), m.limit)
	}
}

// A client that has stopped reading costs no memory for each tick that it
// misses.
func TestOutboxIsBoundedUnderTicks(t *testing.T) {
	t.Parallel()
	const limit = 10_000
	o := realtime.NewOutbox(limit)
	o.Push([]byte("first"), "")
	for n := range 100_000 {
		o.Push(fmt.Append(nil, n), "song")
		bytes, items := o.Size()
		require.LessOrEqual(t, bytes, limit)
		require.LessOrEqual(t, items, limit/realtime.ItemCost)
	}
	for _, want := range []string{"first", "99999"} {
		body, err := o.Pop(nil, 1)
		require.NoError(t, err)
		require.Equal(t, want, string(body))
	}
}

func TestClip(t *testing.T) {
	t.Parallel()
	require.Equal(t, "short", realtime.Clip("short"))
	require.Len(t, realtime.Clip(strings.Repeat("x", 500)), 123)
	require.Equal(t, strings.Repeat("ñ", 61), realtime.Clip(strings.Repeat("ñ", 62)))
}
