package batch

// State is how busy a Batcher is.
type State struct {
	Waiting int // items that wait for a slot
	Slots   int // batches that may run at once
	Taken   int // slots in use
}

// State tells how busy it is now.
func (b *Batcher[In, Out]) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return State{Waiting: b.queue.items, Slots: b.opts.slots(), Taken: b.taken}
}
