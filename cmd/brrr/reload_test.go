package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// reloadStage is a server as a process of its own, with a file of settings.
type reloadStage struct {
	*process
	file, url, key string
}

func newReloadStage(t *testing.T) *reloadStage {
	data, listen := t.TempDir(), freeAddress(t)
	s := &reloadStage{file: filepath.Join(data, "brrr.yaml"), url: "http://" + listen}
	store, err := sqlite.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	s.key = newKey(t, store, "admin")
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	s.write(t, "max-wait: 10s\n")
	s.process = newServer(t, data, t.TempDir(), listen, "--config="+s.file)
	s.start()
	awaitReadyz(t, s.process, s.url)
	return s
}

func (s *reloadStage) write(t *testing.T, lines string) {
	t.Helper()
	if err := os.WriteFile(s.file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
}

// reload has the process read what was written, and waits for words that it has not
// said before.
func (s *reloadStage) reload(t *testing.T, says string) {
	t.Helper()
	s.signal(syscall.SIGHUP)
	await(t, says, func() bool { return strings.Contains(s.words(), says) })
}

// preflight reports whether pages of an origin may call.
func (s *reloadStage) preflight(t *testing.T, origin string) bool {
	t.Helper()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodOptions, s.url+servicePath+"GetFraudActivity", nil)
	req.Header.Set("Origin", origin)
	req.Header.Set("Access-Control-Request-Method", "POST")
	res, err := http1.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.Header.Get("Access-Control-Allow-Origin") == origin
}

// load calls over each protocol and watches until it is ended; not one call may fail.
func (s *reloadStage) load(t *testing.T) (calls *atomic.Int64, end func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	calls = new(atomic.Int64)
	var watching atomic.Int64
	for name, service := range map[string]client.Client{
		"gRPC": client.New(s.url, s.key, connect.WithGRPC()), "gRPC-Web": client.NewWithHTTP(http1, s.url, s.key, connect.WithGRPCWeb()),
		"Connect": client.NewWithHTTP(http1, s.url, s.key),
	} {
		callers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				_, err := service.AssessTransaction(context.WithoutCancel(ctx), &fraudactivityv1.AssessTransactionRequest{Transaction: &fraudactivityv1.Transaction{
					TransactionId: fmt.Sprint(name, i), AccountId: name, Amount: 1, Time: at(1_700_000_000 + int64(i)),
				}})
				if err != nil {
					t.Errorf("%s: call %d: %v", name, i, err)
				}
				calls.Add(1)
			}
		})
		callers.Go(func() {
			watch, err := service.WatchFraudActivity(ctx, &fraudactivityv1.WatchFraudActivityRequest{})
			if err == nil && watch.Receive() {
				watching.Add(1)
			}
			for err == nil && watch.Receive() {
			}
			if err == nil {
				err = watch.Err()
			}
			if ctx.Err() == nil {
				t.Errorf("%s: the watch ended: %v", name, err)
			}
		})
	}
	await(t, "watches of each protocol", func() bool { return t.Failed() || watching.Load() == 3 })
	return calls, func() { cancel(); callers.Wait() }
}

// TestSettingsAreReloadedWithoutADroppedCall has limits, origins and the log's level
// changed twenty times while calls and watches of each protocol are under way.
func TestSettingsAreReloadedWithoutADroppedCall(t *testing.T) {
	t.Parallel()
	s := newReloadStage(t)
	calls, end := s.load(t)
	for i := range 20 {
		before, origin := calls.Load(), fmt.Sprintf("https://console-%d.example", i)
		await(t, "calls before the reload", func() bool { return calls.Load() > before+10 })
		s.write(t, fmt.Sprintf("max-wait: %ds\nkey-calls: %d\ncors-origin: [%s]\nlog-level: %s\nmax-connections: %d\n",
			10+i, 50+i, origin, []string{"info", "debug"}[i%2], 1000+i))
		s.reload(t, `"to":"`+origin+`"`)
		if !s.preflight(t, origin) || i > 0 && s.preflight(t, fmt.Sprintf("https://console-%d.example", i-1)) {
			t.Errorf("reload %d: pages of another origin than %s may call", i, origin)
		}
	}
	end()
	if words := s.words(); !strings.Contains(words, `"changed":{"cors-origin":{"from":"https://console-18.example","to":"https://console-19.example"}`) {
		t.Errorf("the log does not tell what changed:\n%s", words)
	}
	t.Logf("%d calls", calls.Load())
	s.stop()
	checkCommand(t, "the audit log", []string{"audit", "--kind=config.reloaded", "-o", "json", "--data=" + filepath.Dir(s.file)}, exitDone,
		[]string{"cors-origin: https://console-19.example, was https://console-18.example; "})
}

func TestNewLimitsHoldAtOnceAndABrokenFileChangesNothing(t *testing.T) {
	t.Parallel()
	s := newReloadStage(t)
	_, end := s.load(t) // with three streams, which are counted on
	watch := func() error {
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		stream, err := client.New(s.url, s.key, connect.WithGRPC()).WatchFraudActivity(ctx, &fraudactivityv1.WatchFraudActivityRequest{})
		if err == nil && !stream.Receive() {
			err = stream.Err()
		}
		return err
	}
	s.write(t, "max-wait: 10s\nkey-streams: 3\n")
	s.reload(t, `"key-streams":{"from":"100","to":"3"}`)
	wantReason(t, watch(), connect.CodeResourceExhausted, "RATE_LIMITED")

	s.write(t, "max-wait: 10s\nkey-streams: 9\nkey-calls: none\nlog-levl: debug\n")
	s.reload(t, "log-levl: unknown key; did you mean log-level?")
	if words := s.words(); !strings.Contains(words, "brrr.yaml:3: key-calls: expected a valid") {
		t.Errorf("not every mistake is told:\n%s", words)
	}
	wantReason(t, watch(), connect.CodeResourceExhausted, "RATE_LIMITED")

	s.write(t, "max-wait: 10s\nkey-streams: 4\npredictor-version: other\n")
	s.reload(t, `"waiting":{"predictor-version":{"runs_with":"unversioned","is_set_to":"other"}}`)
	if err := watch(); err != nil {
		t.Errorf("the fourth stream: %v", err)
	}
	end()
	s.stop()
}
