package realtime_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// BenchmarkDelivery measures the way from a publisher to a client of another
// replica, at 500 events a second of ten users. A durable event's time starts
// at its commit. Run it with -benchtime 5000x, for 10 s each.
func BenchmarkDelivery(b *testing.B) {
	b.Run("ephemeral", func(b *testing.B) {
		benchmarkDelivery(b, func(s *system, user uuid.UUID, data any) time.Time {
			began := time.Now()
			require.NoError(b, s.publisher.Ephemeral(topicOf(user), uuid.NewString(), "tick", data))
			return began
		})
	})
	b.Run("durable", func(b *testing.B) {
		benchmarkDelivery(b, func(s *system, user uuid.UUID, data any) time.Time {
			e := s.commit(b, user, "song", data)
			began := time.Now()
			s.publisher.Publish(e)
			return began
		})
	})
}

func benchmarkDelivery(b *testing.B, publish func(*system, uuid.UUID, any) time.Time) {
	const users, pace = 10, 2 * time.Millisecond
	s := newSystem(b)
	r := s.serve(b, nil)
	type arrival struct {
		n  int
		at time.Time
	}
	arrivals := make(chan arrival, b.N)
	var people []uuid.UUID
	for range users {
		user := uuid.New()
		people = append(people, user)
		c, _, _ := r.join(b, user, "")
		go func() {
			for {
				_, body, err := c.Read(b.Context())
				if err != nil {
					return
				}
				at, n := time.Now(), -1
				_, _ = fmt.Sscanf(string(decode(b, body).Data), `{"n":%d}`, &n)
				arrivals <- arrival{n, at}
			}
		}()
	}
	sent := make([]time.Time, b.N)
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	b.ResetTimer()
	for n := range b.N {
		<-ticker.C
		sent[n] = publish(s, people[n%users], map[string]int{"n": n})
	}
	delays := make([]time.Duration, 0, b.N)
	for range b.N {
		a := <-arrivals
		delays = append(delays, a.at.Sub(sent[a.n]))
	}
	slices.Sort(delays)
	for _, p := range []int{50, 99} {
		b.ReportMetric(float64(delays[(len(delays)-1)*p/100].Microseconds())/1000, fmt.Sprintf("p%d-ms", p))
	}
}
