package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"son1k/internal/queue/admin"
)

func jobsSchedules(in invocation) error {
	fs, out := in.jobFlags("")
	if _, err := in.words(fs, 0, 0); err != nil {
		return err
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error {
		found, err := queue.Schedules(ctx)
		if err != nil {
			return err
		}
		return scheduleRows(out, found)
	})
}

func scheduleRows(out *output, found []admin.Schedule) error {
	type schedule = admin.Schedule
	return rows(out, found, "There is no schedule: make one with son1k jobs schedule set.",
		left("NAME", func(s schedule) string { return s.Name }),
		left("QUEUE", func(s schedule) string { return s.Queue }),
		left("KIND", func(s schedule) string { return s.Kind }),
		left("CRON", func(s schedule) string { return s.Cron }),
		left("TIMEZONE", func(s schedule) string { return s.Timezone }),
		left("STATE", func(s schedule) string { return s.State }),
		left("NEXT", func(s schedule) string { return out.atOr(s.NextAt, "") }),
		left("LAST", func(s schedule) string { return out.atOr(s.LastAt, "never") }),
		left("MISSED", func(s schedule) string { return s.Missed }),
		left("OVERLAP", func(s schedule) string { return strconv.FormatBool(s.Overlap) }),
		right("PRIORITY", func(s schedule) string { return strconv.Itoa(s.Priority) }),
		left("ERROR", func(s schedule) string { return clip(text(s.Error), errorWidth) }),
	)
}

func scheduleVerbs() []verb {
	return []verb{
		{"set", "NAME --queue Q --kind K --cron C", "add a schedule or change the one of that name", scheduleSet},
		{"pause", "NAME", "put a schedule out of force", schedulePause},
		{"resume", "NAME", "put it in force again", scheduleResume},
		{"drop", "NAME", "remove a schedule; the jobs that it has enqueued stay", scheduleDrop},
	}
}

func jobsSchedule(in invocation) error {
	if len(in.args) == 0 {
		scheduleHelp(in.stderr)
		return errUsage
	}
	if isHelp(in.args[0]) {
		scheduleHelp(in.stdout)
		return nil
	}
	return in.choose(scheduleVerbs(), scheduleHelp)
}

func scheduleHelp(w io.Writer) {
	fmt.Fprint(w, "Usage:\n\n")
	for _, v := range scheduleVerbs() {
		fmt.Fprintf(w, "  son1k jobs schedule %-38s  %s\n", v.name+" "+v.synopsis, v.does)
	}
}

func scheduleSet(in invocation) error {
	fs, out := in.jobFlags("NAME --queue Q --kind K --cron C")
	var p admin.ScheduleParams
	fs.StringVar(&p.Queue, "queue", "", "queue of its jobs (required)")
	fs.StringVar(&p.Kind, "kind", "", "kind of its jobs (required)")
	fs.StringVar(&p.Cron, "cron", "", "when: \"minute hour day month weekday\", or such as @hourly or \"@every 90s\" (required)")
	fs.StringVar(&p.Timezone, "timezone", "UTC", "zone of those times, such as Europe/Madrid")
	payload := payloadFlag(fs)
	fs.StringVar(&p.Missed, "missed", "once", "what happens to times that pass while no worker lives: skip, once (one job for all) or all")
	fs.BoolVar(&p.Overlap, "overlap", false, "enqueue the next job while the last one is still live")
	fs.IntVar(&p.Priority, "priority", 100, "of its jobs")
	fs.IntVar(&p.MaxAttempts, "max-attempts", 3, "of its jobs")
	words, err := in.words(fs, 1, 1)
	if err != nil {
		return err
	}
	p.Name = words[0]
	if p.Payload, err = in.payload(*payload); err != nil {
		return err
	}
	if err := in.invalid(p.Validate()); err != nil {
		return err
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error {
		s, err := queue.SetSchedule(ctx, p)
		if err != nil {
			return err
		}
		return scheduleRows(out, []admin.Schedule{s})
	})
}

func schedulePause(in invocation) error  { return in.changeSchedule((*admin.Admin).PauseSchedule, "") }
func scheduleResume(in invocation) error { return in.changeSchedule((*admin.Admin).ResumeSchedule, "") }
func scheduleDrop(in invocation) error {
	return in.changeSchedule((*admin.Admin).DropSchedule, "It was:")
}

func (in invocation) changeSchedule(change func(*admin.Admin, context.Context, string) (admin.Schedule, error), intro string) error {
	fs, out := in.jobFlags("NAME")
	words, err := in.words(fs, 1, 1)
	if err != nil {
		return err
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error {
		s, err := change(queue, ctx, words[0])
		if err != nil {
			return err
		}
		if intro = strings.TrimSpace(intro); intro != "" && !out.json {
			fmt.Fprintln(in.stderr, intro)
		}
		return scheduleRows(out, []admin.Schedule{s})
	})
}
