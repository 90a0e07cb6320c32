package publisher

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"son1k/bench/clock"
	"son1k/bench/line"
	"son1k/internal/events"
	"son1k/internal/notify"
	"son1k/internal/postgres"
)

// EventType is the type of all events.
const EventType = "bench"

const poolSize = 16

// payload is the data of an event: its number, and as many bytes as a progress
// tick has.
type payload struct {
	N    int    `json:"n"`
	Text string `json:"text"`
}

type publisher struct {
	pool   *pgxpool.Pool
	sender *notify.Sender
	events *events.Publisher
	text   string
}

// Serve answers requests until there are no more.
func Serve(ctx context.Context, dsn string, in io.Reader, out io.Writer) error {
	debug.SetGCPercent(400) // as cmd/son1k does
	pool, err := postgres.Open(ctx, dsn, poolSize, "son1k bench")
	if err != nil {
		return err
	}
	defer pool.Close()
	sender := notify.NewSender(dsn, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err := sender.Start(ctx); err != nil {
		return err
	}
	defer sender.Stop()
	p := &publisher{pool, sender, events.NewPublisher(sender), strings.Repeat("x", 100)}
	return line.Serve(ctx, in, out, p.answer)
}

func (p *publisher) answer(ctx context.Context, q Request) (r Reply, err error) {
	switch q.Op {
	case Ephemeral:
		return p.ephemeral(q)
	case Durable:
		return p.durable(ctx, q)
	case Write:
		return p.write(ctx, q)
	}
	return r, fmt.Errorf("publisher: unknown operation %q", q.Op)
}

// ephemeral gives each event a key of its own, so that none takes the place of
// another.
func (p *publisher) ephemeral(q Request) (Reply, error) {
	sent := make([]int64, q.Count)
	began := clock.Now() + 1000
	for i := range sent {
		sleepUntil(began + int64(float64(i)/q.Rate*1e6))
		sent[i] = clock.Now()
		err := p.events.Ephemeral(q.Topics[i%len(q.Topics)], strconv.Itoa(i), EventType, payload{i, p.text})
		if err != nil {
			return Reply{}, err
		}
	}
	return Reply{Sent: sent}, nil
}

// durable has a goroutine for each topic, so that the events of a topic are
// committed in the order of their numbers.
func (p *publisher) durable(ctx context.Context, q Request) (Reply, error) {
	sent := make([]int64, q.Count)
	failed := make(chan error, len(q.Topics))
	began := clock.Now() + 1000
	var all sync.WaitGroup
	for t, topic := range q.Topics {
		all.Go(func() {
			for i := t; i < q.Count; i += len(q.Topics) {
				sleepUntil(began + int64(float64(i)/q.Rate*1e6))
				var err error
				if sent[i], err = p.commit(ctx, topic, i); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(failed)
	return Reply{Sent: sent}, <-failed
}

// commit publishes one durable event and tells when it was committed.
func (p *publisher) commit(ctx context.Context, topic string, number int) (at int64, err error) {
	var event events.Event
	err = pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) (err error) {
		event, err = p.events.AppendTx(ctx, tx, topic, EventType, payload{number, p.text})
		return err
	})
	if err != nil {
		return 0, err
	}
	at = clock.Now()
	p.events.Publish(event)
	return at, nil
}

func (p *publisher) write(ctx context.Context, q Request) (Reply, error) {
	var commits atomic.Int64
	errs := make(chan error, q.Clients)
	began := clock.Now()
	var all sync.WaitGroup
	for range q.Clients {
		all.Go(func() {
			for clock.Since(began) < q.Seconds {
				if err := p.writeOne(ctx, q, int(commits.Add(1))); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(errs)
	return Reply{Commits: int(commits.Load()), Seconds: clock.Since(began)}, <-errs
}

// InsertSQL is the small transaction of the writes cell.
const InsertSQL = "INSERT INTO bench_write (body) VALUES ($1)"

func (p *publisher) writeOne(ctx context.Context, q Request, number int) error {
	var event events.Event
	err := pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, InsertSQL, p.text)
		if err == nil && q.Events {
			event, err = p.events.AppendTx(ctx, tx, q.Topics[number%len(q.Topics)], EventType, payload{number, p.text})
		}
		return err
	})
	if err == nil && q.Events {
		p.events.Publish(event)
	}
	return err
}

func sleepUntil(due int64) {
	if wait := due - clock.Now(); wait > 0 {
		time.Sleep(time.Duration(wait) * time.Microsecond)
	}
}
