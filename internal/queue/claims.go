package queue

import (
	"slices"
	"sync"
	"time"
)

// claims numbers the claims of a worker and knows which of them may have taken
// jobs that it does not know of. The numbers are in the rows of running jobs:
// what the worker holds can be found by them without stepping over the index
// entries of all that it ever held.
type claims struct {
	mu       sync.Mutex
	last     int64
	underWay []int64
	lost     []lostClaim
}

// lostClaim is a claim without an answer. It may still be committed.
type lostClaim struct {
	no int64
	at time.Time
}

// forgetLost is when no statement whose client has gone can still be under way.
const forgetLost = 5 * time.Minute

// begin returns the number of a new claim.
func (c *claims) begin() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	c.underWay = append(c.underWay, c.last)
	return c.last
}

// end notes that a claim was answered, or that it was not.
func (c *claims) end(no int64, answered bool, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.underWay = slices.DeleteFunc(c.underWay, func(n int64) bool { return n == no })
	if !answered {
		c.lost = append(c.lost, lostClaim{no, now})
	}
}

// unanswered lists the claims to look after.
func (c *claims) unanswered(now time.Time) []int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost = slices.DeleteFunc(c.lost, func(l lostClaim) bool { return now.Sub(l.at) > forgetLost })
	all := make([]int64, len(c.lost))
	for i, l := range c.lost {
		all[i] = l.no
	}
	return all
}

// floor is the lowest number that a job can have that comes of a claim which is
// under way or unanswered, or of a later one. Jobs of answered claims are held by
// then: look at those afterwards.
func (c *claims) floor() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	low := c.last + 1
	for _, n := range c.underWay {
		low = min(low, n)
	}
	for _, l := range c.lost {
		low = min(low, l.no)
	}
	return low
}
