package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func testConcurrency(t *testing.T, open func(t *testing.T) fraud.Store) {
	t.Run("transactions of one account are numbered without gap", func(t *testing.T) { testNumbering(t, open(t)) })
	t.Run("of rivals for an ID one is recorded", func(t *testing.T) { testRivals(t, open(t)) })
	t.Run("calls in whatever order wait for one another, but not forever", func(t *testing.T) { testOrders(t, open(t)) })
	t.Run("of rival assessments one stands", func(t *testing.T) { testRivalAssessments(t, open(t)) })
	t.Run("a cancelled call is recorded wholly or not at all", func(t *testing.T) { testCancelMidway(t, open(t)) })
}

const callers = 8

// together runs call for each caller at once and returns what they return.
func together[T any](call func(caller int) (T, error)) ([]T, error) {
	var wait sync.WaitGroup
	results, errs := make([]T, callers), make([]error, callers)
	for caller := range callers {
		wait.Go(func() { results[caller], errs[caller] = call(caller) })
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return results, nil
}

func testNumbering(t *testing.T, s fraud.Store) {
	const calls, size, accounts = 4, 5, 2
	_, err := together(func(caller int) (any, error) {
		for call := range calls {
			var transactions []fraud.Transaction
			for i := range size * accounts {
				id := fmt.Sprintf("%d.%d.%d", caller, call, i)
				transactions = append(transactions, at(id, fmt.Sprint(i%accounts), 0))
			}
			if _, err := s.Record(t.Context(), transactions); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for caller := range callers {
		for call := range calls {
			for i := range size * accounts {
				ids = append(ids, fmt.Sprintf("%d.%d.%d", caller, call, i))
			}
		}
	}
	numbers := map[string][]int{}
	for _, r := range find(t, s, ids...) {
		numbers[r.Facts.AccountID] = append(numbers[r.Facts.AccountID], int(r.Facts.NumberOfTransactions))
	}
	for _, of := range numbers {
		slices.Sort(of)
		for i, number := range of {
			if number != i+1 {
				t.Fatalf("place %d has number %d", i+1, number)
			}
		}
	}
}

func testRivals(t *testing.T, s fraud.Store) {
	const ids = 40
	results, err := together(func(caller int) ([]fraud.RecordResult, error) {
		var transactions []fraud.Transaction
		for i := range ids {
			p := payment(fmt.Sprint(i))
			p.Amount += float64(caller / 2) // pairs of callers agree
			transactions = append(transactions, p)
		}
		return s.Record(t.Context(), transactions)
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range ids {
		amount := find(t, s, fmt.Sprint(i))[0].Facts.Amount
		var words []string
		for caller := range callers {
			word := describe(results[caller])[i]
			if agrees := amount == payment("").Amount+float64(caller/2); agrees == (word == fraud.ReasonFactsDiffer) {
				t.Errorf("transaction %d has amount %v and caller %d was told %q", i, amount, caller, word)
			}
			words = append(words, word)
		}
		slices.Sort(words)
		want := append(slices.Repeat([]string{fraud.ReasonFactsDiffer}, callers-2), already, isNew)
		equal(t, "answers", words, want)
	}
}

// testOrders has every caller record the same, and say the same of it, each in an
// order of its own.
func testOrders(t *testing.T, s fraud.Store) {
	const ids, size, accounts = 120, 12, 7
	type told struct{ recorded, assessed int }
	results, err := together(func(caller int) (sum told, err error) {
		order := rand.New(rand.NewPCG(uint64(caller), 1)).Perm(ids)
		for part := range slices.Chunk(order, size) {
			var transactions []fraud.Transaction
			var names []string
			for _, i := range part {
				names = append(names, fmt.Sprint(i))
				transactions = append(transactions, at(fmt.Sprint(i), fmt.Sprint(i%accounts), i))
			}
			recorded, err := s.Record(t.Context(), transactions)
			if err != nil {
				return sum, err
			}
			found, err := s.LookUp(t.Context(), names, "v1")
			if err != nil {
				return sum, err
			}
			var assessments []fraud.Assessment
			var outcomes []fraud.Outcome
			for i, r := range found {
				if !recorded[i].Already {
					sum.recorded++
				}
				assessments = append(assessments, assessment(r.Transaction, "v1", 0.5))
				outcomes = append(outcomes, outcome(names[i], fraud.OutcomeFraud, start))
			}
			stand, err := s.RecordAssessments(t.Context(), assessments)
			if err != nil {
				return sum, err
			}
			for _, a := range stand {
				if !a.FromRecord {
					sum.assessed++
				}
			}
			if _, err := s.ReportOutcomes(t.Context(), outcomes); err != nil {
				return sum, err
			}
		}
		return sum, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var all told
	for _, r := range results {
		all.recorded, all.assessed = all.recorded+r.recorded, all.assessed+r.assessed
	}
	equal(t, "what was new to callers", all, told{ids, ids})
	equal(t, "the feed's end", feedEnd(t, s), fraud.Position{Assessment: ids, Outcome: ids})
	counts := summarize(t, s, fraud.Buckets{From: start, Minutes: 120, Number: 1})
	equal(t, "counts", []int64{counts[0].Assessed, counts[0].Frauds}, []int64{ids, ids})
}

func testRivalAssessments(t *testing.T, s fraud.Store) {
	const n = 40
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprint(i))
		record(t, s, payment(ids[i]))
	}
	known := find(t, s, ids...)
	results, err := together(func(caller int) ([]fraud.Assessment, error) {
		var assessments []fraud.Assessment
		for i := range n { // each in its own order
			assessments = append(assessments, assessment(known[(i+caller*5)%n], "v1", float64(caller)/callers))
		}
		return s.RecordAssessments(t.Context(), assessments)
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, found := range lookUp(t, s, "v1", ids...) {
		stands := found.Assessment
		first := 0
		for caller := range callers {
			told := results[caller][(i-caller*5+n*callers)%n]
			if !told.FromRecord {
				first++
			}
			equal(t, fmt.Sprintf("what caller %d was told", caller), fromRecord(told), *stands)
		}
		equal(t, "callers told that theirs is the first", first, 1)
	}
}

// testCancelMidway cancels calls at whatever place they have come to.
func testCancelMidway(t *testing.T, s fraud.Store) {
	const size = 50
	for round := range 40 {
		var transactions []fraud.Transaction
		var ids []string
		for i := range size {
			ids = append(ids, fmt.Sprintf("%d.%d", round, i))
			transactions = append(transactions, payment(ids[i]))
		}
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		_, err := s.Record(ctx, transactions)
		cancel()
		for _, r := range lookUp(t, s, "v1", ids...) {
			if (r.Err == nil) != (err == nil) {
				t.Fatalf("the call returned %v and looking up a row %v", err, r.Err)
			}
		}
	}
}
