package socketio

// assembly is a packet with its binaries.
type assembly struct {
	header
	name     string // of an event
	items    []Value
	binaries [][]byte
	size     int // bytes received
}

// assemble takes the next message of a client. It returns a packet when it is
// complete.
func (c *conn) assemble(data []byte, binary bool) (*assembly, error) {
	if binary {
		return c.addBinary(data)
	}
	if c.partial != nil {
		return nil, errPacket // binaries are missing
	}
	h, err := decodeHeader(data)
	if err != nil {
		return nil, err
	}
	opts := &c.server.opts
	a := &assembly{header: h, size: len(data)}
	if h.attachments > opts.MaxAttachments || len(h.namespace) > opts.MaxName {
		return nil, errPacket
	}
	if err := a.parse(opts.MaxName); err != nil {
		return nil, err
	}
	if h.attachments > 0 {
		c.partial = a
		return nil, nil
	}
	return a, nil
}

// addBinary adds one to the packet that waits for it. Together they are no
// larger than the messages that may wait for handlers.
func (c *conn) addBinary(data []byte) (*assembly, error) {
	a := c.partial
	if a == nil {
		return nil, errPacket
	}
	a.size += len(data)
	if a.size > 4*c.server.opts.MaxPayload {
		return nil, errPacket
	}
	a.binaries = append(a.binaries, data)
	if len(a.binaries) < a.attachments {
		return nil, nil
	}
	c.partial = nil
	return a, nil
}

// parse takes the list of an event or an acknowledgement apart.
func (a *assembly) parse(maxName int) error {
	if !a.isEvent() && !a.isAck() {
		return nil
	}
	if a.isBinary() && checkPlaceholders(a.payload, a.attachments) != nil {
		return errPacket
	}
	items, err := splitArray(a.payload)
	if err != nil {
		return err
	}
	for _, raw := range items {
		a.items = append(a.items, Value{raw: raw})
	}
	if !a.isEvent() {
		return nil
	}
	if len(items) == 0 {
		return errPacket
	}
	a.name, err = eventName(items[0])
	if len(a.name) > maxName {
		return errPacket
	}
	return err
}

// values are the items from the first on, with the binaries.
func (a *assembly) values(first int) []Value {
	if a.isBinary() {
		for i := range a.items {
			a.items[i].attachments = a.binaries
		}
	}
	return a.items[first:]
}
