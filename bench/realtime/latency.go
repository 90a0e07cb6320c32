package realtime

import (
	"context"
	"fmt"
	"time"

	"son1k/bench/crowd"
	"son1k/bench/publisher"
	"son1k/bench/score"
)

// ephemeral: from the call that publishes an event that nobody keeps to its frame
// at a client of another replica.
func (s *Suite) ephemeral() cell {
	return cell{name: "ephemeral", rows: deliveryRows("ephemeral", "ms, publish to frame"),
		run: func(ctx context.Context, b *bed) (score.Figures, error) {
			return b.elsewhere(ctx, "ephemeral", publisher.Ephemeral)
		}}
}

// durable: from the commit of an event that is kept to its frame.
func (s *Suite) durable() cell {
	return cell{name: "durable", rows: deliveryRows("durable", "ms, commit to frame"), skips: func(sys *system) bool { return sys.peer },
		run: func(ctx context.Context, b *bed) (score.Figures, error) {
			return b.elsewhere(ctx, "durable", publisher.Durable)
		}}
}

// elsewhere publishes to many topics, all of whose followers are on the second
// replica.
func (b *bed) elsewhere(ctx context.Context, name, op string) (score.Figures, error) {
	if _, err := b.join(ctx, followers, topicCount, atOnce, "", b.replicas[1]); err != nil {
		return nil, err
	}
	return b.delivered(ctx, name, topicCount, followers/topicCount, publisher.Request{
		Op: op, Topics: b.suite.people.topics(topicCount), Rate: eventRate, Count: int(eventRate * b.suite.sizes.events.Seconds()),
	})
}

// calm is for what joining a room sets off, such as who is in it, to be over.
const calm = time.Second

// fanout: one room with clients on both replicas.
func (s *Suite) fanout(name string, clients int) cell {
	return cell{name: name, rows: deliveryRows(name, fmt.Sprintf("ms, publish to frame, %d clients", clients)),
		run: func(ctx context.Context, b *bed) (score.Figures, error) {
			room := s.people.roomTopic()
			if _, err := b.join(ctx, clients, clients, atOnce, room, b.replicas...); err != nil {
				return nil, err
			}
			if err := pause(ctx, calm); err != nil {
				return nil, err
			}
			return b.delivered(ctx, name, 1, clients, publisher.Request{
				Op: publisher.Ephemeral, Topics: []string{room}, Rate: fanoutRate, Count: int(fanoutRate * s.sizes.fanout.Seconds()),
			})
		}}
}

// deliveryRows are the rows that delivered fills.
func deliveryRows(prefix, unit string) []score.Row {
	return []score.Row{
		{Name: prefix + "-p50", Unit: unit, Lower: true},
		{Name: prefix + "-p99", Unit: unit, Lower: true},
		{Name: prefix + "-cpu", Unit: "CPU µs/delivery", Lower: true},
		{Name: prefix + "-wrong", Unit: "deliveries lost or twice", Lower: true},
		{Name: prefix + "-disordered", Unit: "deliveries after a later one of their topic", Lower: true},
	}
}

// delivered publishes events, each of which goes to a number of clients, and
// tells how they arrived.
func (b *bed) delivered(ctx context.Context, name string, groups, each int, q publisher.Request) (score.Figures, error) {
	if _, err := b.gather(ctx, crowd.Request{Op: crowd.Expect, Groups: groups, Count: q.Count}); err != nil {
		return nil, err
	}
	var all crowd.Reply
	spent, clients, err := b.spent(ctx, func() error {
		published, err := b.publish(ctx, q)
		if err != nil {
			return err
		}
		all, err = b.gather(ctx, crowd.Request{Op: crowd.Collect, Sent: published.Sent, Skip: warmUp, Patience: b.suite.sizes.patience.Seconds()})
		return err
	})
	if err != nil {
		return nil, err
	}
	arrived := float64(max(all.Arrived, 1))
	b.suite.board.Note(name+", "+b.name, "of %d deliveries %d lost, %d twice, %d out of order; %d connections ended; the clients took %.1f µs of CPU/delivery",
		q.Count*each, all.Lost, all.Twice, all.Disordered, all.Gone, clients*1e6/arrived)
	return score.Figures{
		name + "-p50": all.P50, name + "-p99": all.P99, name + "-cpu": spent * 1e6 / arrived,
		name + "-wrong": float64(all.Lost + all.Twice), name + "-disordered": float64(all.Disordered),
	}, nil
}

// storm: everybody connects at once.
func (s *Suite) storm() cell {
	n := s.sizes.storm
	return cell{name: "storm",
		rows: []score.Row{
			{Name: "storm", Unit: fmt.Sprintf("s until %d clients have joined", n), Lower: true},
			{Name: "storm-p99", Unit: "ms, from dialling to joined", Lower: true},
			{Name: "storm-cpu", Unit: "CPU µs/client", Lower: true},
		},
		run: func(ctx context.Context, b *bed) (score.Figures, error) {
			var r crowd.Reply
			spent, _, err := b.spent(ctx, func() (err error) {
				r, err = b.join(ctx, n, n, n, "", b.replicas...)
				return err
			})
			return score.Figures{"storm": r.Seconds, "storm-p99": r.P99, "storm-cpu": spent * 1e6 / float64(n)}, err
		}}
}

// pause lets what is still under way come to an end.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
