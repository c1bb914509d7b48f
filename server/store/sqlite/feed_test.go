package sqlite

import (
	"strings"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Whatever filters the feed, no more than the span is gone through, and nothing
// is sorted but what is shown.
func TestTheFeedIsReadAlongItsNumbers(t *testing.T) {
	s := openStore(t)
	half, yes := 0.5, true
	for name, q := range map[string]fraud.Query{
		"all":           {},
		"a label":       {Label: &yes},
		"a probability": {MinProbability: &half, MaxProbability: &half},
		"a time":        {From: time.Now(), To: time.Now()},
		"a transaction": {TransactionID: "a"},
		"an account":    {AccountID: "a"},
		"an outcome":    {Outcome: fraud.OutcomeFraud},
		"labelled":      {Labelled: &yes},
	} {
		for _, order := range []string{recordedOrder, lastRecordedOrder} {
			p := feedPart(q, fraud.Span{After: 7, UpTo: 9}, order, 5)
			plan := explain(t, s, p)
			if !strings.Contains(plan, "SEARCH assessments USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)") || strings.Contains(plan, "TEMP B-TREE FOR ORDER BY") {
				t.Errorf("%s%s: the plan is\n%s", name, order, plan)
			}
			if plan := explainSQL(t, s, feedCountSQL+p.index+p.where(), p.bindWhere); !strings.Contains(plan, "USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)") {
				t.Errorf("%s, counted: the plan is\n%s", name, plan)
			}
			if name != "an outcome" {
				continue
			}
			if strings.Contains(plan, "LIST SUBQUERY") {
				t.Errorf("%s: goes through all that have it:\n%s", name, plan)
			}
		}
	}
}
