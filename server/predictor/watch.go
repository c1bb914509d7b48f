package predictor

import (
	"context"
	"log/slog"
	"time"

	"connectrpc.com/connect"
)

// watch keeps asking a host for its model and a score, and says in the log when
// that changes.
func (p *Pool) watch(ctx context.Context, b *backend) {
	const eager = 100 * time.Millisecond // while it is not ready
	said, refused := "", ""
	for {
		err := b.probe(ctx)
		if ctx.Err() != nil {
			return
		}
		said, refused = p.note(b, err, said), p.noteRefusal(b, refused)
		wait := p.opts.WatchEvery
		if err != nil {
			wait = min(eager, wait)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// note keeps what a probe found, and logs it unless that is what was said last.
func (p *Pool) note(b *backend, err error, said string) string {
	b.ready.Store(err == nil)
	if err != nil {
		if err.Error() != said {
			p.opts.Log.Log(context.Background(), concern(b, err), "predictor not ready", "predictor", b.address, "error", err)
		}
		return err.Error()
	}
	m := b.model.Load()
	if m.Version != said {
		p.opts.Log.Info("predictor ready", "predictor", b.address, "model_version", m.Version, "batches", m.Batches)
	}
	return m.Version
}

// noteRefusal logs why a host refuses the model that was to replace its own,
// unless that is what was said last.
func (p *Pool) noteRefusal(b *backend, said string) string {
	m := b.model.Load()
	if m == nil {
		return said
	}
	if m.RefusedReplacement != said && m.RefusedReplacement != "" {
		p.opts.Log.Warn("predictor refuses a new model and serves on with the old one",
			"predictor", b.address, "model_version", m.Version, "reason", m.RefusedReplacement)
	}
	return m.RefusedReplacement
}

// concern is how loudly to say that a host is not ready: one that has not been
// reached yet may still be starting.
func concern(b *backend, err error) slog.Level {
	if b.model.Load() == nil && connect.CodeOf(err) == connect.CodeUnavailable {
		return slog.LevelInfo
	}
	return slog.LevelWarn
}
