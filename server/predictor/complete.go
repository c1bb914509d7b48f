package predictor

import (
	"context"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// complete asks another host about the rows that failed for the first one's sake, as
// they do if it ends while it answers row by row. It is one model's answer in the end,
// or else those rows keep their errors.
func (p *Pool) complete(ctx context.Context, first *backend, rows []fraud.Recorded, said fraud.Predictions) fraud.Predictions {
	missing, why := unanswered(ctx, said.Rows)
	if len(missing) == 0 {
		return said
	}
	other := p.pick(first)
	if other == nil || !p.budget.spend() {
		if why == senseless && len(missing) == len(rows) && len(rows) >= manyRows {
			first.health.blame()
		}
		return said
	}
	again := make([]fraud.Recorded, len(missing))
	for i, at := range missing {
		again[i] = rows[at]
	}
	more, _, err := attempt(ctx, other, false, func(ctx context.Context, b *backend) (fraud.Predictions, error) {
		return b.predict(ctx, again)
	})
	if err != nil {
		return said
	}
	if left, _ := unanswered(ctx, more.Rows); why == senseless && len(left) < len(missing) { // it was no row's sake
		first.health.blame()
	}
	if len(missing) == len(rows) {
		return more // all of it is that model's
	}
	if more.ModelVersion == said.ModelVersion {
		for i, at := range missing {
			said.Rows[at] = more.Rows[i]
		}
	}
	return said
}

// unanswered are the rows of an answer that may have failed for the host's sake, and
// what that says of it: if one was lost, it is unable. A row that it refuses is
// answered.
func unanswered(ctx context.Context, rows []fraud.Prediction) (missing []int, why fault) {
	for i := range rows {
		if rows[i].Err == nil {
			continue
		}
		switch f := faultOf(ctx, rows[i].Err); {
		case f == broken || f == unable:
			missing, why = append(missing, i), unable
		case f == senseless:
			missing = append(missing, i)
			if why == none {
				why = senseless
			}
		}
	}
	return missing, why
}
