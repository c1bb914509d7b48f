package access_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// board is a store of uses in memory, since a real one cannot run on fake time.
type board struct {
	mu   sync.Mutex
	told map[[2]string]fraud.Use
	at   map[[2]string]time.Time
	fail error
}

func newBoard() *board { return &board{told: map[[2]string]fraud.Use{}, at: map[[2]string]time.Time{}} }

func (b *board) ShareUses(_ context.Context, gateway string, mine []fraud.Use) (others []fraud.Use, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, use := range mine {
		b.told[[2]string{gateway, use.Caller}], b.at[[2]string{gateway, use.Caller}] = use, time.Now()
	}
	for of, use := range b.told {
		if of[0] != gateway && time.Since(b.at[of]) < 2*time.Second {
			others = append(others, use)
		}
	}
	return others, b.fail
}

// share is a gateway's limiter, sharing a board until the test ends.
func share(t *testing.T, limits access.Limits, b *board, log *slog.Logger) (l *access.Limiter, end func()) {
	t.Helper()
	l = access.NewLimiter(limits)
	ctx, stop := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() { l.Share(ctx, b, log) })
	end = func() { stop(); wait.Wait() }
	t.Cleanup(end)
	return l, end
}

func TestAKeysItemsCountThroughWhicheverGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard()
		limits := access.Limits{ItemsPerSecond: 100, Burst: 1000}
		var gateways []*access.Limiter
		for range 3 {
			l, _ := share(t, limits, b, slog.New(slog.DiscardHandler))
			gateways = append(gateways, l)
		}
		let := 0
		for range 60_000 / 10 { // a minute, in which each gateway is asked 10 items every 10 ms
			for _, l := range gateways {
				if end, err := l.Call("a", 10); err == nil {
					let += 10
					end()
				}
			}
			time.Sleep(10 * time.Millisecond)
		}
		// A burst, a minute's items, and what is spent before each hears of the others:
		// a burst each at the beginning.
		if least, most := 6_000, 1_000*3+6_000+2_000; let < least || let > most {
			t.Errorf("let in %d items through three gateways, want %d to %d", let, least, most)
		}
		if _, err := gateways[0].Call("b", 10); err != nil {
			t.Errorf("another key pays for it: %v", err)
		}
	})
}

func TestCallsAndStreamsUnderWayCountThroughWhicheverGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard()
		one, end := share(t, access.Limits{Calls: 2, Streams: 1}, b, slog.New(slog.DiscardHandler))
		two, _ := share(t, access.Limits{Calls: 2, Streams: 1}, b, slog.New(slog.DiscardHandler))
		for range 2 {
			if _, err := one.Call("a", 1); err != nil {
				t.Fatal(err)
			}
		}
		endStream, err := one.Stream("a")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if _, err := two.Call("a", 1); retryAfter(t, err) < 0 {
			t.Error("a third call was let in")
		}
		if _, err := two.Stream("a"); retryAfter(t, err) < 0 {
			t.Error("a second stream was let in")
		}
		endStream()
		time.Sleep(time.Second)
		if _, err := two.Stream("a"); err != nil {
			t.Errorf("after the stream ended: %v", err)
		}
		end() // the gateway is gone, and what it had under way with it
		time.Sleep(5 * time.Second)
		if _, err := two.Call("a", 1); err != nil {
			t.Errorf("after the gateway is gone: %v", err)
		}
	})
}

func TestAGatewayThatHearsNobodyHoldsKeysByItselfAndSaysSoOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard()
		b.fail = errors.New("silence")
		var log strings.Builder
		l, end := share(t, access.Limits{Calls: 1}, b, slog.New(slog.NewTextHandler(&log, nil)))
		time.Sleep(3 * time.Second)
		if _, err := l.Call("a", 1); err != nil {
			t.Error(err)
		}
		if _, err := l.Call("a", 1); retryAfter(t, err) < 0 {
			t.Error("a second call was let in")
		}
		end()
		if n := strings.Count(log.String(), "silence"); n != 1 {
			t.Errorf("said %d times:\n%s", n, log.String())
		}
	})
}
