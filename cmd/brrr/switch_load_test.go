package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// callers ask at once. One of them asks about a thousand at a time, which the
// Python process works on beside its event loop.
const callers, largeCallers = 24, 1

// What a caller does in one round.
const (
	roundGets  = 8  // one by one, of transactions that nobody has asked about; then one of another, with reasons
	roundBatch = 12 // of such ones in one call
	roundOld   = 12 // and of others in the same call
)

// copied is a copy of a row of the simulation, under IDs of its own: the same
// facts, and so the same scores.
type copied struct {
	id  string
	row int
}

// newcomer is an answer about a transaction that was handed in with the question.
type newcomer struct {
	facts                  *fraudactivityv1.Facts
	version                string
	probability, threshold float64
	label                  bool
}

// load asks the service without a pause, and compares each answer with what the
// model that it names says in Python.
type load struct {
	t       *testing.T
	service client.Client
	rows    []*fraudactivityv1.Transaction // of the simulation, in order
	want    map[string]scored              // by version
	fresh   chan []copied                  // recorded, and not asked about yet; a round's worth
	ending  chan struct{}
	group   sync.WaitGroup

	gets, batches, assesses, records atomic.Int64 // calls
	failures                         atomic.Int64 // calls that failed and answers that are wrong
	compared, fromRecord             atomic.Int64 // answers

	mu       sync.Mutex
	byModel  map[string]int // answers that came from the model, by version
	assessed []newcomer
}

func startLoad(t *testing.T, service client.Client, s *shelf) *load {
	t.Helper()
	l := &load{t: t, service: service, rows: simulated(t, s), want: map[string]scored{},
		fresh: make(chan []copied, callers), ending: make(chan struct{}), byModel: map[string]int{}}
	for _, model := range s.good {
		if len(model.Probabilities) != len(l.rows) {
			t.Fatalf("%s scores %d of %d rows", model.Version, len(model.Probabilities), len(l.rows))
		}
		l.want[model.Version] = model
	}
	l.group.Go(l.record)
	for i := range callers {
		if i < largeCallers {
			l.group.Go(l.callLarge)
		} else {
			l.group.Go(func() { l.call(i) })
		}
	}
	return l
}

// stop ends the load once the calls under way are answered.
func (l *load) stop() {
	if !l.ended() {
		close(l.ending)
	}
	l.group.Wait()
}

func (l *load) ended() bool {
	select {
	case <-l.ending:
		return true
	default:
		return false
	}
}

// fail counts, and tells of the first few.
func (l *load) fail(format string, args ...any) {
	l.t.Helper()
	if l.failures.Add(1) <= 5 {
		l.t.Errorf(format, args...)
	}
}

// record keeps transactions coming that nobody has asked about: copies of the
// whole simulation, one after the other.
func (l *load) record() {
	for turn := 0; ; turn++ {
		for first := 0; first < len(l.rows); first += 10 * (roundGets + roundBatch) {
			last := min(first+10*(roundGets+roundBatch), len(l.rows))
			req := &fraudactivityv1.RecordTransactionsRequest{}
			var some []copied
			for i, row := range l.rows[first:last] {
				one := proto.CloneOf(row)
				one.TransactionId, one.AccountId = fmt.Sprintf("%d.%s", turn, row.TransactionId), fmt.Sprintf("%d.%s", turn, row.AccountId)
				req.Transactions, some = append(req.Transactions, one), append(some, copied{one.TransactionId, first + i})
			}
			res, err := l.service.RecordTransactions(context.Background(), req)
			l.records.Add(1)
			if err != nil {
				l.fail("record: %v", err)
				return
			}
			for _, r := range res.Results {
				if r.GetStatus() != fraudactivityv1.RecordStatus_RECORD_STATUS_RECORDED {
					l.fail("record: %v", r)
				}
			}
			for round := range slices.Chunk(some, roundGets+roundBatch) {
				select {
				case l.fresh <- round:
				case <-l.ending:
					return
				}
			}
		}
	}
}

