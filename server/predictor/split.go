package predictor

import (
	"context"
	"fmt"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	// maxParts is how many calls a batch that failed may take further: one bad row of
	// 1,000 takes 20, three of them about 50.
	maxParts = 64
	// outageAfter is how many parts may fail before any was answered: by then one of
	// the quarters would have been, unless most rows are bad, or the host.
	outageAfter = 6
	// manyRows are not bad all at once: if none is answered, that is the host's fault.
	manyRows = 8
)

// split finds the rows for whose sake live hosts fail a batch, and has the others
// answered: it halves what fails, the larger parts first. If no part is answered
// either, it is not for a row's sake.
//
// All parts are asked of one host, as long as it is usable: another may have another
// model.
func (p *Pool) split(ctx context.Context, by *backend, rows []fraud.Recorded, cause error) (fraud.Predictions, error) {
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
		said, err := p.askPart(ctx, by, rows[part.from:part.to])
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
		if len(rows) >= manyRows {
			by.health.blame()
		}
		return fraud.Predictions{}, public(ctx, cause)
	}
	p.opts.Log.Warn("a batch was answered in parts", "rows", len(rows), "error", cause)
	return whole, nil
}

// askPart asks one host. That parts fail is no news of the host.
func (p *Pool) askPart(ctx context.Context, b *backend, rows []fraud.Recorded) (fraud.Predictions, error) {
	if !b.health.usable() {
		b = p.pick(nil)
	}
	if b == nil {
		return fraud.Predictions{}, p.noHost()
	}
	said, err := b.predict(ctx, rows)
	if err == nil {
		b.health.called(none)
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
