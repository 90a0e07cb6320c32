// Package queue is a job queue in Postgres. It knows nothing of what the jobs
// do.
//
// A job is a row of queue.job until it ends, then a row of queue.job_history.
// The life of a row, and the statement (queries/queue.sql) that moves it:
//
//	Enqueue ─▶ waiting ──Claim──▶ running ──Complete, End──▶ job_history
//	              ▲                  │ │
//	              │◀─Release, Rescue─┘ └─Retry─▶ scheduled
//	              └───────────────────Promote────────┘
//
// Invariants, and what keeps each:
//
//   - One owner. Claim locks the rows it picks and skips locked ones. A job draws
//     a new seq whenever it stops running, and every statement by which a
//     worker changes a job names (job, seq, worker). So a worker whose job was
//     taken away changes nothing and is told so (ErrLost), even if the job has
//     come back to the same worker since.
//   - No job is lost. A job leaves queue.job only in the statement that writes
//     its history row. A running job whose worker has no fresh heartbeat goes
//     back (Rescue), also if its claim was committed after the worker had been
//     declared dead. A worker gives back what it holds without knowing, because
//     the answer to its claim was lost.
//   - No failure by accident. A job that was rescued with its attempts used up
//     still goes back; the worker that claims it next ends it, so that the
//     handler's Ended hook runs in the ending transaction wherever it ends.
//   - Order. Within a priority jobs run in order of seq, which is drawn when a
//     job becomes ready, by a transaction that already has its xid (draw_seq).
//   - Wake-ups are hints. They go out after the commit; a lost one costs at most
//     the poll interval.
package queue
