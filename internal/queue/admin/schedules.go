package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"son1k/internal/queries"
)

// Schedule is a job that is enqueued again and again.
type Schedule struct {
	Name        string     `json:"name"`
	Queue       string     `json:"queue"`
	Kind        string     `json:"kind"`
	Cron        string     `json:"cron"`
	Timezone    string     `json:"timezone"`
	State       string     `json:"state"`  // active, paused or broken: see Error
	NextAt      *time.Time `json:"nextAt"` // null: a worker will work it out
	LastAt      *time.Time `json:"lastAt"`
	Missed      string     `json:"missed"`
	Overlap     bool       `json:"overlap"`
	Priority    int        `json:"priority"`
	MaxAttempts int        `json:"maxAttempts"`
	Error       *string    `json:"error"`
}

// Missed lists what can happen to times that passed while no worker lived:
// nothing, one job for all of them, or a job each.
func Missed() []string { return []string{"skip", "once", "all"} }

// Schedules lists all schedules.
func (a *Admin) Schedules(ctx context.Context) ([]Schedule, error) {
	return a.schedules(ctx, "")
}

func (a *Admin) schedules(ctx context.Context, name string) ([]Schedule, error) {
	rows, err := a.q.AdminSchedules(ctx, a.pool, name)
	if err != nil {
		return nil, explain("list schedules", err)
	}
	return mapped(rows, func(r queries.AdminSchedulesRow) Schedule {
		return Schedule{
			Name: r.Name, Queue: r.Queue, Kind: r.Kind, Cron: r.Cron, Timezone: r.Timezone, State: r.State,
			NextAt: timeOrNil(r.NextAt), LastAt: timeOrNil(r.LastAt), Missed: r.Missed, Overlap: r.Overlap,
			Priority: int(r.Priority), MaxAttempts: int(r.MaxAttempts), Error: orNil(r.Error),
		}
	}), nil
}

// Schedule returns one. It fails with a [*NotFoundError] if there is none.
func (a *Admin) Schedule(ctx context.Context, name string) (Schedule, error) {
	if err := validSchedule(name); err != nil {
		return Schedule{}, err
	}
	found, err := a.schedules(ctx, name)
	if err != nil {
		return Schedule{}, err
	}
	if len(found) == 0 {
		return Schedule{}, &NotFoundError{Message: fmt.Sprintf("there is no schedule %q", name)}
	}
	return found[0], nil
}

func validSchedule(name string) error {
	var c checks
	c.text("name", name, MaxName)
	return c.err()
}

// ScheduleParams describes a schedule.
type ScheduleParams struct {
	Name        string
	Queue       string
	Kind        string
	Cron        string // minute hour day month weekday, or such as @hourly or @every 90s
	Timezone    string // IANA name
	Payload     json.RawMessage
	Missed      string
	Overlap     bool // enqueue the next job while the last one is still live
	Priority    int
	MaxAttempts int
}

// Validate finds fields that make no sense.
func (p ScheduleParams) Validate() error {
	var c checks
	c.text("name", p.Name, MaxName)
	c.text("queue", p.Queue, MaxName)
	c.text("kind", p.Kind, MaxName)
	c.text("cron", p.Cron, MaxCron)
	c.text("timezone", p.Timezone, MaxName)
	c.json("payload", p.Payload)
	c.oneOf("missed", p.Missed, Missed())
	c.number("priority", p.Priority, 0, MaxPriority)
	c.number("maxAttempts", p.MaxAttempts, 1, MaxAttempts)
	return c.err()
}

// SetSchedule adds a schedule, or changes the one of that name.
func (a *Admin) SetSchedule(ctx context.Context, p ScheduleParams) (Schedule, error) {
	if err := p.Validate(); err != nil {
		return Schedule{}, err
	}
	if len(p.Payload) == 0 {
		p.Payload = json.RawMessage("{}")
	}
	err := a.q.AdminSetSchedule(ctx, a.pool, queries.AdminSetScheduleParams{
		Name: p.Name, Queue: p.Queue, Kind: p.Kind, Cron: p.Cron, Timezone: p.Timezone, Payload: p.Payload,
		Missed: p.Missed, Overlap: p.Overlap, Priority: int32(p.Priority), MaxAttempts: int32(p.MaxAttempts),
	})
	if err != nil {
		return Schedule{}, explain("set schedule", err)
	}
	return a.Schedule(ctx, p.Name)
}

// PauseSchedule puts a schedule out of force.
func (a *Admin) PauseSchedule(ctx context.Context, name string) (Schedule, error) {
	return a.changeSchedule(ctx, name, "pause schedule", a.q.AdminPauseSchedule)
}

// ResumeSchedule puts it in force again.
func (a *Admin) ResumeSchedule(ctx context.Context, name string) (Schedule, error) {
	return a.changeSchedule(ctx, name, "resume schedule", a.q.AdminResumeSchedule)
}

func (a *Admin) changeSchedule(ctx context.Context, name, doing string, change func(context.Context, queries.DBTX, string) error) (Schedule, error) {
	if _, err := a.Schedule(ctx, name); err != nil {
		return Schedule{}, err
	}
	if err := change(ctx, a.pool, name); err != nil {
		return Schedule{}, explain(doing, err)
	}
	return a.Schedule(ctx, name)
}

// DropSchedule removes a schedule and returns what it was.
func (a *Admin) DropSchedule(ctx context.Context, name string) (Schedule, error) {
	was, err := a.Schedule(ctx, name)
	if err != nil {
		return Schedule{}, err
	}
	if err := a.q.AdminDropSchedule(ctx, a.pool, name); err != nil {
		return Schedule{}, explain("drop schedule", err)
	}
	return was, nil
}
