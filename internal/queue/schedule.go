package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/netresearch/go-cron"

	"son1k/internal/queries"
)

// Missed says what happens to times of a schedule that passed while no worker
// lived.
type Missed string

// The policies for missed times.
const (
	MissedSkip Missed = "skip" // nothing
	MissedOnce Missed = "once" // one job for all of them
	MissedAll  Missed = "all"  // a job each, of the last hundred
)

// maxMissed bounds how many jobs MissedAll makes up for at once.
const maxMissed = 100

// lateness is by how much a time may have passed to be merely late.
const lateness = 30 * time.Second

// Schedule is a job to be enqueued again and again. It is kept in the database:
// one of all workers of the queue enqueues each.
type Schedule struct {
	Name        string
	Queue       string
	Kind        string
	Cron        string // minute hour day month weekday, or a descriptor such as @daily or @every 90s
	Timezone    string // IANA name; empty: UTC
	Missed      Missed // empty: MissedOnce
	Overlap     bool   // enqueue even while the last one is live
	Priority    int16
	MaxAttempts int16 // 0 means 3
	Payload     any
}

// SetSchedule defines a schedule, or changes it. It fails if Cron or Timezone make
// no sense.
func (c *Client) SetSchedule(ctx context.Context, db queries.DBTX, s Schedule) error {
	s.Timezone = cmp.Or(s.Timezone, "UTC")
	if _, err := parseCron(s.Cron, s.Timezone); err != nil {
		return fmt.Errorf("queue: schedule %s: %w", s.Name, err)
	}
	payload, err := (&Params{Payload: s.Payload}).payload()
	if err != nil {
		return err
	}
	err = c.q.QueueScheduleSet(ctx, db, queries.QueueScheduleSetParams{
		Name: s.Name, Queue: s.Queue, Kind: s.Kind, Cron: s.Cron, Timezone: s.Timezone,
		Missed: string(cmp.Or(s.Missed, MissedOnce)), Overlap: s.Overlap, Priority: s.Priority,
		MaxAttempts: cmp.Or(s.MaxAttempts, 3), Payload: payload,
	})
	if err != nil {
		return fmt.Errorf("queue: schedule %s: %w", s.Name, err)
	}
	return nil
}

func parseCron(spec, timezone string) (cron.Schedule, error) {
	zone, err := time.LoadLocation(timezone)
	if err != nil || timezone == "Local" {
		return nil, fmt.Errorf("there is no time zone %q", timezone)
	}
	s, err := cron.ParseStandard("CRON_TZ=" + timezone + " " + spec)
	if err != nil {
		return nil, fmt.Errorf("cron %q: %w", spec, err)
	}
	if fields := strings.Fields(spec); len(fields) == 5 && strings.HasPrefix(fields[1], "*") || fields[0] == "@hourly" || fields[0] == "@every" {
		return s, nil
	}
	return onceOnTheClock{s, zone}, nil
}

// onceOnTheClock is a schedule for certain hours. When clocks are set back, one
// of its times comes twice and is meant once.
type onceOnTheClock struct {
	cron.Schedule
	zone *time.Location
}

// Next returns the first time after t.
func (s onceOnTheClock) Next(t time.Time) time.Time {
	next := s.Schedule.Next(t)
	if !next.IsZero() && next.In(s.zone).Format(time.DateTime) == t.In(s.zone).Format(time.DateTime) {
		next = s.Schedule.Next(next)
	}
	return next
}

// firing is what is to be done about a schedule at some time.
type firing struct {
	times []time.Time // to enqueue a job for, oldest first
	next  time.Time   // zero: never
}

// fire decides which of the times from next on, up to now, get a job.
func fire(s cron.Schedule, next, now time.Time, missed Missed) firing {
	var f firing
	late := now.Add(-lateness)
	for ; !next.IsZero() && !next.After(now); next = s.Next(next) {
		if missed == MissedSkip && next.Before(late) {
			continue
		}
		f.times = append(f.times, next)
		keep := 1
		if missed == MissedAll {
			keep = maxMissed
		}
		f.times = f.times[max(0, len(f.times)-keep):]
	}
	f.next = next
	return f
}

// schedules enqueues what schedules are due.
func (c *chores) schedules(ctx context.Context) error {
	woken := false
	err := pgx.BeginFunc(ctx, c.cfg.Pool, func(tx pgx.Tx) error {
		due, err := c.q.QueueSchedulesDue(ctx, replanned{tx}, c.cfg.Queue)
		if err != nil {
			return err
		}
		for _, s := range due {
			n, err := c.fire(ctx, tx, s)
			if err != nil {
				return fmt.Errorf("schedule %s: %w", s.Name, err)
			}
			woken = woken || n > 0
		}
		return nil
	})
	if err != nil {
		return err
	}
	if woken {
		c.Wake()
		c.wakeFleet()
	}
	in, err := c.q.QueueScheduleNext(ctx, c.db, c.cfg.Queue)
	c.soon(in)
	return err
}

func (c *chores) fire(ctx context.Context, tx pgx.Tx, s queries.QueueSchedulesDueRow) (fired int, err error) {
	advance := queries.QueueScheduleAdvanceParams{Name: s.Name}
	parsed, err := parseCron(s.Cron, s.Timezone)
	if err != nil {
		advance.Error = optional(storable(err.Error()))
		return 0, c.q.QueueScheduleAdvance(ctx, replanned{tx}, advance)
	}
	if s.NextAt == nil {
		advance.NextAt = optional(parsed.Next(s.Now))
		return 0, c.q.QueueScheduleAdvance(ctx, replanned{tx}, advance)
	}
	f := fire(parsed, *s.NextAt, s.Now, Missed(s.Missed))
	for _, at := range f.times {
		inserted, err := c.enqueueScheduled(ctx, tx, s, at)
		if err != nil {
			return fired, err
		}
		if inserted {
			fired++
		}
		advance.LastAt = &at
	}
	advance.NextAt = optional(f.next)
	if advance.NextAt == nil {
		advance.Error = optional("There is no next time.")
	}
	return fired, c.q.QueueScheduleAdvance(ctx, replanned{tx}, advance)
}

// enqueueScheduled adds the job of a schedule for a time. Its key says which it
// is; without overlap all jobs of the schedule have the same.
func (c *chores) enqueueScheduled(ctx context.Context, tx pgx.Tx, s queries.QueueSchedulesDueRow, at time.Time) (bool, error) {
	key := "schedule:" + s.Name
	if s.Overlap || Missed(s.Missed) == MissedAll {
		key += ":" + at.UTC().Format(time.RFC3339)
	}
	_, err := c.q.QueueEnqueue(ctx, tx, queries.QueueEnqueueParams{
		Queue: s.Queue, Kind: s.Kind, Key: &key, Priority: s.Priority, MaxAttempts: s.MaxAttempts, Payload: json.RawMessage(s.Payload),
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
