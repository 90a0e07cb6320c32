package socketio

import (
	"errors"

	"son1k/internal/realtime/socketio/engineio"
)

func errInternal() *ConnectError { return &ConnectError{Message: "Internal error"} }

// connect is the socket's first job: it asks whether the client may join.
func (s *Socket) connect() {
	err := s.namespace.authorize(s)
	var refusal *ConnectError
	switch {
	case err == nil:
		s.welcome()
	case errors.As(err, &refusal):
		s.refuse(refusal)
	default:
		s.namespace.server.opts.Log.Error("socketio: a client could not be authorized",
			"namespace", s.namespace.name, "error", err)
		s.refuse(errInternal())
	}
}

// welcome connects the socket. Its place in the namespace comes after the
// answer, so that nothing overtakes it.
func (s *Socket) welcome() {
	s.mu.Lock()
	if s.state != connecting { // the client is gone
		s.mu.Unlock()
		return
	}
	s.state = connected
	s.mu.Unlock()
	answer := header{typ: typeConnect, namespace: s.namespace.name, id: noID, payload: []byte(`{"sid":"` + s.id + `"}`)}
	s.conn.session.Send(engineio.NewTextApart(answer.encode()))
	s.conn.joined()
	s.namespace.add(s)
	s.namespace.onConnect(s)
	s.mu.Lock()
	s.auth = nil
	s.mu.Unlock()
}

// refuse ends the attempt to connect.
func (s *Socket) refuse(err *ConnectError) {
	s.close(ServerDisconnect)
	s.conn.refused(s)
	s.conn.sendConnectError(s.namespace.name, err)
}
