package main

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// TestModelsOnRayServeAnswerAsTheirOwnProcessDoes has one Ray with two replicas for
// all of its parts, which go on from each other.
func TestModelsOnRayServeAnswerAsTheirOwnProcessDoes(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	began := time.Now()
	s := newShelf(t)
	first := s.good[0]
	n := startRay(t, filepath.Join(s.root, first.Version), "--raises")
	t.Logf("three models are trained and two replicas serve one after %.1f s", time.Since(began).Seconds())

	t.Run("the same scores to the last bit", func(t *testing.T) { checkSameScores(t, n, s, first) })
	t.Run("no stack trace reaches a caller", func(t *testing.T) { checkNoTrace(t, n) })
	t.Run("files are scored by Ray Data as by the service", func(t *testing.T) { checkFileOnRay(t, n, s, first) })
	t.Run("models are replaced and a replica is killed under load", func(t *testing.T) { replaceOnRay(t, n, s) })
}

// flags reach the application on Ray.
func (n *rayNode) flags(application string) []string {
	return []string{"--predictor=http://" + n.Address, "--predictor-application=" + application, "--predictor-batches=2",
		"--deadline=30s", "--max-wait=30s"}
}

func checkSameScores(t *testing.T, n *rayNode, s *shelf, model scored) {
	plain := startServer(t, "--models="+filepath.Join(s.root, model.Version), "--deadline=30s", "--max-wait=30s")
	onRay := startServer(t, n.flags("fraud")...)
	rows := simulated(t, s)[:2000]
	var ids []string
	for _, row := range rows {
		ids = append(ids, row.TransactionId)
	}
	var recorded [2][]fraud.LookUpResult // what callers see is rounded
	for i, server := range []*testServer{plain, onRay} {
		if err := server.awaitReady(t.Context()); err != nil {
			t.Fatal(err)
		}
		for some := range slices.Chunk(rows, maxItems) {
			assessAll(t, server.client("admin"), some)
		}
		var err error
		if recorded[i], err = server.store.LookUp(t.Context(), ids, model.Version); err != nil {
			t.Fatal(err)
		}
	}
	for i := range ids {
		want, got := recorded[0][i].Assessment, recorded[1][i].Assessment
		if want == nil || got == nil || math.Float64bits(got.Probability) != math.Float64bits(want.Probability) || got.Label != want.Label {
			t.Fatalf("%s: on Ray %+v, in a process of its own %+v", ids[i], got, want)
		}
	}
}

// assessAll records transactions and has them assessed.
func assessAll(t *testing.T, service client.Client, rows []*fraudactivityv1.Transaction) []*fraudactivityv1.FraudActivity {
	t.Helper()
	if _, err := service.RecordTransactions(t.Context(), &fraudactivityv1.RecordTransactionsRequest{Transactions: rows}); err != nil {
		t.Fatal(err)
	}
	ask := &fraudactivityv1.BatchGetFraudActivityRequest{View: fraudactivityv1.View_VIEW_FULL}
	for _, row := range rows {
		ask.TransactionIds = append(ask.TransactionIds, row.TransactionId)
	}
	res, err := service.BatchGetFraudActivity(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	var found []*fraudactivityv1.FraudActivity
	for _, r := range res.Results {
		if r.GetFraudActivity() == nil {
			t.Fatalf("%s: %v", r.TransactionId, r.GetError())
		}
		found = append(found, r.GetFraudActivity())
	}
	return found
}

// checkNoTrace has a replica raise for the sake of a row.
func checkNoTrace(t *testing.T, n *rayNode) {
	said := new(spoken)
	app, err := parseServe(t, t.TempDir(), n.flags("raises")...).start(t.Context(), said.logger())
	if err != nil {
		t.Fatal(err)
	}
	defer app.close(10 * time.Second)
	if err := app.awaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	service := client.New(app.url, newKey(t, app.store, "backend"))
	for amount, want := range map[float64]connect.Code{66.66: connect.CodeUnavailable, 66.67: 0} {
		_, err := service.AssessTransaction(t.Context(), &fraudactivityv1.AssessTransactionRequest{Transaction: &fraudactivityv1.Transaction{
			TransactionId: fmt.Sprint(amount), AccountId: "card-1", Amount: amount, Time: at(1_700_000_000)}})
		var told *connect.Error
		if want == 0 && err != nil || want != 0 && (!errors.As(err, &told) || told.Code() != want) {
			t.Errorf("of %v: %v, want code %v", amount, err, want)
		}
		if told != nil && (strings.Contains(told.Message(), "66.66") || len(told.Details()) == 0) {
			t.Errorf("the caller sees %v", told)
		}
	}
	if log := said.String(); !strings.Contains(log, "ValueError: 66.66 is no amount of ours") ||
		strings.Contains(log, "ray_raises.py") || strings.Contains(log, "Traceback") {
		t.Errorf("the log has\n%s", log)
	}
}

// replaceOnRay changes models by user_config, one of them to another that wants fewer
// columns and one to none, and kills a replica, while callers ask without a pause.
func replaceOnRay(t *testing.T, n *rayNode, s *shelf) {
	w := &switcher{shelf: s, serving: s.good[0], journal: newJournal(testLog(t).Handler())}
	var err error
	if w.app, err = parseServe(t, t.TempDir(), n.flags("fraud")...).start(t.Context(), slog.New(w.journal)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		hangUp(w.app.url)
		w.app.close(10 * time.Second)
	})
	if err := w.app.awaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.service = client.New(w.app.url, newKey(t, w.app.store, "admin"))
	l := startLoad(t, w.service, s)
	defer l.stop()
	for i, model := range []scored{s.good[1], s.good[2], s.good[0]} {
		n.serve(t, filepath.Join(s.root, model.Version))
		w.serving, w.refusing = model, false
		w.gatewayServes(t)
		if i == 0 {
			n.kill(t)
		}
	}
	bad := s.bad[0]
	n.serve(t, filepath.Join(s.root, bad.Active))
	w.gatewayRefuses(t, bad)
	n.serve(t, filepath.Join(s.root, w.serving.Version))
	w.gatewayServes(t)
	l.stop()
	l.checkAssessed(t, s)
	l.report(t)
	w.journal.check(t, nil)
}
