package queue

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"son1k/internal/queries"
)

// marks are the low-water marks of a queue's lanes (its priorities), from where
// on a claim looks for waiting jobs. Without them it would begin at the start of
// the index, and step over the entries of all jobs that have left since vacuum
// last could remove them: for hours, if somebody forgot to end a transaction.
//
// No job waits below a mark, nor can one appear there. That holds because
//
//   - a transaction that makes a job ready has its xid, and a lock on the table,
//     before it draws the job's place in line (queue.draw_seq), and
//   - a mark is taken from a place S and the xid N to be assigned next, S read
//     first, and only once no transaction that may have drawn a place has an xid
//     below N (queue.horizon): all that drew places up to S have ended, and
//   - then the first job that is seen to wait is looked up (queue.scout). It may
//     be taken by a claim that is not yet committed: such a job still counts.
//
// The marks of one process hold for all.
type marks struct {
	mu         sync.Mutex
	lanes      []lane // by priority
	safe       int64  // no job with a place up to this can appear any more
	candidates []candidate
}

type lane struct {
	priority int16
	mark     int64
}

// candidate is a horizon that will be safe when all older writers have ended.
type candidate struct {
	seq, xid int64
	at       time.Time
}

const maxCandidates = 64

// arrays are the lanes in the form that statements take.
func (m *marks) arrays() (priorities []int16, from []int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	priorities, from = make([]int16, len(m.lanes)), make([]int64, len(m.lanes))
	for i, l := range m.lanes {
		priorities[i], from[i] = l.priority, l.mark
	}
	return priorities, from
}

// stuck reports whether a candidate has waited for so long that it is worth
// looking which of the running transactions matter.
func (m *marks) stuck(now time.Time, patience time.Duration) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.candidates) > 0 && now.Sub(m.candidates[0].at) > patience
}

// observe takes a horizon and returns the place up to which all is settled.
func (m *marks) observe(h queries.QueueHorizonRow, now time.Time) (safe int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.candidates = append(m.candidates, candidate{h.Seq, h.NextXid, now})
	settled := 0
	for settled < len(m.candidates) && m.candidates[settled].xid <= h.OldestWriter {
		m.safe = max(m.safe, m.candidates[settled].seq)
		settled++
	}
	m.candidates = m.candidates[settled:]
	if len(m.candidates) > maxCandidates { // any are good, so every other
		kept := m.candidates[:0]
		for i := 0; i < len(m.candidates); i += 2 {
			kept = append(kept, m.candidates[i])
		}
		m.candidates = kept
	}
	return m.safe
}

// advance moves the marks to what a scout has seen after all places up to safe
// were settled.
func (m *marks) advance(heads []queries.QueueScoutRow, safe int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range heads {
		mark := safe + 1
		if h.Head != 0 {
			mark = min(mark, h.Head)
		}
		m.raise(h.Priority, mark)
	}
}

// raise sets the mark of a lane, which it adds if need be. Marks never go down.
func (m *marks) raise(priority int16, mark int64) {
	i, ok := slices.BinarySearchFunc(m.lanes, priority, func(l lane, p int16) int { return cmp.Compare(l.priority, p) })
	if !ok {
		m.lanes = slices.Insert(m.lanes, i, lane{priority: priority})
	}
	m.lanes[i].mark = max(m.lanes[i].mark, mark)
}

// load takes marks that other workers have saved.
func (m *marks) load(saved []queries.QueueLanesRow) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range saved {
		m.raise(l.Priority, l.Mark)
	}
}

func (m *marks) knows(priority int16) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := slices.BinarySearchFunc(m.lanes, priority, func(l lane, p int16) int { return cmp.Compare(l.priority, p) })
	return ok
}
