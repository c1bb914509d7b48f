package assess_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/assess"
	"github.com/wassef911/grpcgoesbrrr/server/batch"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// world is an Assessor between a real store and an oracle of the version v1.
type world struct {
	*assess.Assessor
	dir   string
	store *faulty
	model *oracle
}

// The payments that every world starts with, by ID. What others ask about is
// unknown.
var amounts = map[string]float64{"a": 100, "b": 200, "c": 700, "d": 800}

func newWorld(t testing.TB, opts batch.Options) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), model: &oracle{version: "v1"}}
	w.store = &faulty{Store: openStore(t, w.dir)}
	w.Assessor = newAssessor(t, w.store, w.model, opts)
	var payments []fraud.Transaction
	for _, id := range []string{"a", "b", "c", "d"} {
		payments = append(payments, payment(id, amounts[id]))
	}
	results, err := w.store.Record(t.Context(), payments)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Err != nil || r.Already {
			t.Fatalf("%+v", r)
		}
	}
	return w
}

func openStore(t testing.TB, dir string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func newAssessor(t testing.TB, store assess.Store, model fraud.Predictor, opts batch.Options) *assess.Assessor {
	t.Helper()
	a, err := assess.New(store, model, fraud.Unmetered{}, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return a
}

// payment is one of an account that is its own.
func payment(id string, amount float64) fraud.Transaction {
	return fraud.Transaction{ID: id, AccountID: "account-of-" + id, Amount: amount, Currency: "EUR",
		Time: time.Unix(1_700_000_000, 0), AccountOpenedAt: time.Unix(1_700_000_000-3600, 0), RecordedBy: "backend"}
}

// asks are those of the key `analyst`.
func asks(ids ...string) []assess.Ask {
	out := make([]assess.Ask, len(ids))
	for i, id := range ids {
		out[i] = assess.Ask{ID: id, By: "analyst"}
	}
	return out
}

// bring asks about a payment that comes along.
func bring(p fraud.Transaction) assess.Ask {
	return assess.Ask{ID: p.ID, Transaction: &p, By: "backend"}
}

func (w *world) assessMany(t *testing.T, asks ...assess.Ask) []assess.Answer {
	t.Helper()
	answers, err := w.AssessMany(t.Context(), "key", asks)
	if err != nil || len(answers) != len(asks) {
		t.Fatalf("%d answers to %d asks, %v", len(answers), len(asks), err)
	}
	return answers
}

// checkScore wants the oracle's score of the amount.
func checkScore(t *testing.T, got assess.Answer, id string, amount float64) {
	t.Helper()
	a := got.Out
	if got.Err != nil || a.Transaction.ID != id || a.Probability != amount/1000 || a.Label != (amount >= 500) || a.Threshold != 0.5 {
		t.Errorf("%s: %+v, want the score %v", id, got, amount/1000)
	}
}

func checkReason(t *testing.T, err error, reason string) {
	t.Helper()
	var e *fraud.Error
	if !errors.As(err, &e) || e.Reason != reason {
		t.Errorf("got %v, want %s", err, reason)
	}
}

// recorded is what the store holds of a known ID, read afresh.
func (w *world) recorded(t *testing.T, id, version string) *fraud.Assessment {
	t.Helper()
	found, err := w.store.Store.LookUp(t.Context(), []string{id}, version)
	if err != nil || found[0].Err != nil {
		t.Fatalf("%s: %+v, %v", id, found, err)
	}
	return found[0].Assessment
}

// checkNothingRecorded wants no assessment of anything.
func (w *world) checkNothingRecorded(t *testing.T) {
	t.Helper()
	page, err := w.store.Store.List(t.Context(), fraud.Query{Limit: 10})
	if err != nil || len(page.Items) != 0 {
		t.Errorf("recorded: %+v, %v, want nothing", page.Items, err)
	}
}

// checkAsked wants the model to have been asked about these amounts, call by
// call.
func (w *world) checkAsked(t *testing.T, want ...[]float64) {
	t.Helper()
	w.model.set(func(o *oracle) {
		if !(len(o.asked) == 0 && len(want) == 0) && !reflect.DeepEqual(o.asked, want) {
			t.Errorf("the model was asked about %v, want %v", o.asked, want)
		}
	})
}

var errBoom = fmt.Errorf("disk on fire")
