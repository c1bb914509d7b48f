package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/wassef911/grpcgoesbrrr/bench/data"
	"github.com/wassef911/grpcgoesbrrr/bench/peer"
	"github.com/wassef911/grpcgoesbrrr/bench/proc"
	"github.com/wassef911/grpcgoesbrrr/bench/result"
)

// runCmd is how to measure. Kong reads one or two hyphens before a name.
type runCmd struct {
	Seconds  int    `help:"How long each cell runs." default:"4"`
	WarmUp   int    `help:"How many seconds each cell runs before it counts." default:"1"`
	Rounds   int    `help:"How often each cell runs; the median counts." default:"3"`
	Quick    bool   `help:"A smoke test: one second a cell, one round, no large store."`
	Only     string `help:"Run the cells whose name matches this regular expression."`
	Recorded int64  `help:"Transactions in the store." default:"1000000"`
	Large    bool   `help:"Also measure with ten times the transactions." default:"true" negatable:""`
	Results  string `help:"File that takes the results. results/latest.json, if not given; of a part or a smoke test .cache/part.json."`
	Docs     string `help:"Report to write; its plots stand beside it. ../docs/benchmarks.md, if not given; of a part or a smoke test .cache/part.md."`

	only *regexp.Regexp
}

// Validate makes the settings fit each other. Kong calls it.
func (c *runCmd) Validate() (err error) {
	if c.Quick {
		c.Seconds, c.WarmUp, c.Rounds, c.Large = 1, 1, 1, false
	}
	if c.Seconds < 1 || c.WarmUp < 1 || c.Rounds < 1 || c.Recorded < 10_000 {
		return errors.New("--seconds, --warm-up and --rounds must be at least 1, --recorded at least 10000")
	}
	results, docs := "results/latest.json", "../docs/benchmarks.md"
	if c.Quick || c.Only != "" { // not to be taken for a whole run
		results, docs = ".cache/part.json", ".cache/part.md"
	}
	c.Results, c.Docs = cmp.Or(c.Results, results), cmp.Or(c.Docs, docs)
	c.only, err = regexp.Compile(c.Only)
	return err
}

// bench is one run under way.
type bench struct {
	runCmd
	repo, cache string   // folders
	temp        string   // of peers: short, since sockets are made in it
	lock        *os.File // held: two runs at once would disturb each other
	set         *proc.Set
	run         result.Run
	pristine    data.Pristine
	barred      map[string]bool // systems whose answers were wrong: they are not timed
	newCells    int             // cells that bring transactions of their own
	rows        []peer.Row      // facts of recorded transactions, for peers
}

// Run measures everything, and leaves nothing behind.
func (c *runCmd) Run(ctx context.Context) (err error) {
	if _, err := exec.LookPath("wrk"); err != nil {
		return errors.New("wrk is missing: apt-get install wrk")
	}
	b := &bench{runCmd: *c, set: proc.NewSet(), barred: map[string]bool{}}
	defer func() { err = errors.Join(err, b.tearDown()) }()
	if err := b.setUp(ctx); err != nil {
		return err
	}
	if err := b.measure(ctx); err != nil {
		return err
	}
	return b.finish()
}

// setUp builds what is measured and what it is measured with.
func (b *bench) setUp(ctx context.Context) (err error) {
	if b.repo, err = filepath.Abs(".."); err != nil {
		return err
	}
	if b.cache, err = filepath.Abs(".cache"); err != nil {
		return err
	}
	if err := errors.Join(os.MkdirAll(filepath.Join(b.cache, "log"), 0o755), raiseFileLimit()); err != nil {
		return err
	}
	if b.lock, err = lock(ctx, filepath.Join(b.cache, "lock")); err != nil {
		return err
	}
	if b.temp, err = os.MkdirTemp("", "b"); err != nil {
		return err
	}
	b.run.Settings = result.Settings{
		Seconds: float64(b.Seconds), WarmUp: float64(b.WarmUp), Rounds: b.Rounds,
		Recorded: b.Recorded, Quick: b.Quick, Only: b.Only,
	}
	b.run.Machine = b.describeMachine(ctx)
	if err := errors.Join(b.build(ctx), b.train(ctx)); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(b.cache, "work")); err != nil { // of a run that was killed
		return err
	}
	b.pristine, err = data.Prepare(ctx, b.repo, b.cache, b.Recorded, say)
	return err
}

// build makes the binaries from the sources as they are now.
func (b *bench) build(ctx context.Context) error {
	for _, what := range []struct{ dir, out, pkg string }{
		{b.repo, "brrr", "./cmd/brrr"}, {".", "null", "./null"}, {".", "watchers", "./watchers"},
	} {
		cmd := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(b.cache, what.out), what.pkg)
		cmd.Dir = what.dir
		if said, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", what.pkg, err, said)
		}
	}
	return nil
}

// tearDown ends every process and removes the working copies.
func (b *bench) tearDown() error {
	b.set.StopAll()
	if b.lock == nil {
		return nil
	}
	return errors.Join(os.RemoveAll(filepath.Join(b.cache, "work")), os.RemoveAll(b.temp), b.lock.Close())
}

// newIDs makes the ids of one cell's new transactions differ from all others'.
func (b *bench) newIDs() string {
	b.newCells++
	return fmt.Sprintf("prefix=new-%d-", b.newCells)
}

// clean leaves out of a text where on this machine things are.
func (b *bench) clean(text string) string {
	text = strings.NewReplacer(b.repo, ".", b.temp, "$TMPDIR").Replace(text)
	return strings.Join(strings.Fields(text), " ")
}

// say tells the person who waits.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05")+" "+format+"\n", args...)
}
