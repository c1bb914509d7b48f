package predictor_test

import (
	"bufio"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

// root is the repository's folder: `make test` has set up Python and the
// default model in it.
var root, _ = filepath.Abs("../..")

var python = filepath.Join(root, "predictor", ".venv", "bin", "python")

// mostAtOnce is the row whose score is a thousandth of the most calls that the
// seed's server has had under way at once.
var mostAtOnce = []fraud.Recorded{{Seq: 1_000_000}}

// startSeed runs a foreign server that has PredictFraud alone.
func startSeed(t *testing.T, flags ...string) (address string) {
	t.Helper()
	cmd := exec.Command(python, append([]string{"testdata/seed_server.py"}, flags...)...)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join(root, "gen", "python"))
	cmd.Stderr = t.Output()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v (`make build` sets up Python)", err)
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("seed server: %v", err)
		}
	})
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("seed server: %v", err)
	}
	return "http://127.0.0.1:" + strings.TrimSpace(port)
}

func TestTheSeedsServerWorksUnchanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flags   []string
		opts    predictor.Options
		version string
		score   func(fraud.Facts) float64
	}{
		"seconds, unit": {
			version: "unversioned",
			score:   func(f fraud.Facts) float64 { return thousandths(f, f.AgeOfAccount) / 1000 },
		},
		"days, percent, named": {
			flags:   []string{"--percent"},
			opts:    predictor.Options{AgeUnit: predictor.AgeDays, Scale: predictor.ScalePercent, Version: "seed-7"},
			version: "seed-7",
			score:   func(f fraud.Facts) float64 { return thousandths(f, f.AgeOfAccount/86_400) / 10 / 100 },
		},
		"unknown methods are INTERNAL": {
			flags:   []string{"--internal"},
			opts:    predictor.Options{API: predictor.APIUnary},
			version: "unversioned",
			score:   func(f fraud.Facts) float64 { return thousandths(f, f.AgeOfAccount) / 1000 },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.opts.Addresses = []string{startSeed(t, c.flags...)}
			c.opts.UnaryCalls = 4
			pool, book := open(t, c.opts)
			book.await(t, "predictor ready", "model_version="+c.version, "batches=false")
			rows := varied(300)
			got, err := pool.Predict(patient(t), rows)
			if err != nil {
				t.Fatal(err)
			}
			if got.ModelVersion != c.version || !math.IsNaN(got.Threshold) || len(got.Rows) != len(rows) {
				t.Fatalf("%s, threshold %v, %d rows", got.ModelVersion, got.Threshold, len(got.Rows))
			}
			for i, row := range rows {
				p := c.score(row.Facts)
				if want := (fraud.Prediction{Label: p >= 0.5, Probability: p}); got.Rows[i] != want {
					t.Errorf("row %d: %+v, want %+v", i, got.Rows[i], want)
				}
			}
			most, err := pool.Predict(patient(t), mostAtOnce)
			if err != nil || most.Rows[0].Probability > 0.0045 {
				t.Errorf("most calls at once: a thousandth of it is %+v, %v, want at most 0.004", most.Rows, err)
			}
			if _, err := pool.Explain(patient(t), rows[:1]); fraud.ReasonOf(err) != fraud.ReasonUnimplemented {
				t.Errorf("Explain: %v, want UNIMPLEMENTED", err)
			}
		})
	}
}

func TestAHostThatAnswersInternalToGetModelIsNotReadyWithAuto(t *testing.T) {
	t.Parallel()
	pool, book := open(t, predictor.Options{Addresses: []string{startSeed(t, "--internal")}})
	book.await(t, "predictor not ready", "internal")
	if pool.Ready() {
		t.Error("it is ready")
	}
	_, err := pool.Predict(patient(t), varied(1))
	checkUnavailable(t, err, "KeyError")
}

// varied are n rows whose scores all differ, whatever the unit of age.
func varied(n int) []fraud.Recorded {
	rows := make([]fraud.Recorded, n)
	for i := range rows {
		rows[i] = fraud.Recorded{Seq: int64(i + 1), Facts: fraud.Facts{
			Amount: 0.25 + float64(i), Time: time.Unix(1_700_000_000+int64(7*i), 0),
			AgeOfAccount: int32(100_003 * i), NumberOfTransactions: int32(1 + i%5),
			SecondsSincePrevious: int32(7 * i), AmountLastHour: 0.25 + float64(i), AmountLastDay: 1 + float64(i), AmountLastWeek: 2 + float64(i),
			TransactionsLastWeek: int32(1 + i%5),
		}}
	}
	return rows
}

// thousandths is the seed server's score. The sum is exact, so that scores
// compare equal.
func thousandths(f fraud.Facts, age int32) float64 {
	sum := f.Amount + float64(f.Time.Unix()) + float64(age) + float64(f.NumberOfTransactions)
	return math.Mod(sum, 1000)
}
