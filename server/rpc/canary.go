package rpc

import (
	"os"
	"sync/atomic"
	"time"
)

// canary measures how long what arrives for this process waits until it is read: it
// writes to a pipe of its own, whose other end the runtime watches like any socket
// and reads like any request. Where more arrives than the processors keep up with,
// that is where it waits: the runtime asks for a few sockets at a time, and those
// it has not asked for are no goroutines that could run.
type canary struct {
	read, write *os.File
	sent        atomic.Pointer[time.Time] // nil: it is back
	waited      atomic.Int64              // the last time, in nanoseconds
}

func newCanary() (*canary, error) {
	c := &canary{}
	var err error
	if c.read, c.write, err = os.Pipe(); err != nil {
		return nil, err
	}
	return c, nil
}

// listen reads until close.
func (c *canary) listen() {
	var one [1]byte
	for {
		if _, err := c.read.Read(one[:]); err != nil {
			return
		}
		c.waited.Store(int64(time.Since(*c.sent.Load())))
		c.sent.Store(nil)
	}
}

// waits tells how long the canary that was sent last has waited, or waits by now,
// and sends another once it is back.
func (c *canary) waits() time.Duration {
	waited := time.Duration(c.waited.Load())
	if sent := c.sent.Load(); sent != nil {
		return max(waited, time.Since(*sent))
	}
	now := time.Now()
	c.sent.Store(&now)
	if _, err := c.write.Write([]byte{0}); err != nil {
		return 0 // closed
	}
	return waited
}

func (c *canary) close() {
	c.write.Close()
	c.read.Close()
}
