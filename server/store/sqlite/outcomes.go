package sqlite

import (
	"context"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/reckon"
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
	reports := reckon.NewReports(outcomes)
	err := s.update(ctx, "report outcomes", func(c *engine.Conn) error {
		if err := findReported(c, reports); err != nil {
			return err
		}
		fresh := reports.Settle(results)
		_, err := insertOutcomes.insert(c, len(fresh), func(p *params, i int) {
			o := results[fresh[i]].Outcome
			p.int(reports.Seqs[fresh[i]])
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
	s.folding.Wrote(len(results))
	return results, nil
}

// report asks for the transaction of an outcome and for those it may equal.
type report struct {
	ID         string
	OccurredAt int64
}

// findReported numbers the transactions of reports, and finds the outcomes that
// the reports may equal.
func findReported(c *engine.Conn, reports *reckon.Reports) error {
	asked := make([]report, len(reports.Outcomes))
	for i, o := range reports.Outcomes {
		asked[i] = report{o.TransactionID, o.OccurredAt.UnixMicro()}
	}
	text, err := asJSON(asked)
	if err != nil {
		return err
	}
	return each(c, findReportedSQL, func(p *params) { p.text(text) }, func(r *row) {
		key := r.int()
		reports.Seqs[key] = r.int()
		if o := r.outcome(asked[key].ID); o != nil {
			reports.Stands(*o)
		}
	})
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
