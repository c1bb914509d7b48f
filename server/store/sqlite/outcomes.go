package sqlite

import (
	"context"
	"time"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	// With each report's transaction, those of its outcomes that may equal it: of
	// the same time.
	findReportedSQL = `
		SELECT key, transactions.transaction_seq, ` + newestColumns + `
		FROM json_each(?) CROSS JOIN transactions ON transaction_id = value->>'ID'
		LEFT JOIN outcomes ON outcomes.transaction_seq = transactions.transaction_seq
			AND occurred_at = value->>'OccurredAt'`

	// One row without an outcome where there are none; no row where there is no
	// transaction.
	outcomeHistorySQL = `
		SELECT ` + newestColumns + `
		FROM transactions LEFT JOIN outcomes USING (transaction_seq) WHERE transaction_id = ?
		ORDER BY occurred_at DESC, outcome_seq DESC LIMIT ?`

	newestColumns = `coalesce(outcomes.label, 0), coalesce(source, 0), coalesce(occurred_at, 0), coalesce(note, ''),
		coalesce(reported_at, 0), coalesce(reported_by, '')`

	// withdrawn is the label of a report after which no outcome stands.
	withdrawn = `3`
)

var newestOutcomesSQL = `
	SELECT key, ` + newestColumns + `
	FROM json_each(?) CROSS JOIN transactions ON transaction_id = value
	JOIN outcomes ON ` + standsFor("transactions.transaction_seq")

// newestReport selects a column of the newest report about a transaction, which
// is NULL if there is none.
func newestReport(column, transactionSeq string) string {
	return `(SELECT ` + column + ` FROM outcomes AS o WHERE o.transaction_seq = ` + transactionSeq + `
		ORDER BY occurred_at DESC, outcome_seq DESC LIMIT 1)`
}

// standsFor is the condition that finds, in outcomes, the one that stands for a
// transaction.
func standsFor(transactionSeq string) string {
	return `outcome_seq = ` + newestReport("outcome_seq", transactionSeq) + ` AND outcomes.label <> ` + withdrawn
}

var insertOutcomes = newBulk(`outcomes (transaction_seq, label, source, occurred_at, note,
	reported_at, reported_by)`, 7, "")

// outcome reads newestColumns. It returns nil where there is no outcome.
func (r *row) outcome(transactionID string) *fraud.Outcome {
	o := fraud.Outcome{TransactionID: transactionID, Label: fraud.OutcomeLabel(r.int()), Source: fraud.OutcomeSource(r.int()),
		OccurredAt: r.time(), Note: r.text(), ReportedAt: r.time(), ReportedBy: r.text()}
	if o.Label == fraud.OutcomeUnknown {
		return nil
	}
	return &o
}

// ReportOutcomes implements fraud.Outcomes.
func (s *Store) ReportOutcomes(ctx context.Context, outcomes []fraud.Outcome) ([]fraud.OutcomeResult, error) {
	results := make([]fraud.OutcomeResult, len(outcomes))
	if len(outcomes) == 0 {
		return results, nil
	}
	reports := make([]report, len(outcomes))
	for i, o := range outcomes {
		reports[i] = report{ID: o.TransactionID, OccurredAt: o.OccurredAt.UnixMicro()}
	}
	err := s.update(ctx, "report outcomes", func(c *engine.Conn) error {
		stand, err := findReported(c, reports)
		if err != nil {
			return err
		}
		fresh := settle(outcomes, reports, stand, results)
		_, err = insertOutcomes.insert(c, len(fresh), func(p *params, i int) {
			o := results[fresh[i]].Outcome
			p.int(reports[fresh[i]].seq)
			p.int(int64(o.Label))
			p.int(int64(o.Source))
			p.time(o.OccurredAt)
			p.text(o.Note)
			p.time(o.ReportedAt)
			p.text(o.ReportedBy)
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	s.wrote(len(results))
	return results, nil
}

// report asks for the transaction of an outcome and for those it may equal.
type report struct {
	ID         string
	OccurredAt int64
	seq        int64 // of the transaction; 0: it is unknown
}

// findReported numbers the transactions of reports, and finds the outcomes that
// the reports may equal.
func findReported(c *engine.Conn, reports []report) (map[fraud.Outcome]fraud.Outcome, error) {
	text, err := asJSON(reports)
	if err != nil {
		return nil, err
	}
	stand := make(map[fraud.Outcome]fraud.Outcome, len(reports))
	return stand, each(c, findReportedSQL, func(p *params) { p.text(text) }, func(r *row) {
		key := r.int()
		reports[key].seq = r.int()
		if o := r.outcome(reports[key].ID); o != nil {
			stand[same(*o)] = *o
		}
	})
}

// same strips an outcome to what makes it equal to another.
func same(o fraud.Outcome) fraud.Outcome {
	o.ReportedAt, o.ReportedBy = time.Time{}, ""
	return o
}

// settle answers each outcome, by those that stand and by the earlier ones of
// this call, and returns which of them are fresh.
func settle(outcomes []fraud.Outcome, reports []report, stand map[fraud.Outcome]fraud.Outcome, results []fraud.OutcomeResult) (fresh []int) {
	now := fromMicros(time.Now().UnixMicro())
	for i, o := range outcomes {
		if reports[i].seq == 0 {
			results[i].Err = fraud.TransactionUnknown(o.TransactionID)
			continue
		}
		o.OccurredAt, o.ReportedAt = fromMicros(reports[i].OccurredAt), now
		if _, repeated := stand[same(o)]; !repeated {
			stand[same(o)] = o
			fresh = append(fresh, i)
		}
		results[i].Outcome = stand[same(o)]
	}
	return fresh
}

// OutcomeHistory implements fraud.Outcomes.
func (s *Store) OutcomeHistory(ctx context.Context, transactionID string, limit int) ([]fraud.Outcome, error) {
	var history []fraud.Outcome
	known := false
	err := s.view(ctx, "list the outcomes of a transaction", func(c *engine.Conn) error {
		bind := func(p *params) { p.text(transactionID); p.int(int64(limit)) }
		return each(c, outcomeHistorySQL, bind, func(r *row) {
			known = true
			if o := r.outcome(transactionID); o != nil {
				history = append(history, *o)
			}
		})
	})
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, fraud.TransactionUnknown(transactionID)
	}
	return history, nil
}

// NewestOutcomes implements fraud.Outcomes.
func (s *Store) NewestOutcomes(ctx context.Context, ids []string) (map[string]fraud.Outcome, error) {
	newest := make(map[string]fraud.Outcome)
	if len(ids) == 0 {
		return newest, nil
	}
	text, err := asJSON(ids)
	if err != nil {
		return nil, err
	}
	err = s.view(ctx, "find the newest outcomes", func(c *engine.Conn) error {
		return each(c, newestOutcomesSQL, func(p *params) { p.text(text) }, func(r *row) {
			id := ids[r.int()]
			newest[id] = *r.outcome(id)
		})
	})
	if err != nil {
		return nil, err
	}
	return newest, nil
}
