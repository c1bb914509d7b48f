// Package predictor reaches the models: a pool of Python hosts called over h2c
// with gRPC, many rows a call where they can, row by row where they cannot.
package predictor

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// attempts is how many hosts are asked before a call fails. Asking twice is
// safe: a prediction changes nothing.
const attempts = 2

// Pool is a fraud.Predictor over one or more hosts. Open one, Close it.
type Pool struct {
	backends []*backend
	opts     Options
	stop     context.CancelFunc
	watchers sync.WaitGroup
}

var _ fraud.Predictor = (*Pool)(nil)

// Open makes a pool and starts to watch its hosts. It does not wait for them:
// until one has answered, calls fail with PREDICTOR_UNAVAILABLE.
func Open(opts Options) (*Pool, error) {
	opts = opts.withDefaults()
	if err := opts.validate(); err != nil {
		return nil, err
	}
	p := &Pool{opts: opts}
	for _, address := range opts.Addresses {
		b, err := newBackend(address, opts)
		if err != nil {
			return nil, err
		}
		p.backends = append(p.backends, b)
	}
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	for _, b := range p.backends {
		p.watchers.Go(func() { p.watch(ctx, b) })
	}
	return p, nil
}

// Close stops watching and lets go of idle connections. Calls under way end
// with their own deadlines.
func (p *Pool) Close() {
	p.stop()
	p.watchers.Wait()
	for _, b := range p.backends {
		b.link.close()
	}
}

// Model describes the model now serving: that of a host which is ready, or else
// the last one seen.
func (p *Pool) Model() (fraud.Model, error) {
	var seen *fraud.Model
	for _, b := range p.backends {
		m := b.model.Load()
		if m != nil && b.ready.Load() {
			return *m, nil
		}
		if seen == nil {
			seen = m
		}
	}
	if seen == nil {
		return fraud.Model{}, fraud.PredictorUnavailable("no model has answered yet", nil)
	}
	return *seen, nil
}

// Ready reports whether a real score came back from some host when it was last
// asked.
func (p *Pool) Ready() bool {
	for _, b := range p.backends {
		if b.ready.Load() {
			return true
		}
	}
	return false
}

// slotsUnary is how many batches are sent at once to a host that answers row by
// row: while the last rows of one are out, others keep the host busy.
const slotsUnary = 2

// Slots implements fraud.Predictor. A host answers one batch sooner than two
// halves of it.
func (p *Pool) Slots() int {
	slots := 0
	for _, b := range p.backends {
		if m := b.model.Load(); m == nil || !b.ready.Load() {
			continue
		} else if m.Batches {
			slots++
		} else {
			slots += slotsUnary
		}
	}
	return max(1, slots)
}

// Predict implements fraud.Predictor.
func (p *Pool) Predict(ctx context.Context, rows []fraud.Recorded) (fraud.Predictions, error) {
	return try(ctx, p, func(b *backend) (fraud.Predictions, error) { return b.predict(ctx, rows) })
}

// Explain implements fraud.Predictor.
func (p *Pool) Explain(ctx context.Context, rows []fraud.Recorded) (fraud.Explanations, error) {
	return try(ctx, p, func(b *backend) (fraud.Explanations, error) { return b.explain(ctx, rows) })
}

// try asks one host, and once more another if the first failed.
func try[Answer any](ctx context.Context, p *Pool, ask func(*backend) (Answer, error)) (Answer, error) {
	var failed *backend
	for attempt := 1; ; attempt++ {
		b := p.pick(failed)
		answer, err := ask(b)
		if err == nil {
			return answer, nil
		}
		err = classify(ctx, err)
		if attempt == attempts || !retryable(err) {
			var none Answer
			return none, err
		}
		p.opts.Log.Warn("predictor call failed, asking again", "predictor", b.address, "error", err)
		failed = b
	}
}

// pick takes the less busy of two hosts drawn at random among those that are
// ready, or among all if none is. It avoids the one that has just failed.
func (p *Pool) pick(failed *backend) *backend {
	var choice []*backend
	for _, readyOnly := range []bool{true, false} {
		for _, b := range p.backends {
			if b != failed && (b.ready.Load() || !readyOnly) {
				choice = append(choice, b)
			}
		}
		if len(choice) > 0 {
			break
		}
	}
	if len(choice) == 0 {
		return failed
	}
	a, b := choice[rand.IntN(len(choice))], choice[rand.IntN(len(choice))]
	if b.inFlight.Load() < a.inFlight.Load() {
		return b
	}
	return a
}

// classify gives an error its reason. A host's own text is for the log: it may
// hold a stack trace. While the caller still waits, a call that came back as
// canceled or out of time was cut by the host: a connection that is reset says
// the one, a dial that takes too long the other.
func classify(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var known *fraud.Error
	if errors.As(err, &known) {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded // the context's own timer is about to say so
	}
	return fraud.PredictorUnavailable("the model could not answer", err)
}

func retryable(err error) bool { return fraud.ReasonOf(err) == fraud.ReasonPredictorUnavailable }
