package batch

import "slices"

// queue holds the calls that wait. Each flow has a line, and its calls of many
// items have one of their own: lines share a batch evenly, so that neither who
// asks for much nor a call of many items keeps others waiting. What a line leaves
// of its share is the others'.
type queue[In, Out any] struct {
	whole bool                      // calls are not spread over two batches at all
	lines map[lineOf]*line[In, Out] // those that wait
	turns []*line[In, Out]          // the same, in the order they are served
	items int                       // that wait, in all lines
}

// lineOf tells lines apart.
type lineOf struct {
	flow string
	many bool // for calls of more than one item
}

type line[In, Out any] struct {
	of    lineOf
	calls []*call[In, Out] // the first one may have left in part
	items int
}

func (c *call[In, Out]) line() lineOf { return lineOf{c.flow, len(c.items) > 1} }

// waits tells how many of the call's items have not left.
func (c *call[In, Out]) waits() int { return len(c.items) - c.leftOff }

func (q *queue[In, Out]) add(c *call[In, Out]) {
	l := q.lines[c.line()]
	if l == nil {
		if q.lines == nil {
			q.lines = map[lineOf]*line[In, Out]{}
		}
		l = &line[In, Out]{of: c.line()}
		q.lines[l.of], q.turns = l, append(q.turns, l)
	}
	l.calls = append(l.calls, c)
	l.items += len(c.items)
	q.items += len(c.items)
}

// own tells how many items wait in a line, and how many lines there are, this one
// included.
func (q *queue[In, Out]) own(of lineOf) (items, lines int) {
	if l := q.lines[of]; l != nil {
		return l.items, len(q.turns)
	}
	return 0, len(q.turns) + 1
}

// hasMany reports whether calls of many items wait.
func (q *queue[In, Out]) hasMany() bool {
	return slices.ContainsFunc(q.turns, func(l *line[In, Out]) bool { return l.of.many })
}

// ahead is how many items leave before the last of so many more of a line, its
// own included: every other line has as much of each batch.
func (q *queue[In, Out]) ahead(of lineOf, more int) int {
	own, _ := q.own(of)
	ahead := own
	for _, l := range q.turns {
		if l.of != of {
			ahead += min(l.items, own+more)
		}
	}
	return ahead
}

// take takes the next batch of at most so many items. Calls whose callers have
// gone are dropped.
func (q *queue[In, Out]) take(most int) []waiting[In, Out] {
	if len(q.turns) == 0 {
		return nil
	}
	batch := make([]waiting[In, Out], 0, min(most, q.items))
	share := max(1, most/len(q.turns))
	served := min(most, len(q.turns))
	for _, l := range q.turns[:served] {
		batch = q.serve(l, batch, min(share, most-len(batch)), !q.whole)
	}
	for _, l := range q.turns {
		batch = q.serve(l, batch, most-len(batch), false)
	}
	q.rotate(served)
	return batch
}

// rotate lets those lines begin next time that had to stand back, and forgets
// those that are through.
func (q *queue[In, Out]) rotate(served int) {
	if served == len(q.turns) {
		served = 1 // all had their share, and the first one the best of the rest
	}
	q.turns = append(q.turns[served:], q.turns[:served]...)
	q.turns = slices.DeleteFunc(q.turns, func(l *line[In, Out]) bool {
		if len(l.calls) == 0 {
			delete(q.lines, l.of)
		}
		return len(l.calls) == 0
	})
}

// serve lets at most room items of a line leave. A call is not spread over two
// batches, unless it is larger than the share its line has of each.
func (q *queue[In, Out]) serve(l *line[In, Out], batch []waiting[In, Out], room int, share bool) []waiting[In, Out] {
	through := 0
	for _, c := range l.calls {
		if c.ctx.Err() == nil {
			whole, begun := c.waits() <= room, c.leftOff > 0
			if room == 0 || !whole && !begun && !share {
				break
			}
			n := min(c.waits(), room)
			for i := range n {
				batch = append(batch, waiting[In, Out]{c, c.leftOff + i})
			}
			q.leave(l, c, n)
			room -= n
			share = false // it has begun
		} else {
			q.leave(l, c, c.waits())
		}
		if c.waits() > 0 {
			break
		}
		through++
	}
	l.calls = shift(l.calls, through)
	return batch
}

func (q *queue[In, Out]) leave(l *line[In, Out], c *call[In, Out], items int) {
	c.leftOff += items
	l.items -= items
	q.items -= items
}

// sweep drops the calls whose callers have gone.
func (q *queue[In, Out]) sweep() {
	for _, l := range q.turns {
		l.calls = slices.DeleteFunc(l.calls, func(c *call[In, Out]) bool {
			gone := c.ctx.Err() != nil
			if gone {
				q.leave(l, c, c.waits())
			}
			return gone
		})
	}
	q.rotate(0)
}
