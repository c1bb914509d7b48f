package feed

import (
	"cmp"
	"time"
)

// Defaults of Options.
const (
	DefaultEvery = 100 * time.Millisecond
	// DefaultEach bounds what watchers cost together: with 25 µs to wake one and
	// send to it, an eightieth of a processor.
	DefaultEach = 2 * time.Millisecond
	// DefaultQuiet costs next to nothing.
	DefaultQuiet       = time.Second
	DefaultMaxWatchers = 1000
	// DefaultMaxLag is what a fast service records in ten seconds.
	DefaultMaxLag = 500_000
	DefaultPage   = 200
	// DefaultWindow takes the store a few milliseconds.
	DefaultWindow = 10_000
)

// Options are a Hub's bounds. They default to the constants above.
type Options struct {
	Every       time.Duration // how often the store is asked whether there is more
	Each        time.Duration // the same for each watcher, where that is more together
	Quiet       time.Duration // how long at most one that announces what it records is not asked
	MaxWatchers int
	// MaxLag is how many events a watcher that wants every one may fall back from
	// where it was best.
	MaxLag int64
	Page   int   // events read at once for one that wants every one
	Window int64 // numbers gone through at once, whatever of them is let through
}

func (o Options) withDefaults() Options {
	return Options{
		Every:       cmp.Or(o.Every, DefaultEvery),
		Each:        cmp.Or(o.Each, DefaultEach),
		Quiet:       cmp.Or(o.Quiet, DefaultQuiet),
		MaxWatchers: cmp.Or(o.MaxWatchers, DefaultMaxWatchers),
		MaxLag:      cmp.Or(o.MaxLag, DefaultMaxLag),
		Page:        cmp.Or(o.Page, DefaultPage),
		Window:      cmp.Or(o.Window, DefaultWindow),
	}
}
