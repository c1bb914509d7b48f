package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"

	"github.com/wassef911/grpcgoesbrrr/server/settings"
)

// reloader reads the settings again and has the rooms go by them.
type reloader struct {
	log  *slog.Logger
	read func() (*serveCmd, *settings.Settings, error) // nil: there is nothing to read
	now  *settings.Settings
	// apply hands on what may change while serving; all of it is valid. Whoever may
	// still fail, as certificates may, stands first: then nothing else changes.
	apply []func(*serveCmd) error
	done  func(changed []string) // is told what has changed

	mu    sync.Mutex
	stats reloads
}

// reloads are counted for metrics.
type reloads struct {
	Done, Failed int64
	Refused      bool // the last one
}

// Stats may be asked for at any time.
func (r *reloader) Stats() reloads {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats
}

// asked is where somebody asks for a reload.
func (r *reloader) asked() <-chan os.Signal {
	if r.read == nil {
		return nil
	}
	return hangUps()
}

// reread has a reload read the same arguments again, and environment and file.
func (c *serveCmd) reread(args []string, read *settings.Settings) {
	c.read = read
	c.again = func() (*serveCmd, *settings.Settings, error) {
		var all commands
		nowhere := streams{strings.NewReader(""), io.Discard, io.Discard}
		_, next, err := parse(context.Background(), &all, args, nowhere)
		return &all.Serve, next, err
	}
}

// reload changes all that may change, or nothing: what is wrong is logged, and the
// process goes on as before.
func (r *reloader) reload() {
	next, read, err := r.read()
	for _, apply := range r.apply {
		if err == nil {
			err = apply(next)
		}
	}
	r.note(err)
	if err != nil {
		for mistake := range strings.Lines(err.Error()) {
			r.log.Error("settings were not reloaded", "error", strings.TrimSuffix(mistake, "\n"))
		}
		return
	}
	var changed, waiting []any
	var told []string
	for _, c := range settings.Changes(r.now, read) {
		if c.Reloadable {
			changed = append(changed, slog.Group(c.Key, "from", c.From, "to", c.To))
			told = append(told, fmt.Sprintf("%s: %s, was %s", c.Key, c.To, c.From))
		} else {
			waiting = append(waiting, slog.Group(c.Key, "runs_with", c.From, "is_set_to", c.To))
		}
	}
	r.log.Info("settings reloaded", slog.Group("changed", changed...))
	if len(waiting) > 0 {
		r.log.Warn("settings that change with a restart alone", slog.Group("waiting", waiting...))
	}
	r.now = read.Running(r.now)
	r.done(told)
}

func (r *reloader) note(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stats.Refused = err != nil; r.stats.Refused {
		r.stats.Failed++
	} else {
		r.stats.Done++
	}
}

// retune has the rooms go by what may change.
func (a *app) retune(running *serveCmd) func(*serveCmd) error {
	return func(next *serveCmd) error {
		running.level.Set(next.LogLevel)
		a.tuning.Set(next.limits(), next.CORSOrigin, next.Deadline)
		a.assessor.SetMaxWait(next.MaxWait)
		a.open.limit(next.MaxConnections)
		return nil
	}
}
