package realtime

import (
	"context"
	"time"

	"son1k/bench/publisher"
	"son1k/bench/score"
)

// writes: what telling of writes costs those who write. Phases with and without
// events alternate, so that whatever the machine does meanwhile, it does to both.
func (s *Suite) writes() cell {
	return cell{name: "writes", skips: func(sys *system) bool { return sys.redis },
		rows: []score.Row{
			{Name: "writes-off", Unit: "commits/s, 16 writers, no events", Apart: true},
			{Name: "writes-on", Unit: "commits/s, 16 writers, an event each", Apart: true},
			{Name: "writes", Unit: "throughput, events on ÷ off", Over: "writes-on", Under: "writes-off"},
		},
		run: func(ctx context.Context, b *bed) (score.Figures, error) {
			if _, err := b.join(ctx, followers, topicCount, atOnce, "", b.replicas...); err != nil {
				return nil, err
			}
			return b.write(ctx)
		}}
}

// betweenPhases is for the events of one phase not to be a burden of the next.
const betweenPhases = 300 * time.Millisecond

func (b *bed) write(ctx context.Context) (score.Figures, error) {
	q := publisher.Request{
		Op: publisher.Write, Topics: b.suite.people.topics(topicCount), Clients: writers, Seconds: b.suite.sizes.write.Seconds(),
	}
	commits, seconds := make(map[bool]float64), make(map[bool]float64)
	for range 2 * b.suite.sizes.phases {
		r, err := b.publish(ctx, q)
		if err != nil {
			return nil, err
		}
		commits[q.Events] += float64(r.Commits)
		seconds[q.Events] += r.Seconds
		q.Events = !q.Events
		if err := pause(ctx, betweenPhases); err != nil {
			return nil, err
		}
	}
	return score.Figures{"writes-off": commits[false] / seconds[false], "writes-on": commits[true] / seconds[true]}, nil
}
