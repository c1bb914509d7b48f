package predictor

import (
	"slices"
	"sync"
	"sync/atomic"
)

// roster are the hosts of a pool as they are now: those that were named, and those
// that names of several have by now.
type roster struct {
	now atomic.Pointer[[]*backend] // never changed, but replaced

	mu sync.Mutex // of those who change it
}

func newRoster(backends ...*backend) *roster {
	r := &roster{}
	r.now.Store(&backends)
	return r
}

// all is not to be changed.
func (r *roster) all() []*backend { return *r.now.Load() }

// exchange has some come and others go at once, so that no call meets a pool without
// either.
func (r *roster) exchange(come, gone []*backend) {
	r.mu.Lock()
	defer r.mu.Unlock()
	stay := slices.DeleteFunc(slices.Clone(r.all()), func(b *backend) bool { return slices.Contains(gone, b) })
	stay = append(stay, come...)
	r.now.Store(&stay)
}
