package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"github.com/alecthomas/kong"

	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/feed"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/settings"
)

// heapGrowth is by how many percent the heap may grow before it is collected. A
// call leaves 10 KB of garbage behind and next to nothing that stays: with Go's
// 100, a collection comes every few hundred calls and takes a tenth of the CPU.
const heapGrowth = 400

// serveCmd are all settings of the service, in groups, one file each (serve_….go).
// Every group tells its mistakes.
type serveCmd struct {
	storeFlags
	Listen       string        `help:"Where the API listens." default:"127.0.0.1:8080"`
	AdminListen  string        `help:"Where metrics and profiles listen; empty: nowhere." default:"127.0.0.1:9090"`
	Demo         bool          `help:"Fill the store with simulated accounts and traffic, and show a first call."`
	DrainDelay   time.Duration `help:"How long calls are still taken once the server is asked to stop, and says that it is not ready: as long as balancers need to see it." default:"0s"`
	DrainTimeout time.Duration `help:"How long calls under way may take after that." default:"15s"`
	configFlags
	predictorFlags
	tlsFlags
	callFlags
	oidcFlags
	signInFlags
	logFlags
	traceFlags

	feed feed.Options // the defaults, but for tests
}

// Validate names everything that is missing or does not fit together. Kong calls it.
func (c *serveCmd) Validate() error {
	return errors.Join(slices.Concat(
		unless(c.DrainDelay >= 0, "--drain-delay must be at least 0"),
		unless(c.DrainTimeout > 0, "--drain-timeout must be above 0"),
		unless(!c.Demo || c.Store == "", "--demo fills an embedded store: leave out --store"),
		unless(!c.Demo || c.TLSCert == "", "--demo shows calls in plain: leave out --tls-cert"),
		c.predictorFlags.mistakes(), c.tlsFlags.mistakes(), c.callFlags.mistakes(),
		c.oidcFlags.mistakes(), c.signInFlags.mistakes(), c.traceFlags.mistakes(),
	)...)
}

// unless is a mistake where what must hold does not.
func unless(holds bool, mistake string) []error {
	if holds {
		return nil
	}
	return []error{errors.New(mistake)}
}

// Run serves until the context ends, then drains.
func (c *serveCmd) Run(ctx context.Context, io streams, parsed *kong.Context, read *settings.Settings) error {
	hangUps() // before anything else, or one would end the process
	withoutCoreDumps()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	log := c.logger(io)
	slog.SetDefault(log) // for rooms that have none of their own
	of := built()
	log.Info("starting", "version", of.Version, "commit", cmp.Or(of.Commit, "unknown"))
	c.reread(parsed.Args, read)
	for _, unknown := range read.Unknown {
		log.Warn("unknown variable", "name", unknown)
	}
	if c.Demo {
		return c.demo(ctx, io, log)
	}
	app, err := c.start(ctx, log)
	if err != nil {
		return err
	}
	if err := firstKey(ctx, app, io); err != nil {
		return errors.Join(err, app.close(c.DrainTimeout))
	}
	return app.serveUntil(ctx, c.DrainDelay, c.DrainTimeout)
}

// firstKey makes the admin's key when there is none at all, and prints it and a
// link to the console once: of several servers that start on one store, one does.
func firstKey(ctx context.Context, app *app, io streams) error {
	keys, err := app.store.ListKeys(ctx)
	if err != nil || len(keys) > 0 { // as always but once: then nobody writes
		return err
	}
	key, err := access.CreateFirstKey(ctx, app.store, "first admin", "admin", fraud.ActorServer)
	if err != nil || key == "" {
		return err
	}
	fmt.Fprintf(io.out, "This is the admin's key. It is shown this once:\n%s\nThe console, signed in with it:\n%s\n", key, app.consoleLink(key))
	return nil
}
