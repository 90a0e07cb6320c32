package socketio

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strconv"
)

// Binary is data that is sent beside the JSON, wherever it occurs in an
// argument. In what was received, a Binary or a []byte takes it.
type Binary []byte

// MarshalJSON marks the place; the encoder of packets replaces the mark.
func (b Binary) MarshalJSON() ([]byte, error) {
	mark := append([]byte(nil), marker()...)
	mark = base64.StdEncoding.AppendEncode(mark, b)
	return append(mark, `"}`...), nil
}

// Value is an argument that was received. It can be sent on as it is.
type Value struct {
	raw         json.RawMessage
	attachments [][]byte // of the whole packet; nil if it had none
}

// JSON is the argument with placeholders for the binaries.
func (v Value) JSON() json.RawMessage { return v.raw }

// Decode reads the argument into a variable, as json.Unmarshal does; binaries
// go to fields of type Binary or []byte.
func (v Value) Decode(into any) error {
	return json.Unmarshal(v.replace(func(to, data []byte) []byte {
		to = base64.StdEncoding.AppendEncode(append(to, '"'), data)
		return append(to, '"')
	}), into)
}

// MarshalJSON lets a Value be an argument of Emit, with its binaries.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.raw == nil {
		return []byte("null"), nil
	}
	return v.replace(func(to, data []byte) []byte {
		mark, _ := Binary(data).MarshalJSON() // never fails
		return append(to, mark...)
	}), nil
}

// replace puts something in the place of each placeholder.
func (v Value) replace(with func(to, data []byte) []byte) []byte {
	if v.attachments == nil {
		return v.raw
	}
	out := make([]byte, 0, len(v.raw))
	rest := []byte(v.raw)
	for {
		place, num, err := nextPlaceholder(rest)
		if err != nil || place == nil {
			return append(out, rest...)
		}
		out = with(append(out, rest[:place[0]]...), v.attachments[num])
		rest = rest[place[1]:]
	}
}

// checkPlaceholders reports whether all placeholders of a JSON text stand for
// one of n binaries.
func checkPlaceholders(text []byte, n int) error {
	for {
		place, num, err := nextPlaceholder(text)
		switch {
		case err != nil:
			return errPacket
		case place == nil:
			return nil
		case num >= n:
			return errPacket
		}
		text = text[place[1]:]
	}
}

// A placeholder is an object that begins like the first of these; it is valid if
// it matches the second.
var (
	likePlaceholder = regexp.MustCompile(`^\{\s*"_placeholder"\s*:\s*true\b`)                                //nolint:gochecknoglobals // constant
	placeholder     = regexp.MustCompile(`^\{\s*"_placeholder"\s*:\s*true\s*,\s*"num"\s*:\s*(\d{1,9})\s*\}`) //nolint:gochecknoglobals // constant
)

// nextPlaceholder finds the first placeholder of a JSON text, or of what is left
// of one: where it begins and ends, and its number. The place is nil if there
// is none.
func nextPlaceholder(text []byte) (place []int, num int, err error) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = endOfString(text, i)
		case '{':
			if match := placeholder.FindSubmatchIndex(text[i:]); match != nil {
				num, err = strconv.Atoi(string(text[i+match[2] : i+match[3]]))
				return []int{i, i + match[1]}, num, err
			}
			if likePlaceholder.Match(text[i:]) {
				return nil, 0, errPacket
			}
		}
	}
	return nil, 0, nil
}

// endOfString is the index of the quote that ends the string which begins at i.
func endOfString(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}

// marker begins what stands for a Binary while it is encoded. Nobody outside the
// process knows it, so that no input can be taken for one.
func marker() []byte { return secretMarker }

var secretMarker = newMarker() //nolint:gochecknoglobals // a secret of the process

func newMarker() []byte { return []byte(`{"` + rand.Text() + `":"`) }

// extract replaces the marks in a JSON text by placeholders and returns what
// they stand for.
func extract(text []byte) ([]byte, [][]byte, error) {
	if !bytes.Contains(text, marker()) {
		return text, nil, nil
	}
	var out []byte
	var binaries [][]byte
	for {
		before, after, found := bytes.Cut(text, marker())
		out = append(out, before...)
		if !found {
			return out, binaries, nil
		}
		encoded, rest, _ := bytes.Cut(after, []byte(`"}`))
		data, err := base64.StdEncoding.AppendDecode(nil, encoded)
		if err != nil {
			return nil, nil, err
		}
		out = append(out, `{"_placeholder":true,"num":`...)
		out = strconv.AppendInt(out, int64(len(binaries)), 10)
		out = append(out, '}')
		binaries = append(binaries, data)
		text = rest
	}
}
