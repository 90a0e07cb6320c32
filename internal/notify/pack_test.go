package notify

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever is sent comes out of the payloads as it was, in the order of its
// channel, and each payload fits.
func FuzzPack(f *testing.F) {
	f.Add("a one;b two;a three", uint16(10))
	f.Add("a x;b y;a \n;a \x00;a \xff;a ;c ñ", uint16(7899))
	f.Add("a x", uint16(7901))
	f.Fuzz(func(t *testing.T, script string, long uint16) {
		var batch []message
		want := make(map[string][]string)
		for part := range strings.SplitSeq(script, ";") {
			channel, text, _ := strings.Cut(part, " ")
			for _, text := range []string{text, strings.Repeat("x", int(long)), text} {
				if !valid(channel, text) {
					continue
				}
				batch = append(batch, message{channel, text})
				want[channel] = append(want[channel], text)
			}
		}
		channels, payloads := pack(batch)
		require.Len(t, payloads, len(channels))
		l := NewListener("", quiet)
		got := make(map[string][]string)
		for channel := range want {
			l.Handle(channel, Handler{Message: func(text string) { got[channel] = append(got[channel], text) }})
		}
		for i, payload := range payloads {
			require.NotEmpty(t, payload)
			require.LessOrEqual(t, len(payload), MaxMessage)
			l.dispatch(channels[i], payload)
		}
		require.Equal(t, want, got)
	})
}
