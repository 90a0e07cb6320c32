package engineio

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// modelOutbox is the outbox, as simple as possible.
type modelOutbox struct{ entries []entry }

func (o *modelOutbox) add(m *Message, key Key) {
	if key != (Key{}) {
		o.remove(func(e entry) bool { return e.key == key })
	}
	o.entries = append(o.entries, entry{m, key})
}

func (o *modelOutbox) remove(unwanted func(entry) bool) {
	var kept []entry
	for _, e := range o.entries {
		if !unwanted(e) {
			kept = append(kept, e)
		}
	}
	o.entries = kept
}

func (o *modelOutbox) bytes() int {
	sum := 0
	for _, e := range o.entries {
		sum += e.message.size + entryCost
	}
	return sum
}

func (o *modelOutbox) shed(limit int) bool {
	if o.bytes() > limit {
		o.remove(func(e entry) bool { return e.key != Key{} })
	}
	return o.bytes() <= limit
}

func (o *modelOutbox) take() *Message {
	if len(o.entries) == 0 {
		return nil
	}
	m := o.entries[0].message
	o.entries = o.entries[1:]
	return m
}

func TestOutboxIsLikeItsModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var out outbox
		var model modelOutbox
		const limit = 1500
		n := 0
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				n++
				m := newPacket(typeMessage, strconv.Itoa(n))
				key := Key{Name: rapid.SampledFrom([]string{"", "", "a", "b", "c"}).Draw(t, "key")}
				out.add(m, key)
				model.add(m, key)
				// Empty places take room, so the outbox may shed where the
				// model needs not to; it never drops messages for them.
				require.Equal(t, model.shed(limit), out.shed(limit))
				if len(model.entries) == 0 {
					require.Nil(t, out.peek())
				}
			},
			"take": func(t *rapid.T) { require.Same(t, model.take(), out.take()) },
			"takeAll": func(t *rapid.T) {
				for _, m := range out.takeAll() {
					require.Same(t, model.take(), m)
				}
				require.Nil(t, model.take())
				require.Zero(t, out.bytes)
			},
		})
	})
}
