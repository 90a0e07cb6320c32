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
// bounded in bytes.
type outbox struct {
	limit int
	wake  chan struct{}

	mu     sync.Mutex
	items  []outItem
	popped int            // how many items came before items[0]
	bytes  int            // of all items, with their cost
	latest map[string]int // number of the waiting frame with this key
	marks  int            // frames without a key so far
	err    error
}

type outItem struct {
	body []byte // nil: a later one has taken its place
	key  string
}

func newOutbox(limit int) *outbox {
	return &outbox{limit: limit, wake: make(chan struct{}, 1)}
}

// push adds a frame. With a key it replaces a waiting one of the same key. When
// the frames exceed the limit, those with keys are dropped; if that is not
// enough, the outbox fails and takes nothing more.
func (o *outbox) push(body []byte, key string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.add(body, key)
}

// mark is a moment in the stream of frames, for pushSince.
func (o *outbox) mark() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.marks
}

// pushSince adds frames, unless another without a key came after the mark.
func (o *outbox) pushSince(mark int, bodies ...[]byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.marks != mark {
		return false
	}
	for _, body := range bodies {
		o.add(body, "")
	}
	return true
}

func (o *outbox) add(body []byte, key string) {
	if o.err != nil {
		return
	}
	if key == "" {
		o.marks++
	} else {
		o.replace(key)
	}
	o.items = append(o.items, outItem{body, key})
	o.bytes += len(body) + itemCost
	if o.bytes > o.limit {
		o.shed()
	}
	o.signal()
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

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// shed makes room: empty places go first, then the frames with keys.
func (o *outbox) shed() {
	o.keep(func(i outItem) bool { return i.body != nil })
	if o.bytes > o.limit {
		o.keep(func(i outItem) bool { return i.key == "" })
	}
	if o.bytes > o.limit {
		o.err = errSlow
		o.items, o.latest, o.bytes = nil, nil, 0
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

// pop takes the next frame; nil if none waits. If more wait it signals again.
func (o *outbox) pop() ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.items) > 0 {
		item := o.items[0]
		o.items[0] = outItem{} // the array may live on
		o.items = o.items[1:]
		o.popped++
		o.bytes -= len(item.body) + itemCost
		if item.body == nil {
			continue
		}
		if item.key != "" {
			delete(o.latest, item.key)
		}
		if len(o.items) > 0 {
			o.signal()
		}
		return item.body, nil
	}
	o.items = nil
	return nil, o.err
}
