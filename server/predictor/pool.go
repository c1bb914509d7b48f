// Package predictor reaches the models: a pool of Python hosts called with gRPC
// over HTTP/2, many rows a call where they can, row by row where they cannot.
package predictor

import (
	"context"
	"sync"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Pool is a fraud.Predictor over one or more hosts. Open one, Close it.
type Pool struct {
	backends *roster
	opts     Options
	budget   *budget
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
	var named []*backend
	var names []*several
	for _, address := range opts.Addresses {
		if isSeveral(address) {
			s, err := newSeveral(address, opts)
			if err != nil {
				return nil, err
			}
			names = append(names, s)
			continue
		}
		b, err := newBackend(address, opts)
		if err != nil {
			return nil, err
		}
		named = append(named, b)
	}
	p := &Pool{opts: opts, budget: newBudget(), backends: newRoster(named...)}
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	for _, b := range named {
		p.watchers.Go(func() { p.watch(ctx, b) })
	}
	for _, s := range names {
		p.watchers.Go(func() { p.follow(ctx, s) })
	}
	return p, nil
}

// Close stops watching and lets go of idle connections. Calls under way end
// with their own deadlines.
func (p *Pool) Close() {
	p.stop()
	p.watchers.Wait()
	for _, b := range p.backends.all() {
		b.link.close()
	}
}

// Renew has all further calls use new connections, which stand on what Options.TLS
// says by now. Calls under way go on.
func (p *Pool) Renew() {
	for _, b := range p.backends.all() {
		if b.link.to.secure {
			b.link.replace()
		}
	}
}

// Model describes the model now serving: that of a host which is ready, or else
// the last one seen.
func (p *Pool) Model() (fraud.Model, error) {
	var seen *fraud.Model
	for _, b := range p.backends.all() {
		m := b.model.Load()
		if m != nil && b.health.ready.Load() {
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
// asked, and callers' calls did not fail since.
func (p *Pool) Ready() bool {
	for _, b := range p.backends.all() {
		if b.health.usable() {
			return true
		}
	}
	return false
}

// Host is how one host does.
type Host struct {
	Address string
	// Up: its last probe brought a real score, and callers' calls do not fail.
	Up bool
	// BreakerOpen: callers' calls failed one after the other, and it is left alone.
	BreakerOpen      bool
	ModelVersion     string // as last seen; empty: never
	Answered, Failed uint64 // callers' calls so far
}

// Hosts tells how each host does: in the order of Options.Addresses, then those that
// names of several have led to.
func (p *Pool) Hosts() []Host {
	all := p.backends.all()
	hosts := make([]Host, len(all))
	for i, b := range all {
		h := b.health
		hosts[i] = Host{Address: b.address, Up: h.usable(), BreakerOpen: !h.breaker.IsClosed(), Answered: h.answered.Load(), Failed: h.failed.Load()}
		if m := b.model.Load(); m != nil {
			hosts[i].ModelVersion = m.Version
		}
	}
	return hosts
}

// slotsUnary is how many batches are sent at once to a host that answers row by
// row: while the last rows of one are out, others keep the host busy.
const slotsUnary = 2

// Slots implements fraud.Predictor. A process answers one batch sooner than two
// halves of it.
func (p *Pool) Slots() int {
	slots := 0
	for _, b := range p.backends.all() {
		if m := b.model.Load(); m == nil || !b.health.usable() {
			continue
		} else if m.Batches {
			slots += p.opts.Batches
		} else {
			slots += slotsUnary
		}
	}
	return max(1, slots)
}
