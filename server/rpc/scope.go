package rpc

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/server/access"
)

const requestIDHeader = "X-Request-Id"

// scope is what the head of a request tells, and how the call ended.
type scope struct {
	requestID string
	caller    access.Caller // once it is known
	began     time.Time     // when the gate was asked
	gate      time.Duration // of which the gate took so much

	code   string // ok, or a code of Connect; empty: no layer has seen the call end
	reason string // that the caller is told; empty if none
}

type scopeKey struct{}

// openScope is for each request, before the gate.
func openScope(ctx context.Context, header http.Header) context.Context {
	return context.WithValue(ctx, scopeKey{}, &scope{requestID: header.Get(requestIDHeader)})
}

// ended notes how a call ended, by what its caller is told.
func (s *scope) ended(err *connect.Error, reason string) {
	if err == nil {
		s.code = "ok"
		return
	}
	s.code, s.reason = err.Code().String(), reason
}

// scopeOf is empty, never nil, outside of requests.
func scopeOf(ctx context.Context) *scope {
	if s, ok := ctx.Value(scopeKey{}).(*scope); ok {
		return s
	}
	return &scope{}
}

// withRequestID names every request, by the caller's own ID if it sends a plain
// one, and tells it in the response. The log uses the same name. Inside, it is
// in the request's header, which spares a copy of the request.
func withRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestIDHeader)
		if !plainID(id) {
			id = rand.Text()
		}
		named := []string{id}
		r.Header[requestIDHeader], w.Header()[requestIDHeader] = named, named
		next.ServeHTTP(w, r)
	})
}

// plainID keeps log lines and headers free of what a caller might smuggle in.
func plainID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}
