package predictor

import (
	"context"
	"fmt"
	"slices"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	// maxParts is how many calls a batch that failed may take further: one bad row of
	// 1,000 takes 20, three of them about 50.
	maxParts = 64
	// outageAfter is how many parts may fail before any was answered: by then one of
	// the quarters would have been, unless most rows are bad, or the host.
	outageAfter = 6
)

// split finds the rows for whose sake live hosts fail a batch, and has the others
// answered: it halves what fails, the larger parts first. If no part is answered
// either, it is not for a row's sake.
func (p *Pool) split(ctx context.Context, rows []fraud.Recorded, cause error) (fraud.Predictions, error) {
	whole := fraud.Predictions{Rows: make([]fraud.Prediction, len(rows))}
	half := len(rows) / 2
	open := []span{{0, half}, {half, len(rows)}}
	some := false
	for calls := 0; len(open) > 0; calls++ {
		part := open[0]
		open = open[1:]
		if calls >= maxParts || !some && calls >= outageAfter {
			part.fail(whole.Rows, cause)
			continue
		}
		said, err := p.askPart(ctx, rows[part.from:part.to])
		switch {
		case err == nil && (!some || said.ModelVersion == whole.ModelVersion):
			whole.ModelVersion, whole.Threshold, some = said.ModelVersion, said.Threshold, true
			copy(whole.Rows[part.from:], said.Rows)
		case err == nil:
			part.fail(whole.Rows, fmt.Errorf("the model was replaced while a batch was answered in parts"))
		case faultOf(ctx, err) == answered && part.to-part.from > 1:
			half := (part.from + part.to) / 2
			open = append(open, span{part.from, half}, span{half, part.to})
		default:
			part.fail(whole.Rows, public(ctx, err))
		}
	}
	if !some {
		return fraud.Predictions{}, public(ctx, cause)
	}
	p.opts.Log.Warn("a batch was answered in parts", "rows", len(rows), "error", cause)
	return whole, nil
}

// askPart asks one host. That parts fail is no news of the host.
func (p *Pool) askPart(ctx context.Context, rows []fraud.Recorded) (fraud.Predictions, error) {
	b := p.pick(nil)
	if b == nil {
		return fraud.Predictions{}, noHost()
	}
	said, err := b.predict(ctx, rows)
	if err == nil {
		b.health.called(false, theCallers)
	}
	return said, err
}

// span is a part of a batch: the rows from one up to another, which is not in it.
type span struct{ from, to int }

func (s span) fail(rows []fraud.Prediction, err error) {
	for i := s.from; i < s.to; i++ {
		rows[i].Err = cannotScore(err)
	}
}

// complete asks another host about the rows that failed for the first one's sake, as
// they do if it ends while it answers row by row.
func (p *Pool) complete(ctx context.Context, first *backend, rows []fraud.Recorded, said fraud.Predictions) fraud.Predictions {
	var missing []int
	var again []fraud.Recorded
	for i := range said.Rows {
		if isHosts(ctx, said.Rows[i].Err) {
			missing, again = append(missing, i), append(again, rows[i])
		}
	}
	if len(missing) == 0 {
		return said
	}
	other := p.pick(first)
	if other == nil || !p.budget.spend() {
		return said
	}
	more, _, err := attempt(ctx, other, false, func(ctx context.Context, b *backend) (fraud.Predictions, error) {
		return b.predict(ctx, again)
	})
	if err == nil && more.ModelVersion == said.ModelVersion {
		for i, at := range missing {
			said.Rows[at] = more.Rows[i]
		}
	}
	return said
}

// spoilt reports whether an answer lacks rows for the host's sake.
func spoilt(ctx context.Context, answer any) bool {
	said, ok := answer.(fraud.Predictions)
	return ok && slices.ContainsFunc(said.Rows, func(p fraud.Prediction) bool { return isHosts(ctx, p.Err) })
}

// isHosts reports whether a row failed for the host's sake.
func isHosts(ctx context.Context, err error) bool {
	if err == nil {
		return false
	}
	why := faultOf(ctx, err)
	return why == broken || why == unable
}
