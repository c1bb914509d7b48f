package report

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/bench/load"
	"github.com/wassef911/grpcgoesbrrr/bench/result"
)

// everything is a run with figures in each table.
func everything() result.Run {
	run := result.Run{Settings: result.Settings{Rounds: 1, Seconds: 4, WarmUp: 1, Recorded: 1000, RecordedBig: 10_000}, Machine: result.Machine{Cores: 2}}
	add := func(c result.Cell, perSecond float64) {
		c.Round, c.Result = 1, load.Result{Seconds: 1, Answers: int64(perSecond), Latency: load.Latency{P50: 1e3, P90: 2e3, P99: 4e3, P999: 8e3, Max: 9e3}}
		c.Fill()
		run.Cells = append(run.Cells, c)
	}
	get := result.Cell{Call: result.Get, Protocol: result.ConnectJSON}
	for i, callers := range []int{1, 16, 64, 256} {
		c := get
		c.Suite, c.System, c.Callers = "main", result.Null, callers
		add(c, float64(10_000+i*3000))
		c.System, c.Recorded = result.Us, 1000
		c.Seen = &result.Seen{Stages: map[string]result.Spread{"gate": {Mean: .01}}, BatchRows: &result.Spread{Count: 10, Mean: 3}}
		add(c, float64(500*(1+i*8)))
		for j, peer := range []string{"FastAPI", "BentoML", "LitServe", "Mosec", "Ray Serve", "MLServer", "grpcio", "Express and grpcio"} {
			add(result.Cell{Suite: "peers", System: peer, Call: "predict", Protocol: "http", Callers: callers}, float64(400+60*j+callers))
		}
		c.Suite, c.System = "unary", result.Unary
		add(c, float64(900+callers))
	}
	for _, share := range []float64{.25, .5, .75} {
		c := get
		c.Suite, c.System, c.Share, c.Rate, c.Recorded = "open", result.Us, share, 10_000*share, 1000
		add(c, c.Rate)
	}
	run.Peers = []result.Peer{{Name: "FastAPI", Title: "FastAPI with uvicorn", Front: "python", Versions: map[string]string{"uvicorn": "1", "fastapi": "2"}}, {Name: "gone", Title: "Gone", Error: "no wheel"}}
	run.Judge()
	return run
}

func TestThePageShowsEveryTableAndPlot(t *testing.T) {
	dir := t.TempDir()
	page, notes := filepath.Join(dir, "benchmarks.md"), filepath.Join(dir, "notes.md")
	if err := os.WriteFile(notes, []byte("the profile says so\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(everything(), page, notes); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"the profile says so", "benchmarks-throughput.svg", "benchmarks-latency.svg", "| 0.50 | 5,000 |", "us before unary grpcio",
		"Gone, : not measured: no wheel", "fastapi 2, uvicorn 1", "12,500", "| 64 callers: mean",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(string(text), "<no value>") {
		t.Error("the page has a hole")
	}
	for _, plot := range []string{"throughput", "latency"} {
		if picture, err := os.ReadFile(filepath.Join(dir, "benchmarks-"+plot+".svg")); err != nil || !strings.Contains(string(picture), "<svg") {
			t.Errorf("%s: %v", plot, err)
		}
		if out := os.Getenv("BENCH_PLOTS"); out != "" { // for a person to look at
			os.Rename(filepath.Join(dir, "benchmarks-"+plot+".svg"), filepath.Join(out, plot+".svg"))
		}
	}
}

func TestARunOfNothingStillMakesAPage(t *testing.T) {
	text, err := render(view{})
	if err != nil || !strings.Contains(string(text), "Not measured in this run.") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestCountsHaveCommas(t *testing.T) {
	for n, want := range map[float64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%v is written %s, want %s", n, got, want)
		}
	}
}

func TestNumbersHaveThreeDigits(t *testing.T) {
	for x, want := range map[float64]string{.1234: "0.123", 1.234: "1.23", 12.34: "12.3", 123.4: "123"} {
		if got := significant(x); got != want {
			t.Errorf("%v is written %s, want %s", x, got, want)
		}
	}
}

func TestNamesThatWouldOverlapAreMovedApartAndStayInside(t *testing.T) {
	for name, heights := range map[string][]float64{
		"close": {50, 49, 48}, "at the top": {120, 119, 90}, "at the bottom": {2, 1, 0}, "apart": {90, 50, 10},
	} {
		t.Run(name, func(t *testing.T) {
			got := slices.Clone(heights)
			spread(got, 10, 0, 100)
			for i := range got {
				if got[i] < 0 || got[i] > 100 || i > 0 && got[i-1]-got[i] < 10 {
					t.Fatalf("%v became %v", heights, got)
				}
			}
			if name == "apart" && fmt.Sprint(got) != fmt.Sprint(heights) {
				t.Errorf("%v became %v without need", heights, got)
			}
		})
	}
}
