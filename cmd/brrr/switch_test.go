package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection/fraud_detectionconnect"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// switchesToTry is how often the model is changed; BRRR_SWITCHES says otherwise.
func switchesToTry(t *testing.T) int {
	t.Helper()
	if text := os.Getenv("BRRR_SWITCHES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("BRRR_SWITCHES must be a number above 0, not %q", text)
		}
		return n
	}
	if raceDetector || testing.Short() {
		return 30
	}
	return 500
}

// TestModelsAreSwitchedUnderLoadWithoutALostOrMixedAnswer changes the model over
// and over, every fourth time to one that is no good, while callers ask without a
// pause. Every call must be answered, and every score be that of the model which
// the answer names.
func TestModelsAreSwitchedUnderLoadWithoutALostOrMixedAnswer(t *testing.T) {
	began := time.Now()
	s := newShelf(t)
	checkTheyDiffer(t, s.good)
	s.activate(t, s.good[0].Version)
	w := startSwitcher(t, s)
	l := startLoad(t, w.service, s)
	defer l.stop()
	t.Logf("three models are trained and one serves after %.1f s", time.Since(began).Seconds())

	began = time.Now()
	w.run(t, switchesToTry(t))
	t.Logf("%d switches in %.1f s: %d to another model (%d of them wanted other columns), %d refused, %d back to the one serving",
		w.changed+w.refused+w.rolledBack, time.Since(began).Seconds(), w.changed, w.otherColumns, w.refused, w.rolledBack)
	l.stop()
	w.gatewayServes(t)
	if err := w.app.close(10 * time.Second); err != nil { // all is logged then
		t.Error(err)
	}
	l.checkAssessed(t, s)
	l.report(t)
	w.journal.check(t, map[string]int{"model changed": w.changed, "model refused": w.refused,
		"predictor process started": 1, "predictor process ended, starting it again": 0, "predictor not ready": 0})
}

// checkTheyDiffer makes sure that a score tells which model it is from.
func checkTheyDiffer(t *testing.T, models []scored) {
	t.Helper()
	facts := map[int]bool{}
	for i, model := range models {
		facts[len(model.Facts)] = true
		for _, other := range models[:i] {
			alike := 0
			for row, p := range model.Probabilities {
				if d := p - other.Probabilities[row]; d > -1e-8 && d < 1e-8 {
					alike++
				}
			}
			if alike > len(model.Probabilities)/10 {
				t.Fatalf("%s and %s agree on %d of %d rows", model.Version, other.Version, alike, len(model.Probabilities))
			}
		}
	}
	if !facts[4] || !facts[9] {
		t.Fatalf("the models need %v facts, want four and nine", facts)
	}
}

// switcher changes the model of a running service.
type switcher struct {
	*shelf
	app      *app
	service  client.Client
	host     fraud_detectionconnect.FraudDetectionServiceClient // the Python process
	journal  *journal
	serving  scored
	refusing bool // the process refuses what `active` names

	changed, otherColumns, refused, rolledBack int
}

// run switches so many times: to one good model after the other, and every
// fourth time to a bad one, of each kind in turn.
func (w *switcher) run(t *testing.T, switches int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 1))
	for n := range switches {
		next := w.good[rng.IntN(len(w.good))]
		switch {
		case n%4 == 3:
			bad := w.bad[w.refused%len(w.bad)]
			w.refuse(t, bad)
			if w.refused < len(w.bad) { // each kind once: the gateway looks but once a second
				w.gatewayRefuses(t, bad)
			}
			w.refused++
			continue
		case next.Version != w.serving.Version:
			w.changed++
		case w.refusing:
			w.rolledBack++
		default: // it must be another
			next = w.good[(slices.IndexFunc(w.good, func(m scored) bool { return m.Version == next.Version })+1)%len(w.good)]
			w.changed++
		}
		if len(next.Facts) != len(w.serving.Facts) {
			w.otherColumns++
		}
		w.to(t, next)
	}
}

// startSwitcher starts the service with its Python process on a shelf's models.
func startSwitcher(t *testing.T, s *shelf) *switcher {
	t.Helper()
	w := &switcher{shelf: s, serving: s.good[0], journal: newJournal(testLog(t).Handler())}
	var err error
	w.app, err = parseServe(t, t.TempDir(), "--models="+s.root, "--deadline=30s", "--max-wait=30s").start(t.Context(), slog.New(w.journal))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		hangUp(w.app.url)
		w.app.close(10 * time.Second)
	})
	if err := w.app.awaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.journal.forget("predictor not ready") // while it started
	w.service = client.New(w.app.url, newKey(t, w.app.store, "admin"))
	w.host = fraud_detectionconnect.NewFraudDetectionServiceClient(overSocket(w.app.child.Address()), "http://predictor", connect.WithGRPC())
	return w
}

