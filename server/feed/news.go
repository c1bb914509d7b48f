package feed

import (
	"context"
	"sync"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// news is that the store holds more than before, or that it cannot be asked.
type news[M any] struct {
	at    time.Time
	every time.Duration // since it was looked before
	end   fraud.Position
	err   error
	over  chan struct{} // closed when there are newer

	mu    sync.Mutex
	reads map[readKey]*shared[M]
}

// readKey is all that a batch depends on.
type readKey struct {
	filter   string
	outcomes bool
	every    bool
	room     room
	from     fraud.Position
	end      fraud.Position
}

// batch is what to hand to a watcher.
type batch[M any] struct {
	messages    []M
	assessments int            // how many of the messages are
	after       fraud.Position // where to go on
}

// shared is a batch that is read by the first who wants it.
type shared[M any] struct {
	ready chan struct{}
	batch batch[M]
	err   error
}

func newNews[M any](every time.Duration, end fraud.Position, err error) *news[M] {
	return &news[M]{at: time.Now(), every: every, end: end, err: err, over: make(chan struct{}), reads: map[readKey]*shared[M]{}}
}

// forget lets go of what was read: whoever wanted it has it.
func (n *news[M]) forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.reads)
}

// once reads for all who want the same. It does not end with the first of them:
// read has its own context.
func (n *news[M]) once(ctx context.Context, key readKey, read func() (batch[M], error)) (batch[M], error) {
	n.mu.Lock()
	s, found := n.reads[key]
	if !found {
		s = &shared[M]{ready: make(chan struct{})}
		n.reads[key] = s
	}
	n.mu.Unlock()
	if !found {
		s.batch, s.err = read()
		close(s.ready)
	}
	select {
	case <-s.ready:
		return s.batch, s.err
	case <-ctx.Done():
		return batch[M]{}, ctx.Err()
	}
}
