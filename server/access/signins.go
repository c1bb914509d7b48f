package access

import (
	"log/slog"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	// signInAddresses is how many addresses at least are told apart.
	signInAddresses = 10_000
	// signInSilence is how long nothing more is logged of an address.
	signInSilence = time.Minute
)

// SignIns bounds how often an address may fail to show who it is.
type SignIns struct {
	perMinute int
	proxies   Proxies
	log       *slog.Logger
	addresses *recent[netip.Prefix, *failures]
}

// failures are those of an address. They are counted as they happen: those under way
// at once, for which no bound is known yet, may be a few more.
type failures struct {
	left *rate.Limiter
	told atomic.Int64 // when the log last told, in Unix nanoseconds
}

// NewSignIns lets each address fail so often a minute, and as often at once.
func NewSignIns(perMinute int, proxies Proxies, log *slog.Logger) *SignIns {
	return &SignIns{perMinute: perMinute, proxies: proxies, log: log,
		addresses: newRecent[netip.Prefix, *failures](signInAddresses)}
}

// try lets a request sign in, unless its address has failed too often. Nothing is
// asked of the store or the issuer then.
func (s *SignIns) try(header http.Header, peer string, signIn func() (Caller, error)) (Caller, error) {
	from := network(s.proxies.addressOf(header, peer))
	known := s.addresses.getOr(from, func() *failures {
		return &failures{left: rate.NewLimiter(rate.Limit(float64(s.perMinute)/60), s.perMinute)}
	})
	now := time.Now()
	if left := known.left.TokensAt(now); left < 1 {
		s.tell(from, known, now)
		return Caller{}, &fraud.Error{Reason: fraud.ReasonRateLimited, Message: "too many failed sign-ins from this address",
			RetryAfter: time.Duration((1 - left) * float64(time.Minute) / float64(s.perMinute))}
	}
	caller, err := signIn()
	if failed(err) {
		known.left.AllowN(now, 1)
	}
	return caller, err
}

// failed tells who did not show who it is from who could not be asked about here.
func failed(err error) bool {
	if err == nil {
		return false
	}
	reason := fraud.ReasonOf(err)
	return reason == fraud.ReasonUnauthenticated || reason == fraud.ReasonIssuerUnavailable
}

func (s *SignIns) tell(from netip.Prefix, known *failures, now time.Time) {
	last := known.told.Load()
	if now.UnixNano()-last >= int64(signInSilence) && known.told.CompareAndSwap(last, now.UnixNano()) {
		s.log.Warn("failed sign-ins of an address are held up", "address", from, "per_minute", s.perMinute)
	}
}
