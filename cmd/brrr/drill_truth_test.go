package main

import (
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// drillTruth is what the models say about a simulation, computed in Python before
// anything is served. Callers record copies of its accounts: each copy has the
// same facts, and so the same scores.
type drillTruth struct {
	rows     []*fraudactivityv1.Transaction
	accounts [][]int           // rows of one account, in order of time
	models   map[string]scored // by version
	nine     string            // folder of the default model, which wants nine facts
	four     string            // folder of one that has the seed's four, for hosts with PredictFraud alone
}

// newDrillTruth simulates, trains the second model and scores with both.
func newDrillTruth(t *testing.T) *drillTruth {
	t.Helper()
	dir := t.TempDir()
	s := &shelf{root: filepath.Join(dir, "models"), transactions: filepath.Join(dir, "transactions.csv"), accounts: filepath.Join(dir, "accounts.csv")}
	for _, words := range [][]string{
		{"simulate", "--transactions", s.transactions, "--accounts", s.accounts, "--accounts-count=80", "--days=40", "--seed=7"},
		{"train", "--data", s.transactions, "--accounts", s.accounts, "--out", filepath.Join(s.root, "{version}"), "--name=four", "--seed=3", "--facts=" + fourFacts},
	} {
		if _, err := python(t.Context(), append([]string{"-m", "predictor"}, words...)...); err != nil {
			t.Fatal(err)
		}
	}
	made, err := filepath.Glob(filepath.Join(s.root, "four-*"))
	if err != nil || len(made) != 1 {
		t.Fatalf("trained %v, %v", made, err)
	}
	truth := &drillTruth{rows: simulated(t, s), models: map[string]scored{}, nine: filepath.Join(root, "predictor", "models"), four: made[0]}
	for _, model := range score(t, s.transactions, s.accounts, truth.nine, truth.four) {
		truth.models[model.Version] = model
	}
	place := map[string]int{}
	for i, row := range truth.rows {
		at, known := place[row.AccountId]
		if !known {
			at, place[row.AccountId] = len(truth.accounts), len(truth.accounts)
			truth.accounts = append(truth.accounts, nil)
		}
		truth.accounts[at] = append(truth.accounts[at], i)
	}
	return truth
}

// drilled is a copy of a row of the simulation, as one caller records it.
type drilled struct {
	*fraudactivityv1.Transaction
	row    int
	number int32 // which of its account's transactions it is
}

// copy is one account under an ID of its own.
func (d *drillTruth) copy(account int, name string) []drilled {
	var rows []drilled
	for i, row := range d.accounts[account] {
		one := proto.CloneOf(d.rows[row])
		one.TransactionId, one.AccountId = name+"."+one.TransactionId, name+"."+one.AccountId
		rows = append(rows, drilled{one, row, int32(i + 1)})
	}
	return rows
}

// check returns what is wrong with an answer about a copy.
func (d *drillTruth) check(one drilled, got *fraudactivityv1.FraudActivity) error {
	a := got.GetAssessment()
	model, known := d.models[a.GetModelVersion()]
	if !known {
		return fmt.Errorf("by the model %q, which is none of ours", a.GetModelVersion())
	}
	p, label := model.Probabilities[one.row], model.Labels[one.row]
	if got.TransactionId != one.TransactionId || !(math.Abs(got.FraudProbability/100-p) <= closeEnough) || got.PredictedLabel != label {
		return fmt.Errorf("%s with %v %%, %v; %s says %v, %v", got.TransactionId, got.FraudProbability, got.PredictedLabel, model.Version, p, label)
	}
	if a.Threshold != nil && !(math.Abs(a.GetThreshold()/100-model.Threshold) <= closeEnough) {
		return fmt.Errorf("by the threshold %v %%, not %v", a.GetThreshold(), model.Threshold)
	}
	return checkFacts(one, a.GetFacts())
}

// checkFacts holds frozen facts to what was recorded. Those that are summed over
// the account are held by the score.
func checkFacts(one drilled, f *fraudactivityv1.Facts) error {
	age := min(max(one.Time.Seconds-one.AccountOpenedAt.Seconds, 0), math.MaxInt32)
	if f.GetAccountId() != one.AccountId || f.Amount != one.Amount || f.Currency != one.Currency || !proto.Equal(f.Time, one.Time) ||
		f.NumberOfTransactions != one.number || int64(f.AgeOfAccount) != age {
		return fmt.Errorf("with the facts %v of %v, number %d, age %d", f, one.Transaction, one.number, age)
	}
	return nil
}
