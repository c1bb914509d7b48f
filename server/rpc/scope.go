package rpc

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/access"
)

const requestIDHeader = "X-Request-Id"

// scope is what the head of a request tells. The gate opens it.
type scope struct {
	requestID string
	caller    access.Caller // once it is known
	began     time.Time     // when the gate was asked
	gate      time.Duration // of which the gate took so much
}

type scopeKey struct{}

func openScope(ctx context.Context, header http.Header) (context.Context, *scope) {
	s := &scope{requestID: header.Get(requestIDHeader)}
	return context.WithValue(ctx, scopeKey{}, s), s
}

// scopeOf is empty, never nil, outside of the gate.
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