// call is one caller's round after round.
func (l *load) call(number int) {
	rng := rand.New(rand.NewPCG(uint64(number), 1))
	var old []copied
	for round := 0; ; round++ {
		var fresh []copied
		select {
		case fresh = <-l.fresh:
		case <-l.ending:
			return
		}
		old = append(old, fresh...)
		alone := min(roundGets, len(fresh))
		for _, one := range fresh[:alone] {
			l.get(one, fraudactivityv1.View_VIEW_FULL)
		}
		l.get(old[rng.IntN(len(old))], fraudactivityv1.View_VIEW_EXPLAINED)
		some := slices.Clone(fresh[alone:])
		for range roundOld {
			some = append(some, old[rng.IntN(len(old))])
		}
		rng.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
		l.batchGet(some)
		l.assess(rng, number, round)
		if len(old) > 2000 {
			old = old[1000:]
		}
	}
}

// callLarge is a caller who has many questions at once.
func (l *load) callLarge() {
	var some []copied
	for {
		select {
		case fresh := <-l.fresh:
			some = append(some, fresh...)
		case <-l.ending:
			return
		}
		if len(some) > maxItems-roundGets-roundBatch {
			l.batchGet(some)
			some = nil
		}
	}
}

func (l *load) get(one copied, view fraudactivityv1.View) {
	got, err := l.service.GetFraudActivity(context.Background(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: one.id, View: view})
	l.gets.Add(1)
	if err != nil {
		l.fail("get %s: %v", one.id, err)
		return
	}
	l.check(one, got)
	want := 0
	if view == fraudactivityv1.View_VIEW_EXPLAINED {
		want = map[int]int{4: 4, 9: 7}[len(l.want[got.Assessment.ModelVersion].Facts)] // by number of facts
	}
	if n := len(got.Assessment.Reasons); n != want {
		l.fail("%s: %d reasons of %s, want %d", one.id, n, got.Assessment.ModelVersion, want)
	}
}

func (l *load) batchGet(some []copied) {
	req := &fraudactivityv1.BatchGetFraudActivityRequest{View: fraudactivityv1.View_VIEW_FULL}
	for _, one := range some {
		req.TransactionIds = append(req.TransactionIds, one.id)
	}
	res, err := l.service.BatchGetFraudActivity(context.Background(), req)
	l.batches.Add(1)
	if err != nil {
		l.fail("get %d: %v", len(some), err)
		return
	}
	fresh := "" // the version of all that the model was asked about now
	for i, r := range res.Results {
		got := r.GetFraudActivity()
		if got == nil {
			l.fail("get %s among others: %v", some[i].id, r.GetError())
			continue
		}
		l.check(some[i], got)
		if a := got.GetAssessment(); !a.GetFromRecord() {
			if fresh != "" && a.GetModelVersion() != fresh {
				l.fail("one call, and the model that answered is %s and %s", fresh, a.GetModelVersion())
			}
			fresh = a.GetModelVersion()
		}
	}
}

// assess hands in a transaction with the question, of an account that grows.
func (l *load) assess(rng *rand.Rand, caller, round int) {
	opened := int64(1_600_000_000)
	got, err := l.service.AssessTransaction(context.Background(), &fraudactivityv1.AssessTransactionRequest{
		View: fraudactivityv1.View_VIEW_FULL,
		Transaction: &fraudactivityv1.Transaction{
			TransactionId: fmt.Sprintf("new.%d.%d", caller, round), AccountId: fmt.Sprintf("new.%d.%d", caller, round/50),
			Amount: math.Round(100*math.Exp(8*rng.Float64())) / 100, AccountOpenedAt: at(opened),
			Time: at(opened + int64(round/50)*100_000 + int64(round%50)*int64(1+rng.IntN(20_000))),
		}})
	l.assesses.Add(1)
	if err != nil {
		l.fail("assess: %v", err)
		return
	}
	l.seen(got)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.assessed = append(l.assessed, newcomer{facts: got.Assessment.Facts, version: got.Assessment.ModelVersion,
		probability: got.FraudProbability, threshold: got.Assessment.GetThreshold(), label: got.PredictedLabel})
}

