package socketio

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	"son1k/internal/realtime/socketio/engineio"
)

// conn shares out the packets of one client to its sockets.
type conn struct {
	server  *Server
	session *engineio.Session
	partial *assembly // a packet whose binaries are still to come; only for Receive

	mu      sync.Mutex
	closed  bool
	sockets []*Socket // connecting or connected, usually one
	parted  []string  // namespaces that the server has thrown the client out of
	timer   *time.Timer
}

func newConn(server *Server, session *engineio.Session) *conn {
	c := &conn{server: server, session: session}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timer = time.AfterFunc(server.opts.ConnectTimeout, c.connectTimeout)
	return c
}

// connectTimeout closes the connection of a client that has joined no
// namespace. How long we take to authorize it is not its fault.
func (c *conn) connectTimeout() {
	c.mu.Lock()
	if c.timer == nil { // it has just joined one, or gone
		c.mu.Unlock()
		return
	}
	idle := len(c.sockets) == 0
	if !idle {
		c.timer.Reset(c.server.opts.ConnectTimeout)
	}
	c.mu.Unlock()
	if idle {
		c.session.Close()
	}
}

// joined is called when the client has joined a namespace.
func (c *conn) joined() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}

// Receive implements engineio.Receiver.
func (c *conn) Receive(data []byte, binary bool) error {
	packet, err := c.assemble(data, binary)
	if err != nil || packet == nil {
		return err
	}
	if packet.typ == typeConnect {
		return c.connect(packet)
	}
	s := c.socket(packet.namespace)
	switch {
	case s == nil && c.hasParted(packet.namespace):
		return nil // it was on its way when the client was thrown out
	case s == nil || s.is(connecting):
		return errPacket
	case packet.isEvent():
		return c.event(s, packet)
	case packet.isAck():
		s.acknowledged(packet.id, packet.values(0))
		return nil
	case packet.typ == typeDisconnect:
		s.close(ClientDisconnect)
		c.remove(s)
		return nil
	}
	return errPacket
}

func (c *conn) event(s *Socket, p *assembly) error {
	e := &Event{Name: p.name, Args: p.values(1), socket: s, id: p.id, size: p.size}
	if s.handle(e) {
		return nil
	}
	c.server.overflowed.Add(1)
	c.closeSockets(Flood)
	c.session.Close()
	return nil
}

// connect begins to connect a socket.
func (c *conn) connect(p *assembly) error {
	n := c.server.find(p.namespace)
	if n == nil {
		c.sendConnectError(p.namespace, &ConnectError{Message: "Invalid namespace"})
		return nil
	}
	full, err := c.begin(n, p.payload)
	if full {
		c.sendConnectError(p.namespace, &ConnectError{Message: "Too many namespaces"})
	}
	return err
}

// begin queues the decision about a socket.
func (c *conn) begin(n *Namespace, auth json.RawMessage) (full bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return false, nil
	case c.find(n.name) != nil:
		return false, errPacket
	case len(c.sockets) >= c.server.opts.MaxNamespaces:
		return true, nil
	}
	c.parted = slices.DeleteFunc(c.parted, func(name string) bool { return name == n.name })
	s := newSocket(c, n, auth)
	c.sockets = append(c.sockets, s)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue(job{run: s.connect})
	return false, nil
}

// sendConnectError tells the client that it cannot join.
func (c *conn) sendConnectError(namespace string, refusal *ConnectError) {
	payload, err := refusal.encode()
	if err != nil {
		c.server.opts.Log.Error("socketio: the data of a ConnectError cannot be encoded", "error", err)
		payload, _ = json.Marshal(refusal.Message) // a string
		payload = append(append([]byte(`{"message":`), payload...), '}')
	}
	h := header{typ: typeConnectError, namespace: namespace, id: noID, payload: payload}
	c.session.Send(engineio.NewText(h.encode()))
}

// socket is the client's socket in a namespace, nil if there is none.
func (c *conn) socket(namespace string) *Socket {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.find(namespace)
}

// find needs the mutex.
func (c *conn) find(namespace string) *Socket {
	for _, s := range c.sockets {
		if s.namespace.name == namespace {
			return s
		}
	}
	return nil
}

func (c *conn) hasParted(namespace string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.parted, namespace)
}

func (c *conn) remove(s *Socket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sockets = slices.DeleteFunc(c.sockets, func(other *Socket) bool { return other == s })
}

// left remembers that the server has ended a socket, for what the client has
// sent before it learns of it.
func (c *conn) left(s *Socket) {
	c.remove(s)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.parted, s.namespace.name) {
		c.parted = append(c.parted, s.namespace.name)
	}
}

// refused forgets a socket that could not be connected.
func (c *conn) refused(s *Socket) { c.remove(s) }

// disconnect ends all sockets and then the connection.
func (c *conn) disconnect() {
	c.mu.Lock()
	sockets := slices.Clone(c.sockets)
	c.mu.Unlock()
	for _, s := range sockets {
		s.leaveNamespace()
	}
	c.session.Close()
}

// Closed implements engineio.Receiver.
func (c *conn) Closed(reason Reason) { c.closeSockets(reason) }

// closeSockets disconnects the sockets of a connection that is lost.
func (c *conn) closeSockets(reason Reason) {
	c.mu.Lock()
	c.closed = true
	sockets := c.sockets
	c.sockets = nil
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	c.mu.Unlock()
	for _, s := range sockets {
		s.close(reason)
	}
}
