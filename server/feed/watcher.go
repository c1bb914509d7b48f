package feed

import (
	"context"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Ask is what to watch.
type Ask struct {
	Query        fraud.Query     // which assessments; order, limit and place do not count
	Outcomes     bool            // outcomes, too, of whatever transaction
	MaxPerSecond int             // of assessments; the newest are kept; 0: every one
	After        *fraud.Position // resume here; nil: from now on
}

// Watcher is one who watches. It is for one goroutine.
type Watcher[M any] struct {
	hub      *Hub[M]
	ask      Ask
	filter   string // names ask.Query
	position fraud.Position
	budget   budget
	leastLag int64    // how far behind it was at best
	seen     *news[M] // those that it has come to terms with
}

// Close ends it.
func (w *Watcher[M]) Close() { w.hub.leave() }

// Position is where to resume after all that Next has returned.
func (w *Watcher[M]) Position() fraud.Position { return w.position }

// Next returns what comes next, or nothing if nothing has come for so long.
// Others may be handed the same messages: they are not to be changed. A watcher
// that takes its time holds nobody up, and nothing is kept for it but its place.
func (w *Watcher[M]) Next(ctx context.Context, patience time.Duration) ([]M, error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		n := w.hub.news.Load()
		messages, err := w.advance(ctx, n)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case w.hub.closing.Err() != nil:
			return nil, errShuttingDown // rather than what it led to
		case err != nil || len(messages) > 0:
			return messages, err
		}
		select {
		case <-n.over:
		case <-w.freed(n):
		case <-ctx.Done():
		case <-timer.C:
			return nil, nil
		}
	}
}

// advance goes on until there is something to hand over, or nothing more.
func (w *Watcher[M]) advance(ctx context.Context, n *news[M]) ([]M, error) {
	if n.err != nil {
		return nil, n.err
	}
	if err := w.keepsUp(n.end); err != nil {
		return nil, err
	}
	now := w.now(n)
	end, left := furthest(w.position, n.end), w.budget.left(now)
	if w.ask.MaxPerSecond > 0 && left <= 0 {
		end.Assessment = w.position.Assessment // they wait
	}
	for w.position != end {
		b, err := w.read(ctx, n, end, left)
		if err != nil {
			return nil, err
		}
		w.position = b.after
		w.budget.spend(now, b.assessments)
		if len(b.messages) > 0 {
			return b.messages, nil
		}
	}
	return nil, nil
}

// now is when the news came, so that those who watch alike go on alike, unless
// that is a while ago.
func (w *Watcher[M]) now(n *news[M]) time.Time {
	now := time.Now()
	if n != w.seen && now.Sub(n.at) < n.every {
		now = n.at
	}
	w.seen = n
	return now
}

// freed tells when assessments that wait may be sent, or never.
func (w *Watcher[M]) freed(n *news[M]) <-chan time.Time {
	if w.ask.MaxPerSecond == 0 || w.position.Assessment >= n.end.Assessment {
		return nil
	}
	return time.After(time.Until(w.budget.freed()))
}

// sharedWindows is how far back reading is shared. What takes longer is read for
// one alone, and ends with it; all that comes between two looks takes less.
const sharedWindows = 20

// read shares what is read with others, unless it is long ago.
func (w *Watcher[M]) read(ctx context.Context, n *news[M], end fraud.Position, left int) (batch[M], error) {
	from, room := w.position, room{left: left, share: share(w.ask.MaxPerSecond, left, n.every)}
	if end.Assessment-from.Assessment > sharedWindows*w.hub.Window {
		return w.hub.read(ctx, w.ask, from, end, room)
	}
	key := readKey{w.filter, w.ask.Outcomes, w.ask.MaxPerSecond == 0, room, from, end}
	return n.once(ctx, key, func() (batch[M], error) { return w.hub.read(w.hub.closing, w.ask, from, end, room) })
}

// keepsUp refuses to go on if a watcher of every event falls back ever farther.
// One that resumes from long ago is far behind and comes nearer.
func (w *Watcher[M]) keepsUp(end fraud.Position) error {
	behind := lag(w.position, end)
	if w.ask.MaxPerSecond == 0 && behind > w.leastLag+w.hub.MaxLag {
		return TooSlow()
	}
	w.leastLag = min(w.leastLag, behind)
	return nil
}

// TooSlow is what a watcher is told that cannot keep up.
func TooSlow() error {
	return &fraud.Error{Reason: fraud.ReasonWatcherTooSlow,
		Message: "more is recorded than this caller takes; resume by the cursor of the last message, or ask for less by filter or max_per_second"}
}

func lag(from, end fraud.Position) int64 {
	return max(0, end.Assessment-from.Assessment) + max(0, end.Outcome-from.Outcome)
}

// furthest is the farther of two positions, in each of their numbers.
func furthest(a, b fraud.Position) fraud.Position {
	return fraud.Position{Assessment: max(a.Assessment, b.Assessment), Outcome: max(a.Outcome, b.Outcome)}
}