// seen counts an answer by where it came from.
func (l *load) seen(got *fraudactivityv1.FraudActivity) {
	if got.GetAssessment().GetFromRecord() {
		l.fromRecord.Add(1)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byModel[got.GetAssessment().GetModelVersion()]++
}

func (l *load) check(one copied, got *fraudactivityv1.FraudActivity) {
	l.seen(got)
	if got.TransactionId != one.id {
		l.fail("asked about %s, answered about %s", one.id, got.TransactionId)
		return
	}
	a := got.GetAssessment()
	l.compare(one.id, one.row, a.GetModelVersion(), got.FraudProbability, a.GetThreshold(), got.PredictedLabel, l.want)
}

// compare holds an answer to what the model that it names says of a row.
func (l *load) compare(id string, row int, version string, probability, threshold float64, label bool, want map[string]scored) {
	l.compared.Add(1)
	model, known := want[version]
	if !known {
		l.fail("%s: by the model %q, which is none of ours", id, version)
		return
	}
	p := model.Probabilities[row]
	if !(math.Abs(probability/100-p) <= closeEnough) || label != model.Labels[row] ||
		!(math.Abs(threshold/100-model.Threshold) <= closeEnough) || label != (probability >= threshold) {
		l.fail("%s: %v %%, %v by the threshold %v %%; %s says %v, %v by %v", id, probability, label, threshold,
			version, p, model.Labels[row], model.Threshold)
	}
}

// checkAssessed has Python score what was handed in with the question, by the
// facts in the answers.
func (l *load) checkAssessed(t *testing.T, s *shelf) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "assessed.csv")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	out := csv.NewWriter(file)
	out.Write([]string{"label", "amount", "time", "age_of_account", "number_of_transactions", "seconds_since_previous",
		"amount_last_hour", "amount_last_day", "amount_last_week", "transactions_last_week"})
	exactly := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	for _, a := range l.assessed {
		f := a.facts
		out.Write([]string{"0", exactly(f.Amount), fmt.Sprint(f.Time.AsTime().Unix()), fmt.Sprint(f.AgeOfAccount), fmt.Sprint(f.NumberOfTransactions),
			fmt.Sprint(f.SecondsSincePrevious), exactly(f.AmountLastHour), exactly(f.AmountLastDay), exactly(f.AmountLastWeek), fmt.Sprint(f.TransactionsLastWeek)})
	}
	if out.Flush(); out.Error() != nil {
		t.Fatal(out.Error())
	}
	var folders []string
	for _, model := range s.good {
		folders = append(folders, filepath.Join(s.root, model.Version))
	}
	want := map[string]scored{}
	for _, model := range score(t, path, "", folders...) {
		want[model.Version] = model
	}
	for i, a := range l.assessed {
		l.compare(fmt.Sprintf("new transaction %d", i), i, a.version, a.probability, a.threshold, a.label, want)
	}
}

// report tells how much was asked, and fails the test if anything went wrong.
func (l *load) report(t *testing.T) {
	t.Helper()
	gets, batches, assesses, records := l.gets.Load(), l.batches.Load(), l.assesses.Load(), l.records.Load()
	t.Logf("%d calls (%d Get, %d BatchGet, %d Assess, %d Record), %d failures; %d scores compared, %d of them from the record, the others by %v",
		gets+batches+assesses+records, gets, batches, assesses, records, l.failures.Load(), l.compared.Load(), l.fromRecord.Load(), l.byModel)
	if n := l.failures.Load(); n > 0 {
		t.Errorf("%d calls failed or were answered wrongly", n)
	}
	for version := range l.want {
		if l.byModel[version] == 0 {
			t.Errorf("%s has answered nothing", version)
		}
	}
	if l.compared.Load() != l.fromRecord.Load()+int64(sum(l.byModel)) {
		t.Error("not every score was compared")
	}
}

func sum(counts map[string]int) (total int) {
	for _, n := range counts {
		total += n
	}
	return total
}

// simulated reads the shelf's transactions as a backend would record them.
func simulated(t *testing.T, s *shelf) []*fraudactivityv1.Transaction {
	t.Helper()
	opened := map[string]int64{}
	for _, fields := range readCSV(t, s.accounts, false, "account_id,opened_at") {
		opened[fields[0]] = integer(t, fields[1])
	}
	var rows []*fraudactivityv1.Transaction
	for _, fields := range readCSV(t, s.transactions, false, "transaction_id,account_id,amount,currency,time,pattern,label") {
		amount, err := strconv.ParseFloat(fields[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, &fraudactivityv1.Transaction{TransactionId: fields[0], AccountId: fields[1], Amount: amount, Currency: fields[3],
			Time: at(integer(t, fields[4])), AccountOpenedAt: at(opened[fields[1]])})
	}
	return rows
}
