// Package queue is a job queue in Postgres. It knows nothing of what the jobs
// do.
//
// A job is a row of queue.job until it ends, then a row of queue.job_history.
// The life of a row, and the function (db/migrations/00009_queue_engine.sql) or
// query (queries/queue.sql) that moves it:
//
//	           ┌─ blocked ─unblock─┐ parked ⇄ park, unpark
//	           │                   ▼   │
//	Enqueue ───┼──────────────▶ waiting ──claim──▶ running ──finish──▶ job_history
//	           │                ▲ ▲                 │ │                    │
//	           └─▶ scheduled ───┘ └─put_back,rescue─┘ │                    │
//	                 ▲   promote                      │                    │
//	                 └────────────put_back────────────┘   retry, redrive   │
//	                   waiting ◀───────────────────────────────────────────┘
//
// Reading order: job.go and enqueue.go say what users see; claim.go, execute.go
// and complete.go are the pipeline; tenure.go starts and stops it; marks.go is
// why it stays fast; chores.go is what is done now and then.
//
// Invariants, and what keeps each:
//
//   - One owner. queue.claim locks the rows it picks and skips locked ones. A job
//     draws a new seq whenever it stops running, and every statement by which a
//     worker changes a job names (id, seq, worker). So a worker whose job was
//     taken away changes nothing and is told so (ErrLost), even if the job has
//     come back to the same worker since.
//   - No job is lost. A job leaves queue.job only in the statement that writes
//     its history row (finish, end_waiting). A running job of a worker that has
//     been silent goes back (rescue). So does one of a claim that was still under
//     way when its worker was declared dead: claims of the dead are refused, and
//     their rows are looked at for five minutes more. A worker gives back what it
//     holds without knowing, because the answer to a claim was lost (chores.go).
//   - No failure by accident. A job that was rescued with its attempts used up
//     still goes back; the worker that claims it next ends it, so that the
//     handler's Ended hook runs in the ending transaction wherever it ends. In the
//     same way a job that is cancelled by SQL while it waits, or whose deadline
//     passes, is ended by a worker if its kind has a hook (claim_doomed).
//   - Order. Within a priority jobs run in order of seq, which is drawn when a
//     job becomes ready, by a transaction that already has its xid (draw_seq). One
//     in fair_every claimed jobs is the one with the lowest seq of all.
//   - Concurrency keys. Of the jobs with a key at most so many as the newcomer's
//     limit are waiting or running. Triggers on the table decide it when a row comes
//     (before_job_insert) and goes (after_job_delete), whoever writes; put_back and
//     promote do for jobs that wait for a time. The jobs themselves are counted, under
//     an advisory lock per key, so that no counter can go wrong.
//   - Limits. Claims of a queue with limits take turns, under an advisory lock, and
//     count what runs (allowance) and what was claimed in the last window (spend). A
//     claim holds no other lock that anybody waits for.
//   - Wake-ups are hints. They go out after the commit; a lost one costs at most
//     the poll interval.
//
// What keeps it fast however long the backlog, the history and the oldest
// transaction:
//
//   - Rows are picked and updated by tuple id, in batches. The functions plan their
//     statements once per connection, and never as sequential scans.
//   - Claims begin at a low-water mark per priority (marks.go), look at what a worker
//     holds from its claim_floor on, and at schedules from where they stopped. All of
//     these step over the index entries of removed rows once, not each time, even
//     while vacuum may not remove them. The rows of limits are found newest first
//     (queue.rate) for the same reason.
//   - One claimer a process. Claiming, running and recording are a pipeline: what
//     has been done while a record is under way shares the next. Enqueues by
//     concurrent callers share statements and commits likewise (combine.go).
//   - Claims are not waited for on disk: one that a crash forgets has never been.
package queue
