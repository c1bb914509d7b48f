package access_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// gateOf is a gate before a keyring, with three failures a minute, that trusts 10.0.0.0/8.
func gateOf(keys *access.Keyring, log *slog.Logger) *access.Callers {
	proxies, _ := access.ParseProxies([]string{"10.0.0.0/8", "fd00::1"})
	return &access.Callers{Keys: keys, SignIns: access.NewSignIns(3, proxies, log)}
}

func bearing(credential, forwarded string) http.Header {
	header := http.Header{}
	if credential != "" {
		header.Set("Authorization", "Bearer "+credential)
	}
	if forwarded != "" {
		header.Set("X-Forwarded-For", forwarded)
	}
	return header
}

func TestFailedSignInsOfAnAddressAreHeldUp(t *testing.T) {
	inBubble(t, func(t *testing.T, store *keyStore, keys *access.Keyring) {
		var told bytes.Buffer
		callers := gateOf(keys, slog.New(slog.NewTextHandler(&told, nil)))
		good := create(t, store, "client", 0)
		ask := func(credential, peer string) error {
			_, err := callers.Authenticate(context.Background(), bearing(credential, ""), peer)
			return err
		}
		if err := ask(good, "192.0.2.1:5"); err != nil { // from now on it is known
			t.Fatal(err)
		}
		guess := func() error { return ask("brrr_aaaaaaaaaaaaa_guess", "192.0.2.1:77") }
		for range 3 {
			if err := guess(); fraud.ReasonOf(err) != fraud.ReasonUnauthenticated {
				t.Fatalf("within the bound: %v", err)
			}
		}
		reads := store.reads
		began := time.Now()
		for range 1000 {
			if wait := retryAfter(t, guess()); wait <= 0 || wait > 20*time.Second {
				t.Fatalf("beyond the bound: again in %s, want 20s at most", wait)
			}
		}
		if store.reads != reads || time.Since(began) > 0 {
			t.Error("guesses beyond the bound are held against the store")
		}
		if err := ask(good, "192.0.2.1:6"); err != nil {
			t.Errorf("who is known pays for it: %v", err)
		}
		if err := ask("", "192.0.2.1:6"); fraud.ReasonOf(err) != fraud.ReasonUnauthenticated {
			t.Errorf("who shows nothing: %v", err)
		}
		if err := ask("brrr_aaaaaaaaaaaaa_guess", "192.0.2.2:5"); fraud.ReasonOf(err) != fraud.ReasonUnauthenticated {
			t.Errorf("another address: %v", err)
		}
		time.Sleep(20 * time.Second) // of fake time, within which the keys are read again
		if err := guess(); fraud.ReasonOf(err) != fraud.ReasonUnauthenticated || retryAfter(t, guess()) < 0 {
			t.Errorf("a third of a minute later: %v, and then none", err)
		}
		if lines := strings.Count(told.String(), "held up"); lines != 1 || !strings.Contains(told.String(), "192.0.2.1/32") {
			t.Errorf("%d lines in a minute:\n%s", lines, told.String())
		}
	})
}

// TestAReviewIsToldWhatBecameOfItsKey has others fail at the same address.
func TestAReviewIsToldWhatBecameOfItsKey(t *testing.T) {
	inBubble(t, func(t *testing.T, store *keyStore, keys *access.Keyring) {
		callers := gateOf(keys, slog.New(slog.DiscardHandler))
		good := create(t, store, "client", 0)
		for range 10 {
			_, _ = callers.Authenticate(context.Background(), bearing("nonsense", ""), "192.0.2.1:5")
		}
		if _, err := callers.Review(context.Background(), bearing(good, "")); err != nil {
			t.Error(err)
		}
		store.RevokeKey(context.Background(), store.keys[0].ID, time.Now(), "user:test")
		time.Sleep(time.Second)
		if _, err := callers.Review(context.Background(), bearing(good, "")); fraud.ReasonOf(err) != fraud.ReasonUnauthenticated {
			t.Errorf("once it is revoked: %v", err)
		}
	})
}

