package queue_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/queue"
)

// childEnv makes this test binary a worker process of the database that it
// names, to be stopped and killed.
const childEnv = "SON1K_QUEUE_TEST_CHILD"

// runChild says "began" for each job and then waits for a line, after which it
// tries to complete the job and says what came of it. It ends with its input.
func runChild(dsn string) int {
	if crew := os.Getenv(crewEnv); crew != "" {
		return runCrew(dsn, crew)
	}
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return 1
	}
	lines := make(chan struct{})
	handler := work(func(ctx context.Context, job *queue.Job) error {
		fmt.Println("began")
		<-lines
		err := pgx.BeginFunc(context.WithoutCancel(ctx), pool, func(tx pgx.Tx) error {
			return job.CompleteTx(context.WithoutCancel(ctx), tx, "by the child")
		})
		fmt.Println(err)
		return err
	})
	w, err := queue.NewWorker(queue.WorkerConfig{
		Pool: pool, Queue: queueName, Handlers: []queue.Handler{handler}, Poll: 20 * time.Millisecond,
		Heartbeat: 50 * time.Millisecond, DeadAfter: time.Minute, // it judges nobody
	})
	if err != nil || w.Start(ctx) != nil {
		return 1
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		lines <- struct{}{}
	}
	return 0
}

type childProcess struct {
	*os.Process
	said  <-chan string
	input io.WriteCloser
	ended <-chan struct{} // when it has closed its output
}

// child starts a worker process; env makes it another than that of runChild.
func (r *rig) child(env ...string) childProcess {
	r.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), childEnv+"="+r.pool.Config().ConnString()), env...)
	cmd.Stderr = raceWatch{r}
	out, err := cmd.StdoutPipe()
	require.NoError(r, err)
	in, err := cmd.StdinPipe()
	require.NoError(r, err)
	require.NoError(r, cmd.Start())
	said := make(chan string, 10)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			said <- lines.Text()
		}
	}()
	r.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		_ = cmd.Wait()
	})
	return childProcess{cmd.Process, said, in, ended}
}

// raceWatch passes on what a process complains of, and fails the test if that is
// a data race: the exit code of a process that is killed says nothing.
type raceWatch struct{ r *rig }

func (w raceWatch) Write(text []byte) (int, error) {
	if bytes.Contains(text, []byte("DATA RACE")) {
		w.r.Error("a worker process has a data race")
	}
	return w.r.Output().Write(text)
}

// A worker process stands still, is declared dead, and wakes up in the middle of
// a job that somebody else has done.
func TestStoppedProcessWakesUpToNothing(t *testing.T) {
	t.Parallel()
	r := setup(t)
	child := r.child()
	id, _ := r.enqueue(queue.Params{})
	require.Equal(t, "began", receive(t, child.said))
	first := *r.only().WorkerID
	require.NoError(t, child.Signal(syscall.SIGSTOP))
	survivor := r.worker(work(func(context.Context, *queue.Job) error { return nil }), quickToJudge)
	r.awaitEnd()
	survivor.Stop()

	require.NoError(t, child.Signal(syscall.SIGCONT))
	_, err := io.WriteString(child.input, "go on\n")
	require.NoError(t, err)
	require.Equal(t, queue.ErrLost.Error(), receive(t, child.said))
	r.requireAll([]int64{id}, completed)
	require.Equal(t, "The worker died.", r.history()[0].Errors[0].Error)
	require.Nil(t, r.history()[0].Result)

	// It goes on under another name.
	again, _ := r.enqueue(queue.Params{})
	require.Equal(t, "began", receive(t, child.said))
	require.NotEqual(t, first, *r.only().WorkerID)
	_, err = io.WriteString(child.input, "go on\n")
	require.NoError(t, err)
	require.Equal(t, "<nil>", receive(t, child.said))
	r.awaitEnd()
	r.requireAll([]int64{id, again}, completed)
}

func TestJobOfAKilledProcessIsTakenOver(t *testing.T) {
	t.Parallel()
	r := setup(t)
	child := r.child()
	id, _ := r.enqueue(queue.Params{})
	require.Equal(t, "began", receive(t, child.said))
	require.NoError(t, child.Kill())
	r.worker(work(func(context.Context, *queue.Job) error { return nil }), quickToJudge)
	all := r.awaitEnd()
	require.Len(t, all, 1)
	require.Equal(t, id, all[0].ID)
	require.EqualValues(t, 2, all[0].Attempt)
}

// More is done at once than can be recorded at once.
func TestWorkerDoesNotRunAheadOfItsRecords(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.exec("INSERT INTO queue.job (queue, kind) SELECT 'q', 'k' FROM generate_series(1, 3000)")
	locks, err := r.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = locks.Exec(t.Context(), "LOCK TABLE queue.job_history IN SHARE MODE") // nothing can end
	require.NoError(t, err)
	ran := make(chan struct{}, 3000)
	w := r.worker(work(func(context.Context, *queue.Job) error { ran <- struct{}{}; return nil }),
		func(c *queue.WorkerConfig) { c.Concurrency = 100 })
	r.eventually("it waits", func() bool { return w.Running() > 1100 })
	require.LessOrEqual(t, w.Running(), 1200)
	require.NoError(t, locks.Rollback(t.Context()))
	require.Len(t, r.awaitEnd(), 3000)
	require.Len(t, ran, 3000)
}
