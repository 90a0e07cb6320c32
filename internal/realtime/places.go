package realtime

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"time"

	"son1k/internal/events"
	"son1k/internal/notify"
	"son1k/internal/presence"
)

// presenceChannel carries the topics of rooms in which somebody came or went.
const presenceChannel = "son1k_presence"

const (
	// refreshPlaces is how long a change whose notification was lost can go
	// unnoticed.
	refreshPlaces = 10 * time.Second
	// betweenLists is the least time between two readings of who is where,
	// however many come at once.
	betweenLists = 100 * time.Millisecond
	// maxPresent is how many of those present clients are told by name.
	maxPresent = 100
	// maxListed is how many places are read at once.
	maxListed = 500
)

// places are the rooms that sessions of this process are in.
type places struct {
	mu    sync.Mutex
	here  map[string]*place
	dirty map[string]struct{}
}

type place struct {
	sessions int
	told     []byte          // the list that was sent last
	users    json.RawMessage // who is on it
	due      time.Time       // when the next may be sent
}

// perListener is how much longer a list stands for each session that it is sent
// to: one for five thousand costs as much as five thousand chat messages.
const perListener = 200 * time.Microsecond

// presenceList is the data of a presence event.
type presenceList struct {
	RoomID string          `json:"roomId"`
	Users  json.RawMessage `json:"users"` // the first 100
	Count  int             `json:"count"`
}

// Listen makes the hub hear of changes of presence over l, which must not have
// been started.
func (h *Hub) Listen(l *notify.Listener) {
	l.Handle(presenceChannel, notify.Handler{Message: h.markPlace, Connected: h.markAllPlaces})
}

// PresenceChanged tells everybody of a change: who it was, and then that there is
// a new list. The Tracker calls it.
func (h *Hub) PresenceChanged(c presence.Change) {
	if c.Present < presence.Enough { // in a crowd, who comes and goes is not told one by one
		typ := "user_left"
		if c.Here {
			typ = "user_joined"
		}
		h.tellRoom(c.Subject, c.Scope, "presence "+c.Subject, typ, struct {
			RoomID    string          `json:"roomId"`
			User      json.RawMessage `json:"user"`
			Timestamp time.Time       `json:"timestamp"`
		}{c.Scope[len("room:"):], c.Info, time.Now().UTC()})
	}
	h.cfg.Notify.Send(presenceChannel, c.Scope, c.Scope)
}

func (h *Hub) roomEntered(topic string) {
	h.places.mu.Lock()
	defer h.places.mu.Unlock()
	p, ok := h.places.here[topic]
	if !ok {
		p = new(place)
		h.places.here[topic] = p
	}
	p.sessions++
}

func (h *Hub) roomLeft(topic string) {
	h.places.mu.Lock()
	defer h.places.mu.Unlock()
	if p := h.places.here[topic]; p != nil {
		if p.sessions--; p.sessions == 0 {
			delete(h.places.here, topic)
		}
	}
}

func (h *Hub) markPlace(topic string) {
	h.places.mu.Lock()
	defer h.places.mu.Unlock()
	h.places.mark(topic)
	h.signal()
}

func (h *Hub) markAllPlaces() {
	h.places.mu.Lock()
	defer h.places.mu.Unlock()
	for topic := range h.places.here {
		h.places.mark(topic)
	}
	h.signal()
}

func (p *places) mark(topic string) {
	if _, ok := p.here[topic]; !ok {
		return
	}
	if p.dirty == nil {
		p.dirty = make(map[string]struct{})
	}
	p.dirty[topic] = struct{}{}
}

func (h *Hub) signal() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// watchPlaces tells the sessions of this process who is where, when that has
// changed.
func (h *Hub) watchPlaces(ctx context.Context) {
	refresh := time.NewTicker(refreshPlaces)
	defer refresh.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-refresh.C:
			h.markAllPlaces()
			continue
		case <-h.wake:
		}
		if err := h.tellPlaces(ctx); err != nil && ctx.Err() == nil {
			h.cfg.Log.WarnContext(ctx, "realtime: cannot read who is where, trying again", "error", err)
		}
		if !sleep(ctx, betweenLists) {
			return
		}
	}
}

func (h *Hub) tellPlaces(ctx context.Context) error {
	topics := h.takePlaces()
	if len(topics) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	lists, err := h.cfg.Presence.List(ctx, topics, maxPresent)
	if err != nil {
		for _, topic := range topics {
			h.markPlace(topic)
		}
		return err
	}
	for _, list := range lists {
		if data := encodeList(list); h.listChanged(list, data) {
			h.cfg.Feed.Tell(events.Event{Topic: list.Scope, Type: "presence", Data: data, At: time.Now(), Key: "presence"})
		}
	}
	return nil
}

// takePlaces takes some of the places to look at; if more remain it signals.
func (h *Hub) takePlaces() (topics []string) {
	h.places.mu.Lock()
	defer h.places.mu.Unlock()
	now := time.Now()
	for topic := range h.places.dirty {
		p, followed := h.places.here[topic]
		if len(topics) == maxListed || (followed && now.Before(p.due)) {
			h.signal()
			continue
		}
		delete(h.places.dirty, topic)
		if followed {
			topics = append(topics, topic)
		}
	}
	return topics
}

// listChanged notes a list, and reports whether it differs from the last.
func (h *Hub) listChanged(list presence.Place, data []byte) bool {
	h.places.mu.Lock()
	defer h.places.mu.Unlock()
	p, ok := h.places.here[list.Scope]
	if !ok || bytes.Equal(p.told, data) {
		return false
	}
	p.told, p.users = data, list.Infos
	p.due = time.Now().Add(time.Duration(p.sessions) * perListener)
	return true
}

func encodeList(p presence.Place) []byte {
	b, err := json.Marshal(presenceList{RoomID: p.Scope[len("room:"):], Users: p.Infos, Count: p.Total})
	if err != nil {
		panic(err) // infos come from json_agg
	}
	return b
}

// present returns who is in a room now. Of a crowd it returns those who were
// there a moment ago: it would otherwise be counted for each who comes.
func (h *Hub) present(ctx context.Context, topic string) (json.RawMessage, error) {
	if users := h.crowdAt(topic); users != nil {
		return users, nil
	}
	lists, err := h.cfg.Presence.List(ctx, []string{topic}, maxPresent)
	if err != nil {
		return nil, err
	}
	return lists[0].Infos, nil
}

// crowdAt returns the first names of the last list of a crowd, unless a new one
// is due.
func (h *Hub) crowdAt(topic string) json.RawMessage {
	h.places.mu.Lock()
	defer h.places.mu.Unlock()
	p, ok := h.places.here[topic]
	if !ok || p.sessions < presence.Enough || time.Now().After(p.due) {
		return nil
	}
	return p.users
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
