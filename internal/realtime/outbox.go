package realtime

import (
	"errors"
	"sync"
)

// errSlow means that a client does not read as fast as it is written to.
var errSlow = errors.New("the client is too slow")

// itemCost is what a waiting frame takes beside its bytes. It counts, so that
// many small frames are bounded too.
const itemCost = 64

// outbox holds the frames that wait to be written to one socket, in order and
// bounded in bytes. While frames wait there is one writer; whose push finds none
// has to see to it that one starts.
type outbox struct {
	limit int

	mu      sync.Mutex
	items   []outItem
	popped  int            // how many items came before items[0]
	bytes   int            // of all items, with their cost
	latest  map[string]int // number of the waiting frame with this key
	writing bool
	err     error
}

type outItem struct {
	body []byte // nil: a later one has taken its place
	key  string
}

func newOutbox(limit int) *outbox { return &outbox{limit: limit} }

// push adds a frame. With a key it replaces a waiting one of the same key. When
// the frames exceed the limit, those with keys are dropped; if that is not
// enough, the outbox fails and takes nothing more. It reports whether a writer
// must be started.
func (o *outbox) push(body []byte, key string) (start bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return false
	}
	if key != "" {
		o.replace(key)
	}
	o.items = append(o.items, outItem{body, key})
	o.bytes += len(body) + itemCost
	if o.bytes > o.limit {
		o.shed()
	}
	start = !o.writing
	o.writing = true
	return start
}

// replace empties the place of a waiting frame and gives its key to the next.
func (o *outbox) replace(key string) {
	if o.latest == nil {
		o.latest = make(map[string]int)
	}
	if n, ok := o.latest[key]; ok {
		item := &o.items[n-o.popped]
		o.bytes -= len(item.body)
		item.body = nil
	}
	o.latest[key] = o.popped + len(o.items)
}

// shed makes room: empty places go first, then the frames with keys.
func (o *outbox) shed() {
	o.keep(func(i outItem) bool { return i.body != nil })
	if o.bytes > o.limit {
		o.keep(func(i outItem) bool { return i.key == "" })
	}
	if o.bytes > o.limit {
		o.fail(errSlow)
	}
}

func (o *outbox) keep(wanted func(outItem) bool) {
	kept := make([]outItem, 0, len(o.items))
	o.bytes = 0
	clear(o.latest)
	for _, item := range o.items {
		if !wanted(item) {
			continue
		}
		if item.key != "" {
			o.latest[item.key] = o.popped + len(kept)
		}
		kept = append(kept, item)
		o.bytes += len(item.body) + itemCost
	}
	o.items = kept
}

func (o *outbox) fail(err error) {
	o.err = err
	o.items, o.latest, o.bytes = nil, nil, 0
}

// close drops what waits and takes nothing more.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.fail(errClosed)
	}
}

var errClosed = errors.New("the socket closes")

// pop appends waiting frames to dst, the next one and as many more as keep it
// below most bytes. If none waits it returns dst as it was, and the writer must
// stop.
func (o *outbox) pop(dst []byte, most int) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.items) > 0 {
		item := o.items[0]
		if len(dst) > 0 && len(dst)+len(item.body) > most {
			return dst, nil
		}
		o.items[0] = outItem{} // the array may live on
		o.items = o.items[1:]
		o.popped++
		o.bytes -= len(item.body) + itemCost
		if item.body != nil && item.key != "" {
			delete(o.latest, item.key)
		}
		dst = append(dst, item.body...)
	}
	o.items = nil
	if len(dst) == 0 {
		o.writing = false
	}
	return dst, o.err
}
