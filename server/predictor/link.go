package predictor

import (
	"slices"
	"sync"
	"sync/atomic"
)

// link is the way to one host: HTTP/2, with or without TLS. A connection is dialled
// when it is first needed, and anew after it broke.
type link struct {
	to  dialler
	now atomic.Pointer[lanes]

	mu     sync.Mutex
	former []*lanes // on which calls were under way when they were replaced
}

func newLink(to dialler) *link {
	l := &link{to: to}
	l.now.Store(newLanes(to))
	return l
}

// take returns the lanes that a call is to use, and counts it until it is released.
func (l *link) take() *lanes {
	for {
		now := l.now.Load()
		now.calls.Add(1)
		if l.now.Load() == now {
			return now
		}
		now.release() // they have just been replaced, and may be cut as unused
	}
}

// renew has all further calls use new connections: a connection may lead nowhere and
// never say so. Calls under way go on, or end at once if they are to be cut. Lanes
// without any are let go of: a host may be silent for days.
func (l *link) renew(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.now.Swap(newLanes(l.to))
	if cut {
		old.cut()
	}
	l.former = slices.DeleteFunc(append(l.former, old), func(f *lanes) bool {
		unused := f.calls.Load() == 0
		if unused {
			f.cut()
		}
		return unused
	})
}

// replace has all further calls use new connections, too; those under way end in
// their own time, whatever is learnt of the host.
func (l *link) replace() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now.Swap(newLanes(l.to)).retire()
}

// cutFormer ends the calls that are under way since before the link was renewed:
// the host answers again, and them it has not answered.
func (l *link) cutFormer() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.former {
		f.cut()
	}
	l.former = nil
}

// leave lets go of a host that is no longer one of ours: calls under way end in their
// own time, and their connections after them.
func (l *link) leave() {
	l.replace()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.former {
		f.retire()
	}
	l.former = nil
}

func (l *link) close() { l.now.Load().close() }
