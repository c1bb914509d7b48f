package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/wassef911/grpcgoesbrrr/server/certs"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

// local is the predictor that is supervised, not reached.
const local = "local"

// predictorFlags say where models are asked, and how.
type predictorFlags struct {
	Predictor            string `help:"local (supervised), or http://HOST:PORT, https://HOST:PORT or unix:PATH of Python hosts, separated by commas. Of dns+https://NAME:PORT (or dns+http) each address of the name is a host, as it has them." default:"local"`
	PredictorAPI         string `help:"unary: call hosts with PredictFraud alone, without asking." enum:"auto,unary" default:"auto"`
	PredictorAgeUnit     string `help:"Unit of age_of_account that hosts expect." enum:"seconds,days" default:"seconds"`
	PredictorProbability string `help:"Scale of the probabilities that hosts answer." enum:"unit,percent" default:"unit"`
	PredictorVersion     string `help:"What a host without GetModel is recorded as." default:"unversioned"`
	PredictorApplication string `help:"Application that calls of hosts are for, as proxies of Ray Serve ask."`
	PredictorBatches     int    `help:"Batches under way at once to each host: one a process or replica behind its address." default:"1"`
	PredictorRoot        string `help:"Folder that holds predictor/ and gen/python/, for local. That of the binary, if not given." type:"path"`
	PredictorPython      string `help:"Interpreter for local. The one that make build sets up, if not given." type:"path"`
	predictorTLSFlags
	Models string `help:"Folder of models with the file active, or one model's folder, for local. predictor/models, if not given." type:"path"`
}

func (c *predictorFlags) mistakes() []error { return c.predictorTLSFlags.mistakes(c.overTLS()) }

// openPredictor reaches the models where they are. For local, the child is
// started with more environment; dir is where its socket may be.
func (c *predictorFlags) openPredictor(dir string, env []string, secured *certs.Source, log *slog.Logger) (*predictor.Local, *predictor.Pool, error) {
	opts := predictor.Options{
		API: predictor.API(c.PredictorAPI), AgeUnit: predictor.AgeUnit(c.PredictorAgeUnit),
		Scale: predictor.Scale(c.PredictorProbability), Version: c.PredictorVersion, Log: log,
		Application: c.PredictorApplication, Batches: c.PredictorBatches,
	}
	if c.Predictor != local {
		opts.Addresses = strings.Split(c.Predictor, ",")
		if secured != nil {
			opts.TLS = c.hostTLS(secured)
		}
		pool, err := predictor.Open(opts)
		return nil, pool, err
	}
	where, err := c.localPredictor()
	if err != nil {
		return nil, nil, err
	}
	where.Log, where.Dir, where.Env = log, dir, env
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
func (c *predictorFlags) localPredictor() (predictor.LocalOptions, error) {
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
