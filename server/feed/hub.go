// Package feed brings what is recorded to those who watch. All comes from the
// store by its numbers: a watcher may go and come again where it was, on another
// server too. What several watch alike is read once for all of them.
package feed

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Hub lets watchers watch. Make one with New, Close it. M is what a watcher is
// handed for each event.
type Hub[M any] struct {
	Options
	store fraud.Feed
	show  func(Event) M

	// reading is a token: however many watch, they hold one of the store's
	// connections, and the others are for those who ask.
	reading chan struct{}

	closing context.Context // done from Close on
	close   context.CancelFunc
	looking sync.WaitGroup

	mu       sync.Mutex
	watchers int
	news     atomic.Pointer[news[M]] // nil while nobody looks for any
}

// New makes a Hub, which does nothing until somebody watches. show makes what
// watchers are handed, once for all who are handed the same.
func New[M any](store fraud.Feed, show func(Event) M, opts Options) *Hub[M] {
	h := &Hub[M]{Options: opts.withDefaults(), store: store, show: show, reading: make(chan struct{}, 1)}
	h.closing, h.close = context.WithCancel(context.Background())
	return h
}

// Close ends all watchers with SHUTTING_DOWN, and refuses others.
func (h *Hub[M]) Close() {
	h.mu.Lock() // so that nobody begins to look while we wait
	h.close()
	if n := h.news.Load(); n != nil {
		h.renew(n, 0, n.end, nil) // wakes whoever waits
	}
	h.mu.Unlock()
	h.looking.Wait()
}

// Closing is done once the hub is closed.
func (h *Hub[M]) Closing() context.Context { return h.closing }

// Watch begins to watch. The watcher is to be closed.
func (h *Hub[M]) Watch(ctx context.Context, ask Ask) (*Watcher[M], error) {
	end, err := h.store.FeedEnd(ctx)
	if err != nil {
		return nil, err
	}
	w := &Watcher[M]{hub: h, ask: ask, position: end, budget: budget{rate: ask.MaxPerSecond}}
	if ask.After != nil {
		if w.position = *ask.After; w.position.Assessment > end.Assessment || w.position.Outcome > end.Outcome {
			return nil, fraud.InvalidArgument("cursor", "must not be ahead of what is recorded: it is of another store; begin without one")
		}
	}
	w.leastLag = lag(w.position, end)
	filter, err := json.Marshal(ask.Query) // tells what pointers point to, too
	if err != nil {
		return nil, fmt.Errorf("feed: filter: %w", err)
	}
	w.filter = string(filter)
	return w, h.enter(end)
}

// enter counts a watcher, and begins to look for news with the first.
func (h *Hub[M]) enter(end fraud.Position) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closing.Err() != nil:
		return errShuttingDown
	case h.watchers >= h.MaxWatchers:
		return &fraud.Error{Reason: fraud.ReasonQueueFull, RetryAfter: time.Second,
			Message: fmt.Sprintf("%d watch already, which is all that this server takes; try again later", h.watchers)}
	}
	h.watchers++
	switch n := h.news.Load(); {
	case n == nil:
		h.news.Store(newNews[M](h.Every, end, nil))
		h.looking.Go(h.look)
	case n.err != nil: // which is over, as the store has just told its end
		h.renew(n, h.Every, end, nil)
	}
	return nil
}

// Watchers is how many watch now.
func (h *Hub[M]) Watchers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.watchers
}

func (h *Hub[M]) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.watchers--
}

// look asks for news until nobody watches.
func (h *Hub[M]) look() {
	for {
		every := h.every()
		timer := time.NewTimer(every)
		select {
		case <-h.closing.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		h.awaitRecord()
		end, err := h.store.FeedEnd(h.closing)
		if !h.announce(every, end, err) {
			return
		}
	}
}

// awaitRecord waits until the store announces something, if it does so, or for a
// while: an announcement may be lost with a connection.
func (h *Hub[M]) awaitRecord() {
	announcer, announces := h.store.(fraud.Announcer)
	if !announces {
		return
	}
	timer := time.NewTimer(h.Quiet)
	defer timer.Stop()
	select {
	case <-announcer.Recorded():
	case <-h.closing.Done():
	case <-timer.C:
	}
}

// every is how often to look, by how many watch now.
func (h *Hub[M]) every() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return max(h.Every, time.Duration(h.watchers)*h.Each)
}

// announce tells watchers that there is more, if there is, and whether there are
// watchers at all. A failure ends those who watch now: they would not know from a
// silent feed that it is broken. For others it is asked again.
func (h *Hub[M]) announce(every time.Duration, end fraud.Position, err error) (watched bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.news.Load()
	switch {
	case h.closing.Err() != nil:
		return false
	case h.watchers == 0:
		h.news.Store(nil)
		return false
	}
	if err == nil && before.err == nil && end == before.end {
		before.forget()
		return true
	}
	h.renew(before, every, end, err)
	return true
}

func (h *Hub[M]) renew(before *news[M], every time.Duration, end fraud.Position, err error) {
	h.news.Store(newNews[M](every, end, err))
	close(before.over)
}

// inTurn waits for the token and reads. The token rests for as long as that
// took: whatever is watched, reading takes half a processor at most.
func (h *Hub[M]) inTurn(ctx context.Context, read func() error) error {
	select {
	case h.reading <- struct{}{}:
		began := time.Now()
		err := read()
		time.AfterFunc(time.Since(began), func() { <-h.reading })
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-h.closing.Done():
		return errShuttingDown
	}
}

var errShuttingDown = &fraud.Error{Reason: fraud.ReasonShuttingDown,
	Message: "this server is shutting down; resume by the cursor of the last message"}
