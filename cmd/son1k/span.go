package main

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

// humane writes a duration with the one or two units that matter: 3m12s.
func humane(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + humane(-max(d, -math.MaxInt64))
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < 10*time.Second:
		return strconv.FormatFloat(d.Truncate(100*time.Millisecond).Seconds(), 'f', -1, 64) + "s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return units(d, time.Minute, "m", time.Second, "s")
	case d < day:
		return units(d, time.Hour, "h", time.Minute, "m")
	default:
		return units(d, day, "d", time.Hour, "h")
	}
}

// units writes d in a unit and a smaller one, unless there is none of that.
func units(d, big time.Duration, bigName string, small time.Duration, smallName string) string {
	s := fmt.Sprintf("%d%s", d/big, bigName)
	if rest := d % big / small; rest > 0 {
		s += fmt.Sprintf("%02d%s", rest, smallName)
	}
	return s
}

// spanValue is a flag with a duration, which may count days.
type spanValue time.Duration

func (v *spanValue) String() string {
	if v == nil || *v == 0 {
		return ""
	}
	return humane(time.Duration(*v))
}

// Set takes a duration above zero.
func (v *spanValue) Set(s string) error {
	d, err := parseSpan(s)
	*v = spanValue(d)
	return err
}

var errSpan = errors.New("not a duration above zero such as 90s, 15m, 36h or 7d")

//nolint:gochecknoglobals // compiled once
var daysFirst = regexp.MustCompile(`^(\d{1,6})d`)

// parseSpan reads what time.ParseDuration does, with days in front if need be.
func parseSpan(s string) (time.Duration, error) {
	var days time.Duration
	if m := daysFirst.FindStringSubmatch(s); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil || n > int(math.MaxInt64/day)/2 {
			return 0, errSpan
		}
		days = time.Duration(n) * day
		if s = strings.TrimPrefix(s, m[0]); s == "" {
			s = "0"
		}
	}
	rest, err := time.ParseDuration(s)
	if err != nil || rest < 0 || rest > math.MaxInt64-days || days+rest == 0 {
		return 0, errSpan
	}
	return days + rest, nil
}

var errRate = errors.New("not a rate such as 10/s, 600/m or 25/1m30s")

// parseRate reads how many in which time.
func parseRate(s string) (n int, window time.Duration, err error) {
	count, per, ok := strings.Cut(s, "/")
	if !ok {
		return 0, 0, errRate
	}
	n, err = strconv.Atoi(count)
	if err != nil || n < 1 || n > math.MaxInt32 {
		return 0, 0, errRate
	}
	if per == "s" || per == "m" || per == "h" || per == "d" {
		per = "1" + per
	}
	if window, err = parseSpan(per); err != nil {
		return 0, 0, errRate
	}
	return n, window, nil
}

var errTime = errors.New("not a time such as 2026-01-31T08:00:00Z or \"2026-01-31 08:00\"")

// parseTime reads a time; one that does not name its zone is in loc.
func parseTime(s string, loc *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	for _, layout := range []string{time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(layout, s, loc); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errTime
}
