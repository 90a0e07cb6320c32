package main

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHumane(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0ms", time.Microsecond: "0ms", 999 * time.Millisecond: "999ms", time.Second: "1s", 3270 * time.Millisecond: "3.2s", 59 * time.Second: "59s",
		time.Minute: "1m", 192 * time.Second: "3m12s", 62 * time.Second: "1m02s", 5*time.Hour + 3*time.Minute: "5h03m", day: "1d", 100*day + 5*time.Hour + time.Minute: "100d05h",
		-time.Second: "-1s", math.MinInt64: "-106751d23h",
	} {
		require.Equal(t, want, humane(d), int64(d))
	}
}

func TestParseSpan(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]time.Duration{"90s": 90 * time.Second, "7d": 7 * day, "1d12h": 36 * time.Hour, "1h30m": 90 * time.Minute, "0d1s": time.Second} {
		got, err := parseSpan(s)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, s := range []string{"", "0", "0s", "0d", "-1h", "1d-1h", "d", "1w", "x", "1", "999999d", "106751d24h", "1 h"} {
		_, err := parseSpan(s)
		require.Error(t, err, s)
	}
}

func TestParseRate(t *testing.T) {
	t.Parallel()
	n, window, err := parseRate("600/m")
	require.NoError(t, err)
	require.Equal(t, 600, n)
	require.Equal(t, time.Minute, window)
	for _, s := range []string{"", "/", "1/", "/s", "0/s", "-1/s", "1/x", "1/s/s", "99999999999/s", "1.5/s"} {
		_, _, err := parseRate(s)
		require.Error(t, err, s)
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 3600)
	for s, want := range map[string]string{
		"2030-01-31T08:00:00Z": "2030-01-31T08:00:00Z", "2030-01-31T08:00:00-05:00": "2030-01-31T13:00:00Z",
		"2030-01-31 08:00": "2030-01-31T07:00:00Z", "2030-01-31T08:00:01": "2030-01-31T07:00:01Z",
	} {
		got, err := parseTime(s, zone)
		require.NoError(t, err)
		require.Equal(t, want, got.UTC().Format(time.RFC3339))
	}
	for _, s := range []string{"", "now", "2030-01-31", "2030-02-31 08:00", "08:00"} {
		_, err := parseTime(s, zone)
		require.Error(t, err, s)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	type row struct{ n, s string }
	require.NoError(t, writeTable(&b, []row{{"1", "été"}, {"22", "a\nb"}, {"3", ""}},
		right("N", func(r row) string { return r.n }),
		left("TEXT", func(r row) string { return r.s }),
		left("END", func(r row) string { return "." })))
	require.Equal(t, " N  TEXT  END\n 1  été   .\n22  a\\nb  .\n 3        .\n", b.String())
}

func FuzzSafe(f *testing.F) {
	for _, s := range []string{"", "plain", "\x1b[2J", "\u202e", "a\xffb", "\\n", "😀\U000e0001"} {
		f.Add(s, 5)
	}
	f.Fuzz(func(t *testing.T, s string, n int) {
		shown := safe(s)
		require.Equal(t, -1, strings.IndexFunc(shown, unsafeRune))
		require.Equal(t, shown, safe(shown))
		if n = n&31 + 1; n > 0 {
			require.LessOrEqual(t, len([]rune(clip(s, n))), n)
		}
		data, err := json.Marshal(s)
		require.NoError(t, err)
		escaped := safeJSON(string(data))
		require.Equal(t, -1, strings.IndexFunc(escaped, unsafeRune))
		var before, after string
		require.NoError(t, json.Unmarshal(data, &before))
		require.NoError(t, json.Unmarshal([]byte(escaped), &after))
		require.Equal(t, before, after)
	})
}

func FuzzParseSpan(f *testing.F) {
	for _, s := range []string{"1d", "90s", "1d1h", "106751d", "-1d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := parseSpan(s)
		require.Equal(t, err == nil, d > 0, "%q: %d", s, d)
		if _, window, err := parseRate("7/" + s); err == nil {
			require.Positive(t, window)
		}
		_ = humane(d)
	})
}
