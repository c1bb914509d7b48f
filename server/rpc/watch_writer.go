package rpc

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/feed"
)

const (
	// stallAfter is how long a stream may wait for its caller to take something. A
	// dead connection over HTTP/1.1 shows by nothing else.
	stallAfter = 30 * time.Second
	// hurryAfter is the same once the server shuts down.
	hurryAfter = time.Second
)

// streamWriter is what a stream is written to. It bounds how long a write may
// wait, and lets messages leave together that are sent together: a system call
// for each would cost more than all else about it.
type streamWriter struct {
	http.ResponseWriter
	together bool // another message follows at once

	mu      sync.Mutex
	control *http.ResponseController // nil once the call is over
}

type streamWriterKey struct{}

// streaming gives calls of next a streamWriter. A connection of HTTP/1.1 keeps
// its bound, so it is not used for other calls.
func streaming(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := &streamWriter{ResponseWriter: w, control: http.NewResponseController(w)}
		defer s.end()
		if r.ProtoMajor == 1 {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(s, r.WithContext(context.WithValue(r.Context(), streamWriterKey{}, s)))
	})
}

// streamWriterOf is that of a call's context.
func streamWriterOf(ctx context.Context) *streamWriter {
	return ctx.Value(streamWriterKey{}).(*streamWriter)
}

// Flush implements http.Flusher.
func (s *streamWriter) Flush() {
	if !s.together {
		_ = s.control.Flush() // the next write tells if the caller is gone
	}
}

// extend lets writing go on, for a moment only if closing is done.
func (s *streamWriter) extend(closing context.Context) {
	s.within(stallAfter)
	if closing.Err() != nil {
		s.hurry()
	}
}

func (s *streamWriter) hurry() { s.within(hurryAfter) }

func (s *streamWriter) within(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.control != nil {
		_ = s.control.SetWriteDeadline(time.Now().Add(d)) // where it cannot be set, the connection's pings must do
	}
}

func (s *streamWriter) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.control = nil
}

// whyUnsent tells a caller that took nothing for so long from one that is gone.
func whyUnsent(waited time.Duration, err error) error {
	if waited >= stallAfter/2 {
		return feed.TooSlow()
	}
	return fmt.Errorf("%w: %w", context.Canceled, err)
}
