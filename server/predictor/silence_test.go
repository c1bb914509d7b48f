package predictor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

// muted is a host that answers nothing while it is silent, and counts how often it
// was asked for its model.
type muted struct {
	*host
	silent atomic.Bool
	spoken chan struct{} // closed once it is silent no more
	asked  chan struct{} // has one for each question
}

func newMuted() *muted {
	m := &muted{host: good("v1"), spoken: make(chan struct{}), asked: make(chan struct{}, 1000)}
	wait := func(ctx context.Context) error {
		if !m.silent.Load() {
			return nil
		}
		select {
		case <-m.spoken:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	m.model = func() (*fraud_detection.GetModelResponse, error) {
		if m.silent.Load() {
			m.asked <- struct{}{}
		}
		return describe("v1", "amount")()
	}
	m.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
		if err := wait(ctx); err != nil {
			return nil, err
		}
		return thousandth("v1")(ctx, req)
	}
	return m
}

// Calls are cut for the sake of hosts that are ready. If none is, they go on.
func TestWhenAllHostsFallSilentCallersKeepTheirDeadlines(t *testing.T) {
	hosts := []*muted{newMuted(), newMuted()}
	var addresses []string
	for _, m := range hosts {
		addresses = append(addresses, socket(t))
		start(t, addresses[len(addresses)-1], m.host)
	}
	pool, book := open(t, predictor.Options{Addresses: addresses, WatchEvery: 10 * time.Millisecond, ProbeTimeout: 100 * time.Millisecond})
	book.await(t, "predictor ready")
	book.await(t, "predictor ready")
	for _, m := range hosts {
		m.silent.Store(true)
	}
	book.await(t, "predictor not ready")
	book.await(t, "predictor not ready")
	ended := make(chan error, 1)
	ctx, leave := context.WithCancel(t.Context())
	go func() { _, err := pool.Predict(ctx, payments(1)); ended <- err }()
	for range 4 { // probes in vain
		for _, m := range hosts {
			<-m.asked
		}
	}
	select {
	case err := <-ended:
		t.Errorf("it ended with %v before its caller had gone", err)
	default:
		leave()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want what the caller did", err)
		}
	}
	leave()
}

// ditch passes bytes on to a unix socket until it swallows: connections that are
// open then stay so and lead nowhere. New ones do not.
type ditch struct {
	to       string
	mu       sync.Mutex
	swallows []*atomic.Bool // one a connection
}

func startDitch(t *testing.T, to string) (d *ditch, url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	d = &ditch{to: to}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go d.pass(t, conn)
		}
	}()
	return d, fmt.Sprint("http://", listener.Addr())
}

func (d *ditch) pass(t *testing.T, conn net.Conn) {
	host, err := net.Dial("unix", d.to)
	if err != nil {
		conn.Close()
		return
	}
	swallow := new(atomic.Bool)
	d.mu.Lock()
	d.swallows = append(d.swallows, swallow)
	d.mu.Unlock()
	t.Cleanup(func() { conn.Close(); host.Close() })
	go io.Copy(strainer{conn, swallow}, host)
	io.Copy(strainer{host, swallow}, conn)
}

func (d *ditch) swallow() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.swallows {
		s.Store(true)
	}
}

// strainer says that it has written what it has swallowed.
type strainer struct {
	io.Writer
	swallow *atomic.Bool
}

func (s strainer) Write(b []byte) (int, error) {
	if s.swallow.Load() {
		return len(b), nil
	}
	return s.Writer.Write(b)
}

// No packet tells that such a connection is gone: a router has lost it, say.
func TestAConnectionThatLeadsNowhereIsReplaced(t *testing.T) {
	address := socket(t)
	start(t, address, good("v1"))
	d, url := startDitch(t, address[len("unix:"):])
	pool, book := open(t, predictor.Options{Addresses: []string{url}, WatchEvery: 10 * time.Millisecond, ProbeTimeout: 200 * time.Millisecond})
	rows := payments(3)
	book.await(t, "predictor ready")
	d.swallow()
	got, err := pool.Predict(patient(t), rows) // perhaps over the ditch, and then again
	if err != nil {
		t.Fatal(err)
	}
	checkThousandths(t, got, rows)
	book.await(t, "predictor not ready")
	book.await(t, "predictor ready")
}

// A stopped process takes connections and calls, and answers none.
func TestBesideAStoppedProcessCallersWithADeadlineAreAnswered(t *testing.T) {
	t.Parallel()
	local, book := startLocal(t, realLocal)
	other, otherBook := startLocal(t, realLocal)
	pid := pidIn(t, book.await(t, "predictor process started"))
	otherBook.await(t, "predictor process started")
	pool, poolBook := open(t, predictor.Options{Addresses: []string{local.Address(), other.Address()}, WatchEvery: time.Second})
	poolBook.await(t, "predictor ready")
	poolBook.await(t, "predictor ready")
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Kill(pid, syscall.SIGCONT) }) // so that it can end
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for range 5 {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				got, err := pool.Predict(ctx, varied(3))
				cancel()
				if err != nil || got.Rows[0].Err != nil {
					t.Errorf("%+v, %v", got, err)
				}
			}
		})
	}
	callers.Wait()
	poolBook.await(t, "predictor not ready", local.Address())
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	poolBook.await(t, "predictor ready", local.Address())
}

func TestCallersOfAStoppedProcessEndByTheirDeadlines(t *testing.T) {
	t.Parallel()
	local, book := startLocal(t, realLocal)
	pid := pidIn(t, book.await(t, "predictor process started"))
	pool, poolBook := open(t, predictor.Options{Addresses: []string{local.Address()}, WatchEvery: 100 * time.Millisecond})
	poolBook.await(t, "predictor ready")
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Kill(pid, syscall.SIGCONT) }) // so that it can end
	var callers sync.WaitGroup
	for i := range 4 {
		callers.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+i)*300*time.Millisecond)
			defer cancel()
			if _, err := pool.Predict(ctx, varied(3)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("caller %d: %v", i, err)
			}
		})
	}
	callers.Wait()
	poolBook.await(t, "predictor not ready")
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	poolBook.await(t, "predictor ready")
	if got, err := pool.Predict(patient(t), varied(3)); err != nil || got.Rows[0].Err != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

// A host may be silent for days, and is asked all the while.
func TestASilentHostIsNotAskedOverEverMoreConnections(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	ended := make(chan struct{}, 1000)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(io.Discard, conn)
				conn.Close()
				ended <- struct{}{}
			}()
		}
	}()
	open(t, predictor.Options{Addresses: []string{fmt.Sprint("http://", listener.Addr())}, WatchEvery: time.Millisecond, ProbeTimeout: 5 * time.Millisecond})
	patience := patient(t)
	for n := range 50 {
		select {
		case <-ended:
		case <-patience.Done():
			t.Fatalf("%d connections of all have been closed", n)
		}
	}
}
