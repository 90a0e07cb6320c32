package engineio

import (
	"context"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

// An upgrade: the client opens a WebSocket with the session's id and sends a
// ping with "probe", which is answered; the poll that waits is let go, so that
// the client can stop polling; then the client sends an upgrade packet and from
// there on everything goes over the WebSocket.

// serveUpgrade takes up a WebSocket for a session that polls.
func (s *Session) serveUpgrade(w http.ResponseWriter, r *http.Request) *refusal {
	if !asksForWebSocket(r) || len(s.server.upgrades()) == 0 {
		return badRequest()
	}
	c, err := s.server.accept(w, r)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.socket != nil || s.candidate != nil { // one WebSocket per session
		c.cut(websocket.StatusPolicyViolation, "the session has a WebSocket")
		s.server.leave(c)
		return nil
	}
	s.candidate = c
	_ = c.wire.SetReadDeadline(time.Now().Add(s.server.opts.UpgradeTimeout))
	s.server.Go(func() {
		if s.upgrade(c) {
			s.serveSocket(c)
		}
	})
	return nil
}

// upgrade reports whether the WebSocket has taken over. If not, the session
// goes on polling.
func (s *Session) upgrade(c *socket) bool {
	if s.expect(c, typePing, probe) && s.answerProbe(c) && s.expect(c, typeUpgrade, "") && s.takeOver(c) {
		return true
	}
	s.mu.Lock()
	s.candidate, s.probed = nil, false
	s.mu.Unlock()
	c.cut(websocket.StatusNormalClosure, "no upgrade")
	s.server.leave(c)
	return false
}

// expect reports whether the next packet is this one.
func (s *Session) expect(c *socket, typ byte, data string) bool {
	kind, body, err := c.Read(context.Background())
	if err != nil {
		return false
	}
	p, err := packetOf(kind, body)
	return err == nil && !p.binary && p.typ == typ && string(p.data) == data
}

// answerProbe also lets the waiting poll go.
func (s *Session) answerProbe(c *socket) bool {
	s.mu.Lock()
	s.probed = true
	s.releaseSoon()
	s.mu.Unlock()
	_, err := c.wire.Write(newPacket(typePong, probe).first.frame)
	return err == nil
}

// takeOver makes the WebSocket the transport. It fails if the session has
// ended.
func (s *Session) takeOver(c *socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	_ = c.wire.SetReadDeadline(time.Time{})
	s.candidate, s.probed, s.socket = nil, false, c
	if s.poll != nil { // it is too late; clients await its answer first
		s.answerPoll(answer{refusal: badRequest()})
	}
	s.startWriter()
	s.server.stats.upgraded.Add(1)
	return true
}
