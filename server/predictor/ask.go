package predictor

import (
	"context"
	"errors"
	"slices"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// maxExchanges is how many exchanges of its model one call outlasts. A second
// one while the first is learnt of is a rarity.
const maxExchanges = 3

// ask calls the host as its model wants to be called, which is what it said when
// it was last asked. It may exchange its model at any moment and then refuse the
// old one's columns, or a call that only the old one could answer: it is asked
// anew what it wants, and called once more. If it wants the same again, a model
// may have come and gone: that is believed once.
func ask[Answer any](ctx context.Context, b *backend, call func(*lanes, *fraud.Model) (Answer, error)) (Answer, error) {
	var none Answer
	model := b.model.Load()
	if model == nil {
		return none, errors.New("the host has not answered yet")
	}
	b.inFlight.Add(1)
	defer b.inFlight.Add(-1)
	by := b.link.take()
	defer by.release()
	believed := false
	for exchanges := 0; ; exchanges++ {
		answer, err := call(by, model)
		if err == nil || exchanges == maxExchanges || !refusesTheCall(err) {
			return answer, err
		}
		now, failed := b.fetchModel(ctx, by)
		if failed != nil {
			return none, errors.Join(err, failed)
		}
		b.model.Store(now)
		if calledAlike(model, now) {
			if believed {
				return none, err
			}
			believed = true
		}
		model = now
	}
}

// refusesTheCall reports whether a host refuses a call for what it asks, as it
// does if it serves another model by now.
func refusesTheCall(err error) bool {
	switch connect.CodeOf(err) {
	case connect.CodeInvalidArgument, connect.CodeFailedPrecondition, connect.CodeUnimplemented:
		return true
	}
	return false
}

func calledAlike(a, b *fraud.Model) bool {
	return slices.Equal(a.Facts, b.Facts) && a.Batches == b.Batches && a.Explains == b.Explains
}
