package queue

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fired are times of a zone, as people there write them.
func fired(t *testing.T, zone string, f firing) (times []string, next string) {
	t.Helper()
	in, err := time.LoadLocation(zone)
	require.NoError(t, err)
	for _, at := range f.times {
		times = append(times, at.In(in).Format("02 15:04 MST"))
	}
	if !f.next.IsZero() {
		next = f.next.In(in).Format("02 15:04 MST")
	}
	return times, next
}

func TestFire(t *testing.T) {
	t.Parallel()
	const minute, hourly, daily = "* * * * *", "0 * * * *", "30 2 * * *"
	for name, c := range map[string]struct {
		cron, zone string
		next, now  string
		missed     Missed
		times      []string
		then       string
	}{
		"not yet":             {minute, "UTC", "2026-03-01T12:01:00Z", "2026-03-01T12:00:59Z", MissedOnce, nil, "01 12:01 UTC"},
		"on time":             {minute, "UTC", "2026-03-01T12:01:00Z", "2026-03-01T12:01:00Z", MissedOnce, []string{"01 12:01 UTC"}, "01 12:02 UTC"},
		"once":                {hourly, "UTC", "2026-03-01T12:00:00Z", "2026-03-01T15:10:00Z", MissedOnce, []string{"01 15:00 UTC"}, "01 16:00 UTC"},
		"skip":                {hourly, "UTC", "2026-03-01T12:00:00Z", "2026-03-01T15:10:00Z", MissedSkip, nil, "01 16:00 UTC"},
		"skip, merely late":   {hourly, "UTC", "2026-03-01T12:00:00Z", "2026-03-01T15:00:20Z", MissedSkip, []string{"01 15:00 UTC"}, "01 16:00 UTC"},
		"all":                 {hourly, "UTC", "2026-03-01T12:00:00Z", "2026-03-01T15:10:00Z", MissedAll, []string{"01 12:00 UTC", "01 13:00 UTC", "01 14:00 UTC", "01 15:00 UTC"}, "01 16:00 UTC"},
		"every":               {"@every 90m", "UTC", "2026-03-01T12:00:00Z", "2026-03-01T15:10:00Z", MissedAll, []string{"01 12:00 UTC", "01 13:30 UTC", "01 15:00 UTC"}, "01 16:30 UTC"},
		"weekdays":            {"0 9 * * 1-5", "UTC", "2026-03-06T09:00:00Z", "2026-03-06T09:00:01Z", MissedOnce, []string{"06 09:00 UTC"}, "09 09:00 UTC"},
		"zone":                {"0 9 * * *", "Asia/Kolkata", "2026-03-01T03:30:00Z", "2026-03-01T03:30:01Z", MissedOnce, []string{"01 09:00 IST"}, "02 09:00 IST"},
		"spring, each hour":   {hourly, "Europe/Berlin", "2026-03-29T00:00:00Z", "2026-03-29T02:00:00Z", MissedAll, []string{"29 01:00 CET", "29 03:00 CEST", "29 04:00 CEST"}, "29 05:00 CEST"},
		"spring, morning":     {"0 8 * * *", "Europe/Berlin", "2026-03-28T07:00:00Z", "2026-03-30T06:00:00Z", MissedAll, []string{"28 08:00 CET", "29 08:00 CEST", "30 08:00 CEST"}, "31 08:00 CEST"},
		"autumn, each hour":   {hourly, "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z", MissedAll, []string{"25 02:00 CEST", "25 02:00 CET", "25 03:00 CET"}, "25 04:00 CET"},
		"autumn, midnight":    {"@daily", "America/Havana", "2026-10-31T04:00:00Z", "2026-11-02T05:00:00Z", MissedAll, []string{"31 00:00 CDT", "01 00:00 CDT", "02 00:00 CST"}, "03 00:00 CST"},
		"autumn, morning":     {"0 8 * * *", "Europe/Berlin", "2026-10-24T06:00:00Z", "2026-10-26T07:00:00Z", MissedAll, []string{"24 08:00 CEST", "25 08:00 CET", "26 08:00 CET"}, "27 08:00 CET"},
		"autumn, New York":    {"15 0 * * *", "America/New_York", "2026-10-31T04:15:00Z", "2026-11-02T05:15:00Z", MissedAll, []string{"31 00:15 EDT", "01 00:15 EDT", "02 00:15 EST"}, "03 00:15 EST"},
		"never again":         {"0 0 30 2 *", "UTC", "2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z", MissedOnce, []string{"01 12:00 UTC"}, ""},
		"spring, in the gap":  {daily, "Europe/Berlin", "2026-03-28T01:30:00Z", "2026-03-30T10:00:00Z", MissedAll, []string{"28 02:30 CET", "29 03:30 CEST", "30 02:30 CEST"}, "31 02:30 CEST"},
		"autumn, in the fold": {daily, "Europe/Berlin", "2026-10-24T00:30:00Z", "2026-10-26T10:00:00Z", MissedAll, []string{"24 02:30 CEST", "25 02:30 CEST", "26 02:30 CET"}, "27 02:30 CET"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := parseCron(c.cron, c.zone)
			require.NoError(t, err)
			next, err := time.Parse(time.RFC3339, c.next)
			require.NoError(t, err)
			now, err := time.Parse(time.RFC3339, c.now)
			require.NoError(t, err)
			times, then := fired(t, c.zone, fire(s, next, now, c.missed))
			require.Equal(t, c.times, times)
			require.Equal(t, c.then, then)
		})
	}
}

// After a long time, the latest of what was missed.
func TestFireMakesUpForABoundedNumber(t *testing.T) {
	t.Parallel()
	s, err := parseCron("@every 1s", "UTC")
	require.NoError(t, err)
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	now := start.Add(6 * time.Hour)
	f := fire(s, start, now, MissedAll)
	require.Len(t, f.times, maxMissed)
	require.Equal(t, now, f.times[maxMissed-1])
	require.Equal(t, now.Add(time.Second), f.next)
	for i := 1; i < maxMissed; i++ {
		require.Equal(t, time.Second, f.times[i].Sub(f.times[i-1]))
	}
}

func TestParseCron(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"", "UTC"}, {"* * * *", "UTC"}, {"61 * * * *", "UTC"}, {"@never", "UTC"}, {"@every x", "UTC"}, {"* * * * *", "Mars/Olympus"}, {"* * * * *", "Local"},
	} {
		_, err := parseCron(c[0], c[1])
		require.Error(t, err, c)
	}
}
