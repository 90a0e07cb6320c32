package app_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// heard is an event as a client of either protocol gets it.
type heard struct {
	Type  string
	Topic string
	Seq   int64
	Data  struct {
		RoomID    uuid.UUID `json:"roomId"`
		UserID    uuid.UUID `json:"userId"`
		Message   string    `json:"message"`
		Seq       int64     `json:"seq"`
		Recovered bool      `json:"recovered"`
		Count     int       `json:"count"`
		User      struct{ ID uuid.UUID }
		Users     []struct{ ID uuid.UUID }
	}
}

// listener is a client whose protocol does not matter to a test.
type listener interface {
	hear(t *testing.T) heard
	say(t *testing.T, typ string, data map[string]any)
}

func (s socket) hear(t *testing.T) heard {
	t.Helper()
	_, body, err := s.Conn.Read(s.ctx)
	require.NoError(t, err)
	requireDocumented(t, body)
	var h heard
	require.NoError(t, json.Unmarshal(body, &h), "%s", body)
	return h
}

func (s socket) say(t *testing.T, typ string, data map[string]any) {
	t.Helper()
	s.send(t, map[string]any{"type": typ, "data": data})
}

// hearUntil returns all that is heard up to the first event of the type that ok accepts.
func hearUntil(t *testing.T, l listener, typ string, ok func(heard) bool) (all []heard) {
	t.Helper()
	for {
		h := l.hear(t)
		all = append(all, h)
		if h.Type == typ && (ok == nil || ok(h)) {
			return all
		}
	}
}

// sioSocket is a client of Socket.IO that speaks it by hand.
type sioSocket struct {
	ws  *websocket.Conn
	ctx context.Context
}

func (n *node) dialSocketIO(t *testing.T, p person) sioSocket {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patient)
	t.Cleanup(cancel)
	ws, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(n.url, "http")+"/socket.io/?EIO=4&transport=websocket", nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = ws.CloseNow() })
	ws.SetReadLimit(1 << 20)
	s := sioSocket{ws, ctx}
	require.Contains(t, s.packet(t), `"pingInterval":25000`)
	auth, err := json.Marshal(map[string]string{"token": p.token})
	require.NoError(t, err)
	s.write(t, "40"+string(auth))
	require.Contains(t, s.packet(t), `40{"sid"`)
	hearUntil(t, s, "authenticated", nil)
	return s
}

func (s sioSocket) write(t *testing.T, text string) {
	t.Helper()
	require.NoError(t, s.ws.Write(s.ctx, websocket.MessageText, []byte(text)))
}

func (s sioSocket) packet(t *testing.T) string {
	t.Helper()
	for {
		_, body, err := s.ws.Read(s.ctx)
		require.NoError(t, err)
		if string(body) != "2" {
			return string(body)
		}
		s.write(t, "3")
	}
}

func (s sioSocket) hear(t *testing.T) (h heard) {
	t.Helper()
	text, ok := strings.CutPrefix(s.packet(t), "42")
	require.True(t, ok, text)
	requireDocumentedEvent(t, text)
	var args []json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(text), &args), text)
	require.NoError(t, json.Unmarshal(args[0], &h.Type))
	require.NoError(t, json.Unmarshal(args[1], &h.Data), text)
	if len(args) > 2 {
		require.NoError(t, json.Unmarshal(args[2], &h), text) // topic and seq
	}
	return h
}

func (s sioSocket) say(t *testing.T, typ string, data map[string]any) {
	t.Helper()
	packet, err := json.Marshal([]any{typ, data})
	require.NoError(t, err)
	s.write(t, "42"+string(packet))
}

// Two people in a room, one with a native client and one with Socket.IO, on two
// replicas, of which one is killed.
func TestRoomOnTwoReplicas(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	a, b := spawn(t, "api", s.env()...), spawn(t, "api", s.env()...)
	ana, ben := s.person(t, &a.node, "ana", "PREMIUM"), s.person(t, &a.node, "ben", "FREE")
	room := a.createRoom(t, ana, map[string]any{"name": "Garage", "isPublic": true})
	b.does(t, ben, http.MethodPost, rooms+"/"+room.ID.String()+"/join", nil, http.StatusOK, nil)
	in := func(more map[string]any) map[string]any {
		data := map[string]any{"roomId": room.ID}
		for k, v := range more {
			data[k] = v
		}
		return data
	}

	native, compat := a.dial(t, ana, ""), b.dialSocketIO(t, ben)
	native.say(t, "join_room", in(nil))
	hearUntil(t, native, "room_joined", nil)
	compat.say(t, "join_room", in(nil))
	hearUntil(t, compat, "room_joined", func(h heard) bool { return len(h.Data.Users) == 2 })
	hearUntil(t, native, "presence", func(h heard) bool { return h.Data.Count == 2 })

	said := func(text string) func(heard) bool { return func(h heard) bool { return h.Data.Message == text } }
	compat.say(t, "collaboration_message", in(map[string]any{"message": "hola"}))
	hearUntil(t, native, "collaboration_message", said("hola"))
	native.say(t, "collaboration_message", in(map[string]any{"message": "hello"}))
	all := hearUntil(t, compat, "collaboration_message", said("hello"))
	last := all[len(all)-1].Seq

	b.kill(t)
	native.say(t, "collaboration_message", in(map[string]any{"message": "while you were away"}))
	for left, alone := false, false; !left || !alone; { // in either order
		h := native.hear(t)
		left = left || h.Type == "user_left" && h.Data.User.ID == ben.id
		alone = alone || h.Type == "presence" && h.Data.Count == 1
	}

	compat = a.dialSocketIO(t, ben)
	compat.say(t, "join_room", in(map[string]any{"after": last}))
	all = hearUntil(t, compat, "room_joined", nil)
	require.Len(t, all, 2, "what was missed, and the answer")
	require.Equal(t, "while you were away", all[0].Data.Message)
	require.Equal(t, last+1, all[0].Seq)
	require.True(t, all[1].Data.Recovered)

	path, err := binary()
	require.NoError(t, err)
	announce := exec.Command(path, "announce", "Back in five minutes")
	announce.Env = s.env()
	out, err := announce.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, l := range []listener{native, compat} {
		hearUntil(t, l, "system_notification", said("Back in five minutes"))
	}
}
