package rpc

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	connectcors "connectrpc.com/cors"
	"github.com/rs/cors"

	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Tuning is what of the edge can change while calls are under way. A call goes by
// what stands when it passes.
type Tuning struct {
	limiter  *access.Limiter
	origins  atomic.Pointer[cors.Cors] // nil: only pages of this server's own origin
	deadline atomic.Int64              // nanoseconds, of calls that bring none
}

// Set changes all of it, to what is valid. Once before NewHandler returns, and then
// as often as one likes.
func (t *Tuning) Set(limits access.Limits, origins []string, deadline time.Duration) {
	if t.limiter == nil {
		t.limiter = access.NewLimiter(limits)
	}
	t.limiter.Set(limits)
	t.origins.Store(allow(origins))
	t.deadline.Store(int64(deadline))
}

// Share holds keys to their limits together with the gateways that share store,
// until ctx ends. NewHandler comes before.
func (t *Tuning) Share(ctx context.Context, store fraud.Uses, log *slog.Logger) {
	t.limiter.Share(ctx, store, log)
}

// allow lets pages of the given origins call, and no others.
func allow(origins []string) *cors.Cors {
	if len(origins) == 0 {
		return nil
	}
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: connectcors.AllowedMethods(),
		AllowedHeaders: append(connectcors.AllowedHeaders(), "Authorization", requestIDHeader, "Traceparent", "Tracestate"),
		ExposedHeaders: append(connectcors.ExposedHeaders(), requestIDHeader),
		MaxAge:         7200,
	})
}

// corsLayer lets pages call whose origins are allowed now.
func corsLayer(t *Tuning) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		pass := next.ServeHTTP
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if allowed := t.origins.Load(); allowed != nil {
				allowed.ServeHTTP(w, r, pass)
				return
			}
			pass(w, r)
		})
	}
}
