package crowd

import "encoding/binary"

// Opcodes of WebSocket frames (RFC 6455, section 5.2).
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// frame is a message of the server's.
type frame struct {
	op      byte
	payload []byte
}

// cutFrame takes the first frame off what was read. It returns false if that is
// not there yet. Frames of a server are not masked, and neither of the servers
// here fragments its messages.
func cutFrame(b []byte) (f frame, rest []byte, ok bool) {
	if len(b) < 2 {
		return f, b, false
	}
	head, size := 2, uint64(b[1]&0x7f)
	switch size {
	case 126:
		head = 4
	case 127:
		head = 10
	}
	if len(b) < head {
		return f, b, false
	}
	switch head {
	case 4:
		size = uint64(binary.BigEndian.Uint16(b[2:]))
	case 10:
		size = binary.BigEndian.Uint64(b[2:])
	}
	if uint64(len(b)-head) < size {
		return f, b, false
	}
	end := head + int(size)
	return frame{b[0] & 0x0f, b[head:end]}, b[end:], true
}

// buildFrame makes a client's frame. It has to be masked; a mask of zeros leaves
// the payload as it is. The payload must be shorter than 64 KiB.
func buildFrame(op byte, payload []byte) []byte {
	const final, masked = 0x80, 0x80
	b := make([]byte, 0, len(payload)+8)
	if len(payload) < 126 {
		b = append(b, final|op, masked|byte(len(payload)))
	} else {
		b = append(b, final|op, masked|126)
		b = binary.BigEndian.AppendUint16(b, uint16(len(payload)))
	}
	b = append(b, 0, 0, 0, 0)
	return append(b, payload...)
}
