package proc

import (
	"sync"
	"syscall"
	"time"
)

// Use is what a process and its children used while it was watched.
type Use struct {
	CPUSeconds      float64
	PeakMemoryBytes int64
	MemoryBytes     []int64 // one for each MemoryEvery
}

// MemoryEvery is the time between two looks at memory.
const MemoryEvery = 100 * time.Millisecond

// Watch accounts for the process until the function it returns is called.
func (p *Process) Watch() (stop func() Use) {
	before := p.tree.cpuSeconds()
	var use Use
	var looking sync.WaitGroup
	ended := make(chan struct{})
	look := func() {
		bytes := residentBytes(p.tree.known())
		use.MemoryBytes = append(use.MemoryBytes, bytes)
		use.PeakMemoryBytes = max(use.PeakMemoryBytes, bytes)
	}
	looking.Go(func() {
		tick := time.NewTicker(MemoryEvery)
		defer tick.Stop()
		for {
			look()
			select {
			case <-ended:
				return
			case <-tick.C:
			}
		}
	})
	return func() Use {
		close(ended)
		looking.Wait()
		use.CPUSeconds = p.tree.cpuSeconds() - before
		return use
	}
}

// Add is the use of both, over the same time.
func (u Use) Add(v Use) Use {
	sum := Use{CPUSeconds: u.CPUSeconds + v.CPUSeconds, PeakMemoryBytes: u.PeakMemoryBytes + v.PeakMemoryBytes}
	for i := range min(len(u.MemoryBytes), len(v.MemoryBytes)) {
		sum.MemoryBytes = append(sum.MemoryBytes, u.MemoryBytes[i]+v.MemoryBytes[i])
	}
	return sum
}

// OwnCPUSeconds is what the harness itself has used, without its children.
func OwnCPUSeconds() float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}
