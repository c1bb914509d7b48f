package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// probeEvery is how often a door asks a gateway whether it is ready.
const probeEvery = 50 * time.Millisecond

// door is the address of all gateways, as a Service of Kubernetes is: each new
// connection is led to a gateway that was ready when it was asked last, in turn. What
// is open stays where it is, and who is led to one that has just gone is not led on.
type door struct {
	url      string
	gateways []*behindDoor
	turn     atomic.Int64

	mu     sync.Mutex
	open   map[net.Conn]bool // nil once the door is closed
	passes sync.WaitGroup
}

// behindDoor is one gateway.
type behindDoor struct {
	address string
	ready   atomic.Bool
}

// openDoor is open until the test ends.
func openDoor(t *testing.T, addresses ...string) *door {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	d := &door{url: "http://" + listener.Addr().String(), open: map[net.Conn]bool{}}
	for _, address := range addresses {
		gateway := &behindDoor{address: address}
		d.gateways = append(d.gateways, gateway)
		d.passes.Go(func() { gateway.probe(ctx) })
	}
	d.passes.Go(func() { d.accept(listener) })
	t.Cleanup(func() {
		cancel()
		listener.Close()
		d.shut()
		d.passes.Wait()
	})
	return d
}

// probe asks over and over, each time anew, as Kubernetes does.
func (b *behindDoor) probe(ctx context.Context) {
	asks := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	pace := time.NewTicker(probeEvery)
	defer pace.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+b.address+"/readyz", nil)
		if err != nil {
			panic(err) // of a URL of ours
		}
		res, err := asks.Do(req)
		if err == nil {
			res.Body.Close()
		}
		b.ready.Store(err == nil && res.StatusCode == http.StatusOK)
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
		}
	}
}

func (d *door) accept(listener net.Listener) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return // closed
		}
		d.passes.Go(func() { d.pass(near) })
	}
}

// pass leads a connection to the next gateway that is ready.
func (d *door) pass(near net.Conn) {
	defer near.Close()
	address := d.next()
	if address == "" {
		return
	}
	far, err := net.Dial("tcp", address)
	if err != nil {
		return // it has just gone
	}
	defer far.Close()
	if !d.enter(near, far) {
		return
	}
	defer d.leave(near, far)
	var ways sync.WaitGroup
	ways.Go(func() { io.Copy(near, far); near.Close() }) // how it ended, the other end says
	ways.Go(func() { io.Copy(far, near); far.Close() })
	ways.Wait()
}

func (d *door) next() (address string) {
	for range d.gateways {
		if one := d.gateways[int(d.turn.Add(1))%len(d.gateways)]; one.ready.Load() {
			return one.address
		}
	}
	return ""
}

// ready is how many gateways connections are led to.
func (d *door) ready() (n int) {
	for _, one := range d.gateways {
		if one.ready.Load() {
			n++
		}
	}
	return n
}

// enter keeps connections for shut, unless it was.
func (d *door) enter(some ...net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, one := range some {
		if d.open == nil {
			return false
		}
		d.open[one] = true
	}
	return true
}

func (d *door) leave(some ...net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, one := range some {
		delete(d.open, one)
	}
}

// shut ends all connections, and those that are just being made.
func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for one := range d.open {
		one.Close()
	}
	d.open = nil
}
