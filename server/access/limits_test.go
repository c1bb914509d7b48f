package access_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// retryAfter is when a refused call may come again, or -1 if it was let in.
func retryAfter(t *testing.T, err error) time.Duration {
	t.Helper()
	var limited *fraud.Error
	switch {
	case err == nil:
		return -1
	case !errors.As(err, &limited) || limited.Reason != fraud.ReasonRateLimited || limited.RetryAfter <= 0:
		t.Fatalf("refused with %v, want RATE_LIMITED and a time", err)
	}
	return limited.RetryAfter
}

func TestAKeyMayHaveSoManyCallsAndStreamsUnderWay(t *testing.T) {
	l := access.NewLimiter(access.Limits{Calls: 2, Streams: 1})
	call := func(key string) (func(), error) { return l.Call(key, 1) }
	for name, c := range map[string]struct {
		begin func(key string) (func(), error)
		most  int
	}{"calls": {call, 2}, "streams": {l.Stream, 1}} {
		var ends []func()
		for range c.most {
			end, err := c.begin("a")
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			ends = append(ends, end)
		}
		_, err := c.begin("a")
		if retryAfter(t, err) < 0 {
			t.Errorf("%s: one more than %d was let in", name, c.most)
		}
		if _, err := c.begin("b"); err != nil {
			t.Errorf("%s: another key pays for it: %v", name, err)
		}
		ends[0]()
		if _, err := c.begin("a"); err != nil {
			t.Errorf("%s: after one has ended: %v", name, err)
		}
	}
}

func TestAKeyMayAskAboutSoManyItemsASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := access.NewLimiter(access.Limits{ItemsPerSecond: 100, Burst: 1500})
		spend := func(key string, items int) time.Duration {
			end, err := l.Call(key, items)
			if err == nil {
				end()
			}
			return retryAfter(t, err)
		}
		for i, c := range []struct {
			key   string
			items int
			want  time.Duration // -1: let in
		}{
			{"a", 1000, -1}, {"a", 500, -1}, // the burst
			{"a", 1, 10 * time.Millisecond},
			{"a", 1000, 10 * time.Second}, // what was refused is not paid for
			{"a", 1, 10 * time.Millisecond},
			{"b", 1000, -1},
		} {
			if got := spend(c.key, c.items); got != c.want {
				t.Errorf("call %d: %s, want %s", i, got, c.want)
			}
		}
		time.Sleep(10 * time.Second) // fake
		if spend("a", 1000) != -1 || spend("a", 1) == -1 {
			t.Error("after ten seconds a thousand more, and no more than that")
		}
	})
}

func TestWithoutLimitsNothingIsRefused(t *testing.T) {
	l := access.NewLimiter(access.Limits{})
	for range 5000 {
		_, failed := l.Call("a", access.MaxItems)
		_, refused := l.Stream("a")
		if err := errors.Join(failed, refused); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLimitsThatCannotBeKeptAreRefused(t *testing.T) {
	for _, limits := range []access.Limits{{Calls: -1}, {Streams: -1}, {ItemsPerSecond: -1}, {Burst: -1}, {Burst: access.MaxItems - 1}} {
		if limits.Validate() == nil {
			t.Errorf("%+v is valid", limits)
		}
	}
	if err := (access.Limits{Calls: 1, Streams: 1, ItemsPerSecond: .5, Burst: access.MaxItems}).Validate(); err != nil {
		t.Error(err)
	}
}

// TestIdleKeysAreForgotten has as many callers as an issuer has subjects.
func TestIdleKeysAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := access.NewLimiter(access.Limits{Calls: 1, ItemsPerSecond: 1})
		if _, err := l.Call("stays", 1); err != nil {
			t.Fatal(err)
		}
		for i := range 20_000 {
			end, err := l.Call(fmt.Sprint("subject-", i), 1)
			if err != nil {
				t.Fatal(err)
			}
			end()
			time.Sleep(time.Second) // fake: what it asked about is forgotten
		}
		if n := access.KeysOf(l); n > 2500 {
			t.Errorf("%d keys are remembered", n)
		}
		if _, err := l.Call("stays", 1); retryAfter(t, err) < 0 {
			t.Error("a key with a call under way was forgotten")
		}
	})
}