// overSocket speaks HTTP/2 over unix:PATH.
func overSocket(address string) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: &http.Transport{Protocols: protocols,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", strings.TrimPrefix(address, "unix:"))
		}}}
}

// to changes to a good model, and waits until it serves.
func (w *switcher) to(t *testing.T, next scored) {
	t.Helper()
	w.name(t, next.Version)
	w.await(t, next.Version, func(m *fraud_detection.GetModelResponse) bool {
		return m.Version == next.Version && m.RefusedReplacement == ""
	})
	w.serving, w.refusing = next, false
}

// refuse changes to a bad model, and waits until the process says why it does not.
func (w *switcher) refuse(t *testing.T, bad badModel) {
	t.Helper()
	w.name(t, bad.Active)
	w.await(t, bad.Says, func(m *fraud_detection.GetModelResponse) bool {
		return m.Version == w.serving.Version && strings.Contains(m.RefusedReplacement, bad.Says)
	})
	w.refusing = true
}

// name writes `active` and has the process look at once.
func (w *switcher) name(t *testing.T, active string) {
	t.Helper()
	w.activate(t, active)
	if err := syscall.Kill(w.journal.pid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

// await asks the Python process until it tells what it should.
func (w *switcher) await(t *testing.T, what string, holds func(*fraud_detection.GetModelResponse) bool) {
	t.Helper()
	var m *fraud_detection.GetModelResponse
	pace := time.Tick(5 * time.Millisecond)
	for range 12_000 {
		var err error
		if m, err = w.host.GetModel(t.Context(), &fraud_detection.GetModelRequest{}); err != nil {
			t.Fatal(err)
		}
		if holds(m) {
			return
		}
		<-pace
	}
	t.Fatalf("%q is not to be seen; %s serves, %q is refused", what, m.Version, m.RefusedReplacement)
}

// gatewayRefuses waits until the gateway's own GetModel tells of a refusal.
func (w *switcher) gatewayRefuses(t *testing.T, bad badModel) {
	t.Helper()
	w.awaitGateway(t, func(m *fraudactivityv1.Model) bool {
		return m.Version == w.serving.Version && strings.Contains(m.RefusedReplacement, bad.Says)
	})
}

// gatewayServes waits until it tells of the model that is serving.
func (w *switcher) gatewayServes(t *testing.T) {
	t.Helper()
	w.awaitGateway(t, func(m *fraudactivityv1.Model) bool {
		return m.Version == w.serving.Version && slices.Equal(m.Facts, w.serving.Facts) && (m.RefusedReplacement != "") == w.refusing
	})
}

func (w *switcher) awaitGateway(t *testing.T, holds func(*fraudactivityv1.Model) bool) {
	t.Helper()
	var m *fraudactivityv1.Model
	pace := time.Tick(20 * time.Millisecond)
	for range 3_000 {
		var err error
		if m, err = w.service.GetModel(t.Context(), &fraudactivityv1.GetModelRequest{}); err != nil {
			t.Fatal(err)
		}
		if holds(m) {
			return
		}
		<-pace
	}
	t.Fatalf("the gateway tells of %s, refused %q; %s serves", m.Version, m.RefusedReplacement, w.serving.Version)
}

// journal counts what is logged, by message; lines of the Python process by
// their event.
type journal struct {
	slog.Handler
	mu    sync.Mutex
	count map[string]int
	child int
}

func newJournal(to slog.Handler) *journal { return &journal{Handler: to, count: map[string]int{}} }

func (j *journal) Enabled(context.Context, slog.Level) bool { return true }

func (j *journal) Handle(ctx context.Context, r slog.Record) error {
	message, pid := r.Message, 0
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "pid":
			pid = int(a.Value.Int64())
		case "said":
			var line struct{ Event string }
			if err := json.Unmarshal([]byte(a.Value.String()), &line); err == nil {
				message = line.Event
			}
		}
		return true
	})
	j.mu.Lock()
	defer j.mu.Unlock()
	j.count[message]++
	if pid != 0 {
		j.child = pid
	}
	return j.Handler.Handle(ctx, r)
}

func (j *journal) pid() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.child
}

func (j *journal) forget(message string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.count, message)
}

// check compares how often messages were logged.
func (j *journal) check(t *testing.T, want map[string]int) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	t.Logf("the log has %v", j.count)
	for message, n := range want {
		if j.count[message] != n {
			t.Errorf("the log has %q %d times, want %d", message, j.count[message], n)
		}
	}
}
