package socketio

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValuesWithBinaries(t *testing.T) {
	t.Parallel()
	v := Value{
		raw:         json.RawMessage(`{"a":{"_placeholder":true,"num":1},"s":"{\"_placeholder\":true,\"num\":0}","n":[{"num":0,"_placeholder":true}]}`),
		attachments: [][]byte{{1}, {2, 3}},
	}
	var into struct {
		A Binary
		S string
	}
	require.NoError(t, v.Decode(&into))
	require.Equal(t, Binary{2, 3}, into.A)
	require.Equal(t, `{"_placeholder":true,"num":0}`, into.S)
	require.NoError(t, Value{raw: json.RawMessage(`5`)}.Decode(new(int)))
}

func TestBinariesAnywhere(t *testing.T) {
	t.Parallel()
	type file struct {
		Name string `json:"name"`
		Data Binary `json:"data"`
	}
	p, err := EncodeEvent("files", "f", map[string]any{"b": []any{file{"x", Binary("ab")}}, "a": Binary(nil)}, Value{})
	require.NoError(t, err)
	require.NotNil(t, p.message)
	text, binaries, err := extract([]byte(`["x",` + string(mustMarshal(t, Binary("1"))) + `,` + string(mustMarshal(t, Binary{})) + `]`))
	require.NoError(t, err)
	require.Equal(t, `["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, string(text))
	require.Equal(t, [][]byte{[]byte("1"), nil}, binaries)
}

func mustMarshal(t *testing.T, v any) []byte {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

// What can be decoded is the same after it was encoded and decoded again.
func FuzzDecodePacket(f *testing.F) {
	for _, seed := range []string{
		`0`, `0/admin,{"sid":"x"}`, `1/admin,`, `2["foo"]`, `212["foo"]`, `3/admin,13["bar"]`, `4{"message":"no"}`,
		`51-["baz",{"_placeholder":true,"num":0}]`, `61-15["bar",{"_placeholder":true,"num":0}]`, `2/a,b,["x"]`, `50-[1]`, "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := decodeHeader(text)
		if err != nil {
			return
		}
		again, err := decodeHeader(h.encode())
		require.NoError(t, err)
		require.Equal(t, string(h.payload), string(again.payload))
		h.payload, again.payload = nil, nil // nil or empty, that is the same
		require.Equal(t, h, again)
		h, _ = decodeHeader(text)
		a := &assembly{header: h}
		if h.attachments > 100 || a.parse(100) != nil {
			return
		}
		for range h.attachments {
			a.binaries = append(a.binaries, []byte{1})
		}
		for _, v := range a.values(0) {
			var into any
			require.NoError(t, v.Decode(&into))
			_, err := json.Marshal(v)
			require.NoError(t, err)
		}
	})
}
