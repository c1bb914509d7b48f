package predictor

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Predict implements fraud.Predictor.
func (p *Pool) Predict(ctx context.Context, rows []fraud.Recorded) (fraud.Predictions, error) {
	var by *backend
	said, why, err := try(ctx, p, func(ctx context.Context, b *backend) (fraud.Predictions, error) {
		by = b
		return b.predict(ctx, rows)
	})
	switch {
	case err == nil:
		return p.complete(ctx, by, rows, said), nil
	case why == answered && len(rows) > 1 && by.model.Load().Batches:
		return p.split(ctx, by, rows, err)
	case why.mayBeARows() && len(rows) >= manyRows:
		by.health.blame()
	}
	return said, err
}

// Explain implements fraud.Predictor.
func (p *Pool) Explain(ctx context.Context, rows []fraud.Recorded) (fraud.Explanations, error) {
	why, _, err := try(ctx, p, func(ctx context.Context, b *backend) (fraud.Explanations, error) { return b.explain(ctx, rows) })
	return why, err
}

// try asks one host, and once more another if the first failed for its own sake: a
// prediction changes nothing, so that asking twice is safe. A host that is the only
// one is asked again if the connection broke, or if it is a proxy: another replica
// may answer.
func try[Answer any](ctx context.Context, p *Pool, ask func(context.Context, *backend) (Answer, error)) (Answer, fault, error) {
	p.budget.earn()
	first := p.pick(nil)
	if first == nil {
		var nothing Answer
		return nothing, unable, p.noHost()
	}
	answer, why, err := attempt(ctx, first, p.another(first), ask)
	if err == nil || why == none || why == theCallers { // rows that are missing are completed elsewhere
		return answer, why, err
	}
	second := p.pick(first)
	if second == nil && (why == broken || p.opts.Application != "") {
		second = first
	}
	if second == nil || !p.budget.spend() {
		return answer, why, err
	}
	p.opts.Log.Debug("predictor call failed, asking again", "predictor", first.address, "next", second.address, "error", err)
	answer, whyNot, err := attempt(ctx, second, false, ask)
	if whyNot == none && why.mayBeARows() && second != first { // it was not
		first.health.blame()
	}
	return answer, whyNot, err
}

// attempt asks one host and notes how that went. Where another could be asked, it is
// given half of the time that is left.
func attempt[Answer any](ctx context.Context, b *backend, another bool, ask func(context.Context, *backend) (Answer, error)) (Answer, fault, error) {
	within := ctx
	if deadline, ok := ctx.Deadline(); ok && another {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
	}
	answer, err := ask(within, b)
	why := judge(ctx, within, answer, err)
	b.health.called(why)
	if err != nil && why != none {
		err = public(ctx, err)
	}
	return answer, why, err
}

// pick takes the less busy of two hosts drawn at random among those that are
// usable, but not the one that has just failed. If none is, it takes one that may
// just be slow; nil if there is none either.
func (p *Pool) pick(failed *backend) *backend {
	var usable, perhaps []*backend
	for _, b := range p.backends.all() {
		switch {
		case b == failed:
		case b.health.usable():
			usable = append(usable, b)
		case b.health.perhaps():
			perhaps = append(perhaps, b)
		}
	}
	if len(usable) == 0 {
		usable = perhaps
	}
	if len(usable) == 0 {
		return nil
	}
	a, b := usable[rand.IntN(len(usable))], usable[rand.IntN(len(usable))]
	if b.inFlight.Load() < a.inFlight.Load() {
		return b
	}
	return a
}

// another reports whether a host other than this one is ready.
func (p *Pool) another(than *backend) bool {
	for _, b := range p.backends.all() {
		if b != than && b.health.usable() {
			return true
		}
	}
	return false
}

// noHost refuses a call at once, and tells when a host is asked next.
func (p *Pool) noHost() error {
	err := fraud.PredictorUnavailable("no model answers now", nil)
	for _, b := range p.backends.all() {
		if next := b.health.nextTrial(); err.RetryAfter == 0 || next < err.RetryAfter {
			err.RetryAfter = next
		}
	}
	return err
}
