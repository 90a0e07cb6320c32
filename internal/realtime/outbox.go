package realtime

import (
	"errors"
	"sync"
)

// errSlow means that a client does not read as fast as it is written to.
var errSlow = errors.New("the client is too slow")

// outbox holds the frames that wait to be written to one socket, in order and
// bounded in bytes.
type outbox struct {
	limit int
	wake  chan struct{}

	mu     sync.Mutex
	items  []outItem
	bytes  int
	latest map[string]int // place in items of the frame with this key
	err    error
}

type outItem struct {
	body []byte // nil: was replaced
	key  string
}

func newOutbox(limit int) *outbox {
	return &outbox{limit: limit, wake: make(chan struct{}, 1), latest: make(map[string]int)}
}

// push adds a frame. With a key it takes the place of a waiting one of the
// same key. When the frames exceed the limit, those with keys are dropped; if
// that is not enough, the outbox fails and takes nothing more.
func (o *outbox) push(body []byte, key string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return
	}
	if key != "" {
		if i, ok := o.latest[key]; ok {
			o.discard(i)
		}
		o.latest[key] = len(o.items)
	}
	o.items = append(o.items, outItem{body, key})
	o.bytes += len(body)
	if o.bytes > o.limit {
		o.shed()
	}
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outbox) discard(i int) {
	o.bytes -= len(o.items[i].body)
	o.items[i].body = nil
}

func (o *outbox) shed() {
	for _, i := range o.latest {
		o.discard(i)
	}
	clear(o.latest)
	if o.bytes > o.limit {
		o.err = errSlow
		o.items, o.bytes = nil, 0
	}
}

// take returns all waiting frames; with an error there are none, ever.
func (o *outbox) take() ([]outItem, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	items := o.items
	o.items, o.bytes = nil, 0
	clear(o.latest)
	return items, o.err
}
