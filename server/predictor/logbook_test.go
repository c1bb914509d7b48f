package predictor_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// logbook keeps log lines, for tests that wait until one is written. It is how
// they learn what goes on inside without sleeping.
type logbook struct {
	mu      sync.Mutex
	lines   []string
	written chan struct{} // closed and made anew by each line
}

func newLogbook() *logbook { return &logbook{written: make(chan struct{})} }

func (b *logbook) log() *slog.Logger { return slog.New(b) }

func (b *logbook) Enabled(context.Context, slog.Level) bool { return true }
func (b *logbook) WithAttrs([]slog.Attr) slog.Handler       { return b }
func (b *logbook) WithGroup(string) slog.Handler            { return b }

func (b *logbook) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += fmt.Sprintf(" %s=%v", a.Key, a.Value)
		return true
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, line)
	close(b.written)
	b.written = make(chan struct{})
	return nil
}

// await reads on, line by line, to the first that holds all parts.
func (b *logbook) await(t *testing.T, parts ...string) string {
	t.Helper()
	patience := patient(t)
	for {
		line, found, more := b.read(parts)
		if found {
			return line
		}
		select {
		case <-more:
		case <-patience.Done():
			t.Fatalf("no line in the log holds %q", parts)
		}
	}
}

func (b *logbook) read(parts []string) (line string, found bool, more <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.lines) > 0 {
		line, b.lines = b.lines[0], b.lines[1:]
		found = true
		for _, part := range parts {
			found = found && strings.Contains(line, part)
		}
		if found {
			return line, true, nil
		}
	}
	return "", false, b.written
}

// patient is a context that ends only if something hangs.
func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
