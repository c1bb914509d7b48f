package predictor

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"connectrpc.com/connect"
)

// eager is how often a host that is not usable is asked.
const eager = 100 * time.Millisecond

// watch keeps asking a host for its model and a score, and says in the log when
// that changes.
func (p *Pool) watch(ctx context.Context, b *backend) {
	said, refused := "", ""
	heard := time.Now()
	for {
		err := b.probe(ctx)
		if ctx.Err() != nil {
			return
		}
		said, refused = p.note(b, err, said), p.noteRefusal(b, refused)
		heard = p.noteSilence(b, heard)
		wait := p.opts.WatchEvery
		if !b.health.usable() {
			wait = min(eager, wait)
		}
		select {
		case <-ctx.Done():
			return
		case <-b.health.opened:
		case <-time.After(wait):
		}
	}
}

// note keeps what a probe found, and logs it unless that is what was said last.
func (p *Pool) note(b *backend, err error, said string) string {
	silent := errors.Is(err, errSilent)
	b.health.probed(err, silent)
	if silent {
		// Where others can answer, what is under way here is asked there at once. If
		// not, it may be answered yet. New calls do not wait behind it either way.
		b.link.renew(p.another(b))
	} else if err == nil {
		b.link.cutFormer()
	}
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

// noteSilence has a host that is alive and silent for too long started again, by
// those who can, and returns when it was last heard.
func (p *Pool) noteSilence(b *backend, heard time.Time) time.Time {
	switch {
	case !b.health.silent.Load():
		return time.Now()
	case p.opts.Hung == nil || time.Since(heard) < p.opts.HungAfter:
		return heard
	}
	p.opts.Log.Error("predictor hangs", "predictor", b.address, "silent_for", time.Since(heard))
	p.opts.Hung(b.address)
	return time.Now()
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
	var disagreed handshakeError
	if b.model.Load() == nil && !errors.As(err, &disagreed) && connect.CodeOf(err) == connect.CodeUnavailable {
		return slog.LevelInfo
	}
	return slog.LevelWarn
}
