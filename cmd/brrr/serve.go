package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/feed"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
	"github.com/wassef911/grpcgoesbrrr/server/rpc"
)

// local is the predictor that is supervised, not reached.
const local = "local"

// heapGrowth is by how many percent the heap may grow before it is collected. A
// call leaves 10 KB of garbage behind and next to nothing that stays: with Go's
// 100, a collection comes every few hundred calls and takes a tenth of the CPU.
const heapGrowth = 400

type serveCmd struct {
	dataDir
	Listen      string `help:"Where the API listens." default:"127.0.0.1:8080"`
	AdminListen string `help:"Where metrics and profiles listen; empty: nowhere." default:"127.0.0.1:9090"`
	Demo        bool   `help:"Fill the store with simulated accounts and traffic, and show a first call."`

	Predictor            string   `help:"local (supervised), or http://HOST:PORT or unix:PATH of Python hosts, separated by commas." default:"local"`
	PredictorAPI         string   `help:"unary: call hosts with PredictFraud alone, without asking." enum:"auto,unary" default:"auto"`
	PredictorAgeUnit     string   `help:"Unit of age_of_account that hosts expect." enum:"seconds,days" default:"seconds"`
	PredictorProbability string   `help:"Scale of the probabilities that hosts answer." enum:"unit,percent" default:"unit"`
	PredictorVersion     string   `help:"What a host without GetModel is recorded as." default:"unversioned"`
	PredictorRoot        string   `help:"Folder that holds predictor/ and gen/python/, for local. That of the binary, if not given." type:"path"`
	PredictorPython      string   `help:"Interpreter for local. The one that make build sets up, if not given." type:"path"`
	Models               string   `help:"Folder of models with the file active, or one model's folder, for local. predictor/models, if not given." type:"path"`
	TLSCert              string   `help:"Certificate (PEM). With --tls-key: TLS instead of plain HTTP." type:"existingfile"`
	TLSKey               string   `help:"Private key (PEM)." type:"existingfile"`
	CORSOrigin           []string `help:"Origin whose pages may call, such as https://console.example. May be given again."`

	Deadline     time.Duration `help:"Of a call that brings none." default:"5s"`
	MaxDeadline  time.Duration `help:"The longest that a call may bring." default:"30s"`
	DrainTimeout time.Duration `help:"How long calls under way may take once the server is asked to stop." default:"15s"`
	MaxWait      time.Duration `help:"How long a call may have to wait for others; one that would wait longer is refused. More where the model is slow." default:"50ms"`
	LogLevel     slog.Level    `help:"debug, info, warn or error." default:"info"`
	LogFormat    string        `help:"json, or text for a person." enum:"json,text" default:"json"`

	MaxConnections int `help:"Connections that may be open; one more closes the one that is idle the longest." default:"10000"`

	KeyCalls          int     `help:"Calls that one key may have under way at once; 0: any number." default:"0"`
	KeyStreams        int     `help:"Streams that one key may have at once; 0: any number." default:"100"`
	KeyItemsPerSecond float64 `help:"Transactions a second that one key may ask about or record; 0: any number." default:"0"`

	feed feed.Options // the defaults, but for tests
}

// Validate names what is missing or does not fit together. Kong calls it.
func (c *serveCmd) Validate() error {
	switch {
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return errors.New("--tls-cert and --tls-key go together")
	case c.Deadline <= 0 || c.MaxDeadline <= 0 || c.DrainTimeout <= 0:
		return errors.New("--deadline, --max-deadline and --drain-timeout must be above 0")
	case c.MaxConnections < 1:
		return errors.New("--max-connections must be at least 1")
	case c.MaxWait <= 0:
		return errors.New("--max-wait must be above 0")
	}
	if err := c.limits().Validate(); err != nil {
		return fmt.Errorf("--key-…: %w", err)
	}
	return rpc.CheckOrigins(c.CORSOrigin)
}

func (c *serveCmd) limits() access.Limits {
	return access.Limits{Calls: c.KeyCalls, Streams: c.KeyStreams, ItemsPerSecond: c.KeyItemsPerSecond}
}

// Run serves until the context ends, then drains.
func (c *serveCmd) Run(ctx context.Context, io streams) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	log := c.logger(io)
	slog.SetDefault(log) // for rooms that have none of their own
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
	return app.serveUntil(ctx, c.DrainTimeout)
}

func (c *serveCmd) logger(io streams) *slog.Logger {
	opts := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(io.err, opts))
	}
	return slog.New(slog.NewJSONHandler(io.err, opts))
}

// firstKey makes the admin's key when there is none at all, and prints it and a
// link to the console once.
func firstKey(ctx context.Context, app *app, io streams) error {
	keys, err := app.store.ListKeys(ctx)
	if err != nil || len(keys) > 0 {
		return err
	}
	key, err := access.CreateKey(ctx, app.store, "first admin", "admin", 0)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "This is the admin's key. It is shown this once:\n%s\nThe console, signed in with it:\n%s\n", key, app.consoleLink(key))
	return nil
}

// openPredictor reaches the models where they are. For local, the child is
// started.
func (c *serveCmd) openPredictor(log *slog.Logger) (*predictor.Local, *predictor.Pool, error) {
	opts := predictor.Options{
		API: predictor.API(c.PredictorAPI), AgeUnit: predictor.AgeUnit(c.PredictorAgeUnit),
		Scale: predictor.Scale(c.PredictorProbability), Version: c.PredictorVersion, Log: log,
	}
	if c.Predictor != local {
		opts.Addresses = strings.Split(c.Predictor, ",")
		pool, err := predictor.Open(opts)
		return nil, pool, err
	}
	where, err := c.localPredictor()
	if err != nil {
		return nil, nil, err
	}
	where.Log, where.Dir = log, c.Data
	child, err := predictor.StartLocal(where)
	if err != nil {
		return nil, nil, err
	}
	opts.Addresses, opts.Hung = []string{child.Address()}, func(string) { child.Restart() }
	pool, err := predictor.Open(opts)
	if err != nil {
		child.Close()
	}
	return child, pool, err
}

// localPredictor finds the Python package, its interpreter and its models: by
// default beside the folder of this binary, or in the working folder.
func (c *serveCmd) localPredictor() (predictor.LocalOptions, error) {
	root := c.PredictorRoot
	if root == "" {
		var err error
		if root, err = findRoot(); err != nil {
			return predictor.LocalOptions{}, err
		}
	}
	o := predictor.LocalOptions{Root: root, Python: c.PredictorPython, Models: c.Models}
	if o.Python == "" {
		o.Python = filepath.Join(root, "predictor", ".venv", "bin", "python")
	}
	if o.Models == "" {
		o.Models = modelsIn(root)
	}
	return o, nil
}

func findRoot() (string, error) {
	binary, err := os.Executable()
	if err != nil {
		return "", err
	}
	working, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for _, root := range []string{filepath.Dir(filepath.Dir(binary)), working} {
		if _, err := os.Stat(filepath.Join(root, "predictor", "__main__.py")); err == nil {
			return root, nil
		}
	}
	return "", errors.New("--predictor-root: no folder predictor/ beside the binary's or in the working folder")
}
