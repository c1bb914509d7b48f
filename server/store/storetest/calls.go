package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// calls is one call of each method that would change or find something in a
// store prepared by prepareCalls.
var calls = map[string]func(ctx context.Context, s fraud.Store) error{
	"Record": func(ctx context.Context, s fraud.Store) error {
		_, err := s.Record(ctx, []fraud.Transaction{payment("b"), payment("c")})
		return err
	},
	"LookUp": func(ctx context.Context, s fraud.Store) error {
		_, err := s.LookUp(ctx, []string{"a"}, "v1")
		return err
	},
	"RecordAssessments": func(ctx context.Context, s fraud.Store) error {
		known, err := s.LookUp(context.WithoutCancel(ctx), []string{"a"}, "v2")
		if err == nil {
			_, err = s.RecordAssessments(ctx, []fraud.Assessment{assessment(known[0].Transaction, "v2", 0.5)})
		}
		return err
	},
	"List": func(ctx context.Context, s fraud.Store) error {
		_, err := s.List(ctx, fraud.Query{Limit: 1})
		return err
	},
	"ReportOutcomes": func(ctx context.Context, s fraud.Store) error {
		_, err := s.ReportOutcomes(ctx, []fraud.Outcome{outcome("a", fraud.OutcomeFraud, start)})
		return err
	},
	"NewestOutcomes": func(ctx context.Context, s fraud.Store) error {
		_, err := s.NewestOutcomes(ctx, []string{"a"})
		return err
	},
	"ListLabelled": func(ctx context.Context, s fraud.Store) error {
		_, err := s.ListLabelled(ctx, 0, 1)
		return err
	},
	"Live": func(ctx context.Context, s fraud.Store) error {
		_, err := s.Live(ctx, "v1", 1)
		return err
	},
	"FeedEnd": func(ctx context.Context, s fraud.Store) error {
		_, err := s.FeedEnd(ctx)
		return err
	},
	"FeedAssessments": func(ctx context.Context, s fraud.Store) error {
		_, err := s.FeedAssessments(ctx, fraud.Query{}, fraud.Span{UpTo: 1}, 1)
		return err
	},
	"FeedNewest": func(ctx context.Context, s fraud.Store) error {
		_, err := s.FeedNewest(ctx, fraud.Query{}, fraud.Span{UpTo: 1}, 1)
		return err
	},
	"FeedOutcomes": func(ctx context.Context, s fraud.Store) error {
		_, err := s.FeedOutcomes(ctx, fraud.Span{UpTo: 1}, 1)
		return err
	},
	"Summarize": func(ctx context.Context, s fraud.Store) error {
		_, err := s.Summarize(ctx, fraud.Buckets{From: start, Minutes: 1, Number: 1})
		return err
	},
	"OutcomeHistory": func(ctx context.Context, s fraud.Store) error {
		_, err := s.OutcomeHistory(ctx, "a", 1)
		return err
	},
	"CreateKey": func(ctx context.Context, s fraud.Store) error { return s.CreateKey(ctx, key("b", start), alice) },
	"CreateFirstKey": func(ctx context.Context, s fraud.Store) error {
		_, err := s.CreateFirstKey(ctx, key("b", start), alice)
		return err
	},
	"ListKeys": func(ctx context.Context, s fraud.Store) error {
		_, err := s.ListKeys(ctx)
		return err
	},
	"RevokeKey": func(ctx context.Context, s fraud.Store) error {
		_, err := s.RevokeKey(ctx, "a", start, bob)
		return err
	},
	"TouchKeys": func(ctx context.Context, s fraud.Store) error {
		return s.TouchKeys(ctx, map[string]time.Time{"a": start})
	},
	"RecordAct": func(ctx context.Context, s fraud.Store) error {
		return s.RecordAct(ctx, fraud.Act{At: start, Actor: alice, Kind: fraud.ActServerStarted})
	},
	"ListActs": func(ctx context.Context, s fraud.Store) error {
		_, err := s.ListActs(ctx, fraud.ActQuery{Limit: 1})
		return err
	},
}

func prepareCalls(t *testing.T, s fraud.Store) {
	t.Helper()
	record(t, s, payment("a"))
	assess(t, s, assessment(find(t, s, "a")[0], "v1", 0.5))
	createKeys(t, s, key("a", start))
}

func testCalls(t *testing.T, open func(t *testing.T) fraud.Store) {
	t.Run("a cancelled call fails and leaves nothing", func(t *testing.T) { testCancelled(t, open(t)) })
	t.Run("a closed store fails", func(t *testing.T) {
		s := open(t)
		prepareCalls(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for name, call := range calls {
			if call(t.Context(), s) == nil {
				t.Errorf("%s: no error", name)
			}
		}
	})
	t.Run("a call for nothing does nothing", func(t *testing.T) { testEmpty(t, open(t)) })
}

func testCancelled(t *testing.T, s fraud.Store) {
	prepareCalls(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range calls {
		if err := call(ctx, s); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, id := range []string{"b", "c"} {
		equal(t, "transaction "+id, fraud.ReasonOf(lookUp(t, s, "v1", id)[0].Err), fraud.ReasonTransactionUnknown)
	}
	equal(t, "assessment", lookUp(t, s, "v2", "a")[0].Assessment, nil)
	equal(t, "outcomes", newestOutcomes(t, s, "a"), map[string]fraud.Outcome{})
	equal(t, "keys", keys(t, s), []fraud.Key{key("a", start)})
	for name, call := range calls { // and the store goes on
		if err := call(t.Context(), s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func testEmpty(t *testing.T, s fraud.Store) {
	equal(t, "Record", len(record(t, s)), 0)
	equal(t, "LookUp", len(lookUp(t, s, "v1")), 0)
	equal(t, "RecordAssessments", len(assess(t, s)), 0)
	equal(t, "ReportOutcomes", len(report(t, s)), 0)
	equal(t, "NewestOutcomes", len(newestOutcomes(t, s)), 0)
	equal(t, "ListLabelled", labelled(t, s, 0, 1), fraud.LabelledPage{})
	equal(t, "Live", live(t, s, "v1", 1), fraud.Live{})
	touch(t, s, nil)
	equal(t, "List", list(t, s, fraud.Query{Limit: 1}), fraud.Page{})
	equal(t, "ListKeys", len(keys(t, s)), 0)
}
