package engineio

import (
	"bytes"
	"encoding/base64"
	"errors"
	"iter"
	"unicode/utf8"
)

// Types of packets.
const (
	typeOpen    = '0'
	typeClose   = '1'
	typePing    = '2'
	typePong    = '3'
	typeMessage = '4'
	typeUpgrade = '5'
	typeNoop    = '6'
)

// probe is the data of the first ping and pong on a new transport.
const probe = "probe"

var errPacket = errors.New("invalid packet")

// packet is what a client sent. A binary one is always a message.
type packet struct {
	typ    byte
	binary bool
	data   []byte
}

// decodePacket reads a packet in its text form: a record of a payload or a text
// frame of a WebSocket.
func decodePacket(text []byte) (packet, error) {
	if len(text) == 0 {
		return packet{}, errPacket
	}
	typ, data := text[0], text[1:]
	switch {
	case typ == 'b':
		decoded, err := base64.StdEncoding.AppendDecode(nil, data)
		if err != nil {
			return packet{}, errPacket
		}
		return packet{typ: typeMessage, binary: true, data: decoded}, nil
	case typ < typeOpen || typ > typeNoop || !utf8.Valid(data):
		return packet{}, errPacket
	}
	return packet{typ: typ, data: data}, nil
}

// decodePayload reads the packets of a POST, up to the first that is invalid.
func decodePayload(body []byte) iter.Seq2[packet, error] {
	return func(yield func(packet, error) bool) {
		for text := range bytes.SplitSeq(body, []byte{separator}) {
			p, err := decodePacket(text)
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}
