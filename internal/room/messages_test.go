package room_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/events"
	"son1k/internal/notify"
	"son1k/internal/room"
)

// A message is answered, kept and logged as the very same thing.
func TestPost(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana, ben := f.person(t, "ana", "PREMIUM"), f.person(t, "ben", "FREE")
	r := f.create(t, ana, true)
	_, err := f.Post(t.Context(), ben, r.ID, "may I?", "")
	requireNotFound(t, err)
	_, err = f.Messages(t.Context(), ben, r.ID, nil, 10)
	requireNotFound(t, err)
	f.join(t, r.ID, ben)
	said, err := f.Post(t.Context(), ben, r.ID, "  <b>hé</b>\nthere ", "")
	require.NoError(t, err)
	require.Equal(t, room.Message{
		ID: said.ID, UserID: ben, Username: "ben", RoomID: r.ID, Message: "<b>hé</b>\nthere", Type: "text", Timestamp: said.Timestamp,
	}, said)
	answered, err := json.Marshal(said)
	require.NoError(t, err)
	log := f.log(t, room.Topic(r.ID))
	require.Equal(t, "collaboration_message", log[1].Type)
	require.Equal(t, string(answered), log[1].Raw)
	page, err := f.Messages(t.Context(), ana, r.ID, nil, 10)
	require.NoError(t, err)
	require.Equal(t, room.Messages{Messages: []room.Message{said}}, page)
}

func TestMessagesArePaged(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana := f.person(t, "ana", "PREMIUM")
	r, other := f.create(t, ana, true), f.create(t, ana, true)
	page, err := f.Messages(t.Context(), ana, r.ID, nil, 10)
	require.NoError(t, err)
	require.Equal(t, room.Messages{Messages: []room.Message{}}, page)
	for i := range 6 {
		_, err := f.Post(t.Context(), ana, r.ID, fmt.Sprint(i), "note")
		require.NoError(t, err)
		_, err = f.Post(t.Context(), ana, other.ID, "elsewhere", "")
		require.NoError(t, err)
	}
	var read [][]string
	for before := (*uuid.UUID)(nil); ; before = page.NextBefore {
		page, err = f.Messages(t.Context(), ana, r.ID, before, 3)
		require.NoError(t, err)
		var texts []string
		for _, m := range page.Messages {
			texts = append(texts, m.Message)
		}
		read = append(read, texts)
		if page.NextBefore == nil {
			break
		}
	}
	require.Equal(t, [][]string{{"5", "4", "3"}, {"2", "1", "0"}}, read)
}

// However many speak at once, through whichever process, everybody sees one
// order: that of the log is that of ids and of times.
func TestOneOrderOfMessages(t *testing.T) {
	t.Parallel()
	f := setup(t)
	processes := []fixture{f, connect(t, f.dsn)}
	ana, ben := f.person(t, "ana", "PREMIUM"), f.person(t, "ben", "FREE")
	r := f.create(t, ana, true)
	f.join(t, r.ID, ben)
	people := []uuid.UUID{ana, ben}
	for _, err := range together(t, 20, func(ctx context.Context, i int) error {
		for n := range 15 {
			if _, err := processes[i%2].Post(ctx, people[n%2], r.ID, fmt.Sprint(i, n), ""); err != nil {
				return err
			}
		}
		return nil
	}) {
		require.NoError(t, err)
	}
	var logged, kept []room.Message
	for _, e := range f.log(t, room.Topic(r.ID))[1:] {
		var m room.Message
		require.NoError(t, json.Unmarshal([]byte(e.Raw), &m))
		logged = append(logged, m)
	}
	for before := (*uuid.UUID)(nil); ; {
		page, err := f.Messages(t.Context(), ana, r.ID, before, 100)
		require.NoError(t, err)
		kept = append(kept, page.Messages...)
		if before = page.NextBefore; before == nil {
			break
		}
	}
	slices.Reverse(kept)
	require.Len(t, kept, 300)
	require.Equal(t, logged, kept)
	require.True(t, slices.IsSortedFunc(kept, func(a, b room.Message) int { return a.Timestamp.Compare(b.Timestamp) }))
	require.True(t, slices.IsSortedFunc(kept, func(a, b room.Message) int { return strings.Compare(a.ID.String(), b.ID.String()) }))
}

// Who follows a room gets what happens, also what a trigger did.
func TestFollowersAreTold(t *testing.T) {
	t.Parallel()
	f := setup(t)
	listener := notify.NewListener(f.dsn, quiet())
	feed := events.NewFeed(f.pool, quiet())
	feed.Listen(listener)
	for _, s := range []interface {
		Start(context.Context) error
		Started() <-chan struct{}
		Stop()
	}{feed, listener} {
		require.NoError(t, s.Start(t.Context()))
		t.Cleanup(s.Stop)
		<-s.Started()
	}
	ana, ben := f.person(t, "ana", "PREMIUM"), f.person(t, "ben", "FREE")
	r := f.create(t, ana, true)
	got := make(chan events.Event, 100)
	sub, _, err := feed.Subscribe(t.Context(), room.Topic(r.ID), 0, func(e events.Event) { got <- e })
	require.NoError(t, err)
	t.Cleanup(sub.Close)
	sub.Begin(func() {})
	next := func() (typ string) {
		select {
		case e := <-got:
			var n room.Notification
			require.NoError(t, json.Unmarshal(e.Data, &n))
			return e.Type + " " + n.Type
		case <-time.After(patient):
			return "nothing"
		}
	}
	f.join(t, r.ID, ben)
	require.Equal(t, "room_notification member_joined", next())
	_, err = f.Post(t.Context(), ben, r.ID, "hello", "")
	require.NoError(t, err)
	require.Equal(t, "collaboration_message text", next())
	f.exec(t, "DELETE FROM users WHERE id = $1", ana)
	require.Equal(t, "room_notification member_left", next())
	require.Equal(t, "room_notification owner_changed", next())
}
