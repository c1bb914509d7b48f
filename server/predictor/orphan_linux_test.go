package predictor_test

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

// TestMain is a supervisor, and no test, when TestAKilledSupervisor… asks for it.
func TestMain(m *testing.M) {
	if os.Getenv("BRRR_TEST_SUPERVISE") == "" {
		os.Exit(m.Run())
	}
	opts := realLocal
	opts.Log = slog.New(slog.NewTextHandler(os.Stdout, nil))
	if _, err := predictor.StartLocal(opts); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	select {} // until killed
}

func TestAKilledSupervisorLeavesNoProcess(t *testing.T) {
	t.Parallel()
	for name, moment := range map[string]string{
		"while it starts": "predictor process started",
		"once it listens": "listening",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			temp, err := os.MkdirTemp("", "b")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(temp) })
			supervisor := exec.Command(os.Args[0])
			supervisor.Env = append(os.Environ(), "BRRR_TEST_SUPERVISE=1", "TMPDIR="+temp)
			said, err := supervisor.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := supervisor.Start(); err != nil {
				t.Fatal(err)
			}
			pid := 0
			for lines := bufio.NewScanner(said); lines.Scan(); {
				if strings.Contains(lines.Text(), "predictor process started") {
					pid = pidIn(t, lines.Text())
				}
				if strings.Contains(lines.Text(), moment) {
					break
				}
			}
			supervisor.Process.Kill()
			supervisor.Wait()
			if pid == 0 {
				t.Fatal("the supervisor started no process")
			}
			awaitEnd(t, pid, temp)
		})
	}
}

// awaitEnd waits for the end of a process that has mark in its command line. It
// is no child of ours, so that no call tells of its end.
func awaitEnd(t *testing.T, pid int, mark string) {
	t.Helper()
	patience, tick := patient(t), time.Tick(10*time.Millisecond)
	for {
		// That of a process that has ended is empty or not there.
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if !bytes.Contains(line, []byte(mark)) {
			return
		}
		select {
		case <-tick:
		case <-patience.Done():
			syscall.Kill(pid, syscall.SIGKILL)
			t.Fatalf("process %d has outlived its supervisor: %q", pid, line)
		}
	}
}
