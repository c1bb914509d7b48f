//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"connectrpc.com/connect"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// startOnSmallDisk starts a server whose data is on a disk of so many bytes, with
// a model that says 0.25 to all.
func startOnSmallDisk(t *testing.T, bytes int) *testServer {
	t.Helper()
	data := t.TempDir()
	if err := syscall.Mount("brrr-test", data, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
		t.Skipf("NOT TESTED: a full disk, as none can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(data, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	host := &slowHost{asked: make(chan struct{}), release: make(chan struct{})}
	close(host.release)
	s := &testServer{app: startOn(t, data, "--predictor="+startHost(t, host)), data: data, keys: map[string]string{}}
	for _, role := range access.Roles {
		s.keys[role] = newKey(t, s.store, role)
	}
	s.awaitModel(t)
	return s
}

// fillDisk leaves so many bytes free, and returns what to remove.
func fillDisk(t *testing.T, dir string, free int) (ballast string) {
	t.Helper()
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		t.Fatal(err)
	}
	ballast = filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, max(0, int(disk.Bavail)*int(disk.Bsize)-free)), 0o600); err != nil {
		t.Fatal(err)
	}
	return ballast
}

// assessFrom has transactions recorded and assessed from a number on until a call
// fails, and returns the number of that one.
func assessFrom(t *testing.T, s *testServer, from, upTo int) (next int, err error) {
	t.Helper()
	backend := s.client("backend")
	for next = from; next < upTo && err == nil; next++ {
		_, err = backend.AssessTransaction(t.Context(), &fraudactivityv1.AssessTransactionRequest{Transaction: &fraudactivityv1.Transaction{
			TransactionId: fmt.Sprint("t", next), AccountId: fmt.Sprint("card-", next%7), Amount: 5, Time: at(1_700_000_000 + int64(next))}})
	}
	if err != nil {
		next--
	}
	return next, err
}

// wantAnswers asks about all transactions up to a number.
func wantAnswers(t *testing.T, s *testServer, upTo int) {
	t.Helper()
	for i := range upTo {
		got, err := s.client("client").GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: fmt.Sprint("t", i)})
		if err != nil || got.FraudProbability != 25 {
			t.Fatalf("t%d, of %d acknowledged: %v, %v", i, upTo, got, err)
		}
	}
}

func TestAFullDiskRefusesClearlyKeepsWhatIsAcknowledgedAndRecovers(t *testing.T) {
	s := startOnSmallDisk(t, 8<<20)
	assessed, _ := assessFrom(t, s, 0, 5)
	ballast := fillDisk(t, s.data, 200<<10)
	assessed, err := assessFrom(t, s, assessed, 5000)
	wantReason(t, err, connect.CodeUnavailable, "STORE_UNAVAILABLE")
	for _, secret := range []string{"SQL", "sqlite", "brrr.db", s.data, ".go:"} {
		if strings.Contains(fmt.Sprint(err), secret) {
			t.Errorf("the answer tells %q: %v", secret, err)
		}
	}
	wantAnswers(t, s, assessed) // from the record, which can be read
	s.wantIll(t)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := s.store.Check(t.Context()); err != nil {
		t.Errorf("with space again: %v", err)
	}
	all, err := assessFrom(t, s, assessed, assessed+20) // the refused one first
	if err != nil {
		t.Errorf("with space again: %v", err)
	}
	wantAnswers(t, s, all)
	err = sqlite.Examine(context.Background(), sqlite.StoreFile(s.data), false, func(c sqlite.Check) {
		if !c.Well() {
			t.Errorf("%+v", c)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

// wantIll has the store refuse until nothing at all can be written, and sees that
// it is told.
func (s *testServer) wantIll(t *testing.T) {
	t.Helper()
	for from := 10_000; from < 40_000; from += 5000 {
		if _, err := assessFrom(t, s, from, from+5000); err == nil {
			continue
		}
		var known *fraud.Error
		if err := s.store.Check(t.Context()); err == nil {
			continue // it wrote into what room was left
		} else if !errors.As(err, &known) || known.Message != "the record cannot be written: the disk is full" {
			t.Errorf("check: %v", err)
		}
		return
	}
	t.Fatal("the disk does not get full")
}

func TestReadinessTellsOfAFullDiskAndRecoversByItself(t *testing.T) {
	s := startOnSmallDisk(t, 8<<20)
	readiness := func() string {
		t.Helper()
		res, err := http1.Get(s.url + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.Status[:4] + strings.TrimSpace(string(body))
	}
	health := func() string {
		_, body := post1(t, s.url+"/grpc.health.v1.Health/Check", "", `{}`)
		return string(body)
	}
	if got := readiness(); got != "200 ready" || strings.Contains(health(), "NOT_SERVING") {
		t.Errorf("at first: %s, %s", got, health())
	}
	ballast := fillDisk(t, s.data, 200<<10)
	s.wantIll(t)
	if got := readiness(); got != "503 not ready: the record cannot be written: the disk is full" || !strings.Contains(health(), "NOT_SERVING") {
		t.Errorf("with a full disk: %s, %s", got, health())
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if got := readiness(); got != "200 ready" || strings.Contains(health(), "NOT_SERVING") {
		t.Errorf("with space again: %s, %s", got, health())
	}
}
