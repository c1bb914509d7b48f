package proc

import (
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// identity tells processes apart: the kernel gives pids out again.
type identity struct {
	pid   int
	start uint64
}

// tree is a process with everything that descends from it. What once belonged
// to it stays known, even if its parent ends.
type tree struct {
	root   int
	marker string

	mu     sync.Mutex
	judged map[identity]bool // whether a process belongs
	inside map[int]identity  // those that belong, by pid
}

func newTree(root int, marker string) *tree {
	return &tree{root: root, marker: marker, judged: map[identity]bool{}, inside: map[int]identity{}}
}

// scan looks at all processes and returns those of the tree, those that ended
// without their parent's notice too.
func (t *tree) scan() []stat {
	t.mu.Lock()
	defer t.mu.Unlock()
	var members []stat
	for _, pid := range pids() {
		s, err := readStat(pid)
		if err != nil {
			continue // it ended meanwhile
		}
		id := identity{pid, s.start}
		belongs, known := t.judged[id]
		if !known {
			_, child := t.inside[s.parent]
			belongs = pid == t.root || child || hasMarker(pid, t.marker)
			t.judged[id] = belongs
		}
		if belongs {
			t.inside[pid] = id
			members = append(members, s)
		}
	}
	return members
}

// known returns those of the members already known that still live. It costs
// less than scan.
func (t *tree) known() []stat {
	t.mu.Lock()
	defer t.mu.Unlock()
	var members []stat
	for pid, id := range t.inside {
		s, err := readStat(pid)
		if err != nil || s.start != id.start {
			delete(t.inside, pid)
			continue
		}
		members = append(members, s)
	}
	return members
}

// cpuSeconds is the user and system time used so far.
func (t *tree) cpuSeconds() float64 {
	var ticks uint64
	for _, s := range t.scan() {
		ticks += s.cpuTicks
	}
	return float64(ticks) / ticksPerSecond
}

// residentBytes adds up the memory of processes. Pages that they share count
// for each of them.
func residentBytes(members []stat) int64 {
	var pages uint64
	for _, s := range members {
		pages += s.rssPages
	}
	return int64(pages) * int64(os.Getpagesize())
}

// living returns the members that have not ended.
func (t *tree) living() []stat {
	return slices.DeleteFunc(t.scan(), func(s stat) bool { return s.ended })
}

// kill ends what is left of the tree, and waits a little for it to be gone. Each
// process is named by its pid, and known to belong: groups are not trusted,
// since some servers give their workers groups of their own.
func (t *tree) kill() {
	for range 20 {
		left := t.living()
		if len(left) == 0 {
			return
		}
		for _, s := range left {
			_ = syscall.Kill(s.pid, syscall.SIGKILL)
		}
		time.Sleep(25 * time.Millisecond)
	}
}
