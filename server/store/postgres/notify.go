package postgres

import (
	"context"
	"sync"
	"time"
)

const (
	listenSQL = `LISTEN brrr_recorded`

	// unheard is how often the feed is to look by itself while this gateway cannot
	// listen, and how often it tries to.
	unheard = 100 * time.Millisecond
)

// bell rings when a gateway has recorded something that others follow.
type bell struct {
	ring chan struct{} // holds one ring
	once sync.Once
	ctx  context.Context // ends when the store closes
	stop context.CancelFunc
	wait sync.WaitGroup
}

func newBell() *bell {
	b := &bell{ring: make(chan struct{}, 1)}
	b.ctx, b.stop = context.WithCancel(context.Background())
	return b
}

// Recorded implements fraud.Announcer. Listening takes a connection of its own, from
// the first call on.
func (s *Store) Recorded() <-chan struct{} {
	s.bell.once.Do(func() { s.bell.wait.Go(func() { s.bell.listen(s.read) }) })
	return s.bell.ring
}

func (b *bell) end() {
	b.stop()
	b.wait.Wait()
}

// listen rings whenever the database tells of something. While it cannot be heard
// it rings all the time, so that nothing is missed.
func (b *bell) listen(p pool) {
	for b.ctx.Err() == nil {
		_ = b.hear(p) // what keeps it from hearing keeps others from reading, who tell of it
		b.sound()
		select {
		case <-b.ctx.Done():
		case <-time.After(unheard):
		}
	}
}

func (b *bell) hear(p pool) error {
	lent, err := p.Acquire(b.ctx)
	if err != nil {
		return err
	}
	c := lent.Hijack()
	defer func() { _ = c.Close(context.Background()) }() // it is not used any more
	if _, err := c.Exec(b.ctx, listenSQL); err != nil {
		return err
	}
	for {
		b.sound() // at first too: something may have come before it listened
		if _, err := c.WaitForNotification(b.ctx); err != nil {
			return err
		}
	}
}

// sound rings, unless that is still to be heard.
func (b *bell) sound() {
	select {
	case b.ring <- struct{}{}:
	default:
	}
}
