package sqlite

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"
	"testing/synctest"
	"time"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/health"
)

// lockDir tells the test's own binary to hold the lock of a store, and which.
const lockDir = "BRRR_TEST_HOLD_LOCK"

// TestHoldLock is the process that holds the lock until its input ends.
func TestHoldLock(t *testing.T) {
	dir := os.Getenv(lockDir)
	if dir == "" {
		t.Skip("it is the process that the test below starts")
	}
	c, err := engine.OpenConn(StoreFile(dir), engine.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := run(c, "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	os.Stdout.WriteString("locked\n")
	os.Stdin.Read(make([]byte, 1))
}

// lockByAnother has another process lock the store until release.
func lockByAnother(t *testing.T, dir string) (release func()) {
	t.Helper()
	holder := exec.Command(os.Args[0], "-test.run=^TestHoldLock$")
	holder.Env = append(os.Environ(), lockDir+"="+dir)
	leash, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if said := make([]byte, 7); true {
		if _, err := output.Read(said); err != nil || string(said) != "locked\n" {
			t.Fatalf("the holder says %q, error %v", said, err)
		}
	}
	return func() {
		leash.Close()
		holder.Wait()
	}
}

func TestALockOfAnotherProcessHoldsNobodyBeyondTheDeadline(t *testing.T) {
	dir := t.TempDir()
	s := openIn(t, dir)
	if _, err := s.Record(t.Context(), []fraud.Transaction{{ID: "before", AccountID: "a", Amount: 1}}); err != nil {
		t.Fatal(err)
	}
	release := lockByAnother(t, dir)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	after := []fraud.Transaction{{ID: "after", AccountID: "a", Amount: 1}}
	if _, err := s.Record(ctx, after); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call with a deadline: %v", err)
	}
	if found := lookUp(t, s, []string{"before", "after"}); found[0].Err != nil || found[1].Err == nil {
		t.Errorf("while it is locked: %+v", found)
	}
	// It waits a moment at a time, and the lock is there for the first of them.
	waiting := &asked{Context: t.Context(), times: 2, then: release}
	if _, err := s.Record(waiting, after); err != nil || waiting.times > 0 {
		t.Errorf("the call that waited until it was released: %v", err)
	}
	if found := lookUp(t, s, []string{"after"}); found[0].Err != nil {
		t.Errorf("after: %v", found[0].Err)
	}
}

// asked is a context that does something once it was asked so often whether it
// has ended.
type asked struct {
	context.Context
	times int
	then  func()
}

func (a *asked) Err() error {
	if a.times--; a.times == 0 {
		a.then()
	}
	return a.Context.Err()
}

// Who has no deadline waits as long as patience lasts, whoever locks.
func TestALockBeyondPatienceIsAFault(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openIn(t, dir)
	release := lockByAnother(t, dir)
	_, err := s.Record(t.Context(), []fraud.Transaction{{ID: "a", AccountID: "a", Amount: 1}})
	if fraud.ReasonOf(err) != fraud.ReasonStoreUnavailable {
		t.Errorf("got %v, want STORE_UNAVAILABLE", err)
	}
	if err := s.Check(t.Context()); fraud.ReasonOf(err) != fraud.ReasonStoreUnavailable {
		t.Errorf("check: %v, want STORE_UNAVAILABLE", err)
	}
	release()
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("check of the released store: %v", err)
	}
}

// Each of them ends by its own deadline, long before patience does.
func TestALockThatOutlastsCallAfterCallIsAFault(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openIn(t, dir)
	release := lockByAnother(t, dir)
	calls := 0
	for s.Check(t.Context()) == nil {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		_, err := s.Record(ctx, []fraud.Transaction{{ID: "a", AccountID: "a", Amount: 1}})
		cancel()
		if calls++; !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("call %d: %v", calls, err)
		}
	}
	if want := int(suspicious / moment); calls < want {
		t.Errorf("it took %d calls of a moment each, want %d", calls, want)
	}
	release()
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("check of the released store: %v", err)
	}
	if s.inVain != 0 {
		t.Errorf("waited in vain for %v", s.inVain)
	}
}

// What hangs in the system cannot be interrupted; who asks is answered all the same.
func TestACheckIsAnsweredWhileTheStoreHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t)
		s.health.Failed(engine.ResultIOErrWrite.ToError())
		hang, idle := make(chan struct{}), s.write.idle
		s.write.idle, s.write.open = nil, func() (*conn, error) { <-hang; return nil, errors.New("it hung") }
		began, answers := time.Now(), make(chan error, 2)
		for range 2 {
			go func() { answers <- s.Check(t.Context()) }()
		}
		for range 2 {
			var known *fraud.Error
			if err := <-answers; !errors.As(err, &known) || known.Message != "the record cannot be written: the disk fails" {
				t.Errorf("got %v", err)
			}
		}
		if took := time.Since(began); took != health.CheckPatience {
			t.Errorf("it took %v", took)
		}
		close(hang)
		synctest.Wait()
		s.write.idle = idle
		if err := s.Check(t.Context()); err != nil {
			t.Errorf("once it goes on: %v", err)
		}
	})
}