func TestWhereACallerComesFrom(t *testing.T) {
	for name, c := range map[string]struct {
		peer, forwarded string
		same, other     string // peers, or forwarded addresses where a proxy stands between
		proxied         bool
	}{
		"an address":               {"192.0.2.1:1", "", "192.0.2.1:9", "192.0.2.2:1", false},
		"IPv4 in IPv6":             {"[::ffff:192.0.2.1]:1", "", "192.0.2.1:9", "192.0.2.2:1", false},
		"a /64":                    {"[2001:db8::1]:1", "", "[2001:db8::ffff:0:0:9]:1", "[2001:db8:0:1::1]:1", false},
		"a zone":                   {"[fe80::1%eth0]:1", "", "[fe80::2]:1", "192.0.2.2:1", false},
		"no address at all":        {"@", "", "", "192.0.2.2:1", false},
		"no proxy: not believed":   {"192.0.2.1:1", "198.51.100.7", "192.0.2.1:9", "198.51.100.7:1", false},
		"a proxy":                  {"10.0.0.1:1", "198.51.100.7", "198.51.100.7", "198.51.100.8", true},
		"what callers write":       {"10.0.0.1:1", "203.0.113.1, 198.51.100.7", "198.51.100.7", "203.0.113.1", true},
		"two proxies":              {"10.0.0.1:1", "203.0.113.1,198.51.100.7 , 10.9.9.9", "198.51.100.7", "203.0.113.1", true},
		"a port":                   {"10.0.0.1:1", "198.51.100.7:4711", "198.51.100.7", "198.51.100.8", true},
		"nonsense from a proxy":    {"10.0.0.1:1", "unknown", "", "198.51.100.8", true},
		"nonsense beyond a proxy":  {"10.0.0.1:1", "unknown, 10.9.9.9", "10.9.9.9", "198.51.100.8", true},
		"a single trusted address": {"[fd00::1]:1", "[2001:db8::1]", "2001:db8::2", "2001:db8:1::2", true},
	} {
		inBubble(t, func(t *testing.T, store *keyStore, keys *access.Keyring) {
			callers := gateOf(keys, slog.New(slog.DiscardHandler))
			fails := func(peer, forwarded string) string {
				_, err := callers.Authenticate(context.Background(), bearing("nonsense", forwarded), peer)
				return fraud.ReasonOf(err)
			}
			for range 4 {
				fails(c.peer, c.forwarded)
			}
			same, other := fails(c.same, ""), ""
			if c.proxied {
				same, other = fails("10.0.0.1:1", c.same), fails("10.0.0.1:1", c.other)
			} else {
				other = fails(c.other, "")
			}
			if same != fraud.ReasonRateLimited || other != fraud.ReasonUnauthenticated {
				t.Errorf("%s: %s is %s, %s is %s", name, c.same, same, c.other, other)
			}
		})
	}
	if _, err := access.ParseProxies([]string{"10.0.0.0/8", "proxy.example"}); err == nil {
		t.Error("a name is a network")
	}
}

// TestManyAddressesTakeABoundedPlace attacks from more of them than are told apart.
func TestManyAddressesTakeABoundedPlace(t *testing.T) {
	recent := access.NewRecent[netip.Addr, int](100)
	address := netip.MustParseAddr("10.0.0.0")
	for i := range 10_000 {
		address = address.Next()
		recent.GetOr(address, func() int { return i })
		recent.GetOr(netip.MustParseAddr("192.0.2.1"), func() int { return -i }) // used all the time
	}
	if n := recent.Len(); n > 200 {
		t.Errorf("%d entries are kept", n)
	}
	if kept := recent.GetOr(netip.MustParseAddr("192.0.2.1"), func() int { return 1 }); kept != 0 {
		t.Errorf("what is used all the time was forgotten: %d", kept)
	}
	if kept := recent.GetOr(address, func() int { return -1 }); kept != 9999 {
		t.Errorf("the last one was forgotten: %d", kept)
	}
}
