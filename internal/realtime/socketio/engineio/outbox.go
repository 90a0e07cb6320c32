package engineio

// entryCost is what a waiting message takes beside its bytes. It counts, so
// that many small messages are bounded too.
const entryCost = 64

// Key names the messages of which only the latest is worth sending.
type Key struct{ Scope, Name string }

// outbox holds the messages that wait to be sent to one client, in order and
// bounded in bytes. The session's mutex guards it.
type outbox struct {
	entries []entry
	taken   int         // how many entries came before entries[0]
	latest  map[Key]int // number of the waiting entry with this key
	bytes   int         // of all entries, with their cost
}

type entry struct {
	message *Message // nil: a later one has taken its place
	key     Key
}

// add appends a message. With a key it takes the place of the one that waits
// with this key.
func (o *outbox) add(m *Message, key Key) {
	if key != (Key{}) {
		o.supersede(key)
	}
	o.entries = append(o.entries, entry{m, key})
	o.bytes += m.size + entryCost
}

func (o *outbox) supersede(key Key) {
	if o.latest == nil {
		o.latest = make(map[Key]int)
	}
	if n, waits := o.latest[key]; waits {
		old := &o.entries[n-o.taken]
		o.bytes -= old.message.size
		*old = entry{}
	}
	o.latest[key] = o.taken + len(o.entries)
}

// shed drops what can be dropped until the limit is kept: empty places first,
// then the messages with keys. It reports whether that was enough.
func (o *outbox) shed(limit int) bool {
	if o.bytes > limit {
		o.keep(func(e entry) bool { return e.message != nil })
	}
	if o.bytes > limit {
		o.keep(func(e entry) bool { return e.key == Key{} })
	}
	return o.bytes <= limit
}

func (o *outbox) keep(wanted func(entry) bool) {
	kept := make([]entry, 0, len(o.entries))
	clear(o.latest)
	o.bytes = 0
	for _, e := range o.entries {
		if !wanted(e) {
			continue
		}
		if e.key != (Key{}) {
			o.latest[e.key] = o.taken + len(kept)
		}
		kept = append(kept, e)
		o.bytes += e.message.size + entryCost
	}
	o.entries = kept
}

func (o *outbox) clear() { *o = outbox{} }

// peek is the next message, nil if none waits.
func (o *outbox) peek() *Message {
	for len(o.entries) > 0 {
		if m := o.entries[0].message; m != nil {
			return m
		}
		o.drop()
	}
	o.entries, o.latest = nil, nil // an idle session keeps nothing
	return nil
}

// take removes and returns the next message, nil if none waits.
func (o *outbox) take() *Message {
	m := o.peek()
	if m != nil {
		o.drop()
	}
	return m
}

// drop removes the first entry.
func (o *outbox) drop() {
	e := o.entries[0]
	o.entries[0] = entry{} // the array may live on
	o.entries = o.entries[1:]
	o.taken++
	o.bytes -= entryCost
	if e.message != nil {
		o.bytes -= e.message.size
	}
	if e.key != (Key{}) {
		delete(o.latest, e.key)
	}
}

// takeAll empties the outbox.
func (o *outbox) takeAll() []*Message {
	var all []*Message
	for m := o.take(); m != nil; m = o.take() {
		all = append(all, m)
	}
	return all
}
