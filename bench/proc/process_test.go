package proc

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func start(t *testing.T, line string) *Process {
	t.Helper()
	set := NewSet()
	t.Cleanup(set.StopAll)
	p, err := set.Start(Spec{Name: "test", Args: []string{"sh", "-c", line}, Log: filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestStopLeavesNothingOfATreeThatHides(t *testing.T) {
	// One child in a session of its own whose parent has ended, one that ignores
	// SIGTERM.
	p := start(t, `setsid sh -c 'sleep 300 & sleep 300' & sh -c 'trap "" TERM; sleep 300; sleep 300' & echo ready; wait`)
	awaitWords(t, p, "ready")
	deadline := time.Now().Add(5 * time.Second)
	for len(p.tree.living()) < 5 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	p.Stop()
	if left := p.tree.living(); len(left) > 0 {
		t.Errorf("%d processes are left: %+v", len(left), left)
	}
}

func TestAProgramThatEndsBeforeItIsReadyIsReportedWithItsLastWords(t *testing.T) {
	p := start(t, "echo no such model; exit 3")
	err := p.Await(context.Background(), 5*time.Second, func(context.Context) error { return errors.New("not yet") })
	if err == nil || !strings.Contains(err.Error(), "no such model") {
		t.Errorf("got %v, want what it said", err)
	}
}

func TestUseCountsChildrenToo(t *testing.T) {
	p := start(t, `sh -c 'echo ready; i=0; while [ $i -lt 10000000 ]; do i=$((i+1)); done' & wait`)
	awaitWords(t, p, "ready")
	stop := p.Watch()
	time.Sleep(400 * time.Millisecond)
	if use := stop(); use.CPUSeconds <= 0 || use.PeakMemoryBytes <= 0 || len(use.MemoryBytes) < 2 {
		t.Errorf("got %+v, want CPU, memory and several looks at it", use)
	}
}

func awaitWords(t *testing.T, p *Process, words string) {
	t.Helper()
	err := p.Await(context.Background(), 5*time.Second, func(context.Context) error {
		if !strings.Contains(p.LastWords(), words) {
			return errors.New("silent")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
