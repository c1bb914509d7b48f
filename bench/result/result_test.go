package result

import (
	"path/filepath"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/bench/load"
)

// get is a cell of GetFraudActivity with a throughput.
func get(system string, callers, round int, perSecond float64) Cell {
	c := Cell{Suite: "main", System: system, Call: Get, Protocol: ConnectJSON, Callers: callers, Round: round, AssessmentsPerSecond: perSecond}
	if system == Us {
		c.Recorded = 1000
	}
	return c
}

func TestTheMedianIsOverRoundsThatRan(t *testing.T) {
	failed := get(Us, 64, 4, 1e9)
	failed.Error = "it broke"
	r := Run{Cells: []Cell{get(Us, 64, 3, 30), get(Us, 64, 1, 10), failed, get(Us, 64, 2, 50), get(Us, 256, 1, 7)}}
	if got, ok := r.Median(get(Us, 64, 0, 0), Throughput); !ok || got != 30 {
		t.Errorf("got %v, %v, want 30", got, ok)
	}
	if _, ok := r.Median(get(Us, 1, 0, 0), Throughput); ok {
		t.Error("found a cell that did not run")
	}
}

func TestARatioComparesWithinARound(t *testing.T) {
	// The machine was four times slower in the second round.
	r := Run{Cells: []Cell{
		get(Us, 64, 1, 80), get(Null, 64, 1, 100), get(Us, 64, 2, 20), get(Null, 64, 2, 25), get(Us, 64, 3, 90), get(Null, 64, 3, 100),
		get(Us, 64, 4, 1), // without its partner
	}}
	if got, ok := r.Ratio(get(Us, 64, 0, 0), get(Null, 64, 0, 0), Throughput); !ok || got != .8 {
		t.Errorf("got %v, %v, want .8", got, ok)
	}
}

func TestTheBestIsTheHighestMedian(t *testing.T) {
	r := Run{Cells: []Cell{get(Us, 64, 1, 30), get(Us, 64, 2, 32), get(Us, 256, 1, 20), get(Us, 256, 2, 60), get(Null, 64, 1, 99)}}
	if best, callers := r.Best("main", Us, Get, ConnectJSON); best != 40 || callers != 256 {
		t.Errorf("got %v with %d callers, want 40 with 256", best, callers)
	}
}

func TestTargetsAreMetMissedOrNotMeasured(t *testing.T) {
	r := Run{Settings: Settings{Recorded: 1000}, Cells: []Cell{get(Us, 256, 1, 85), get(Null, 256, 1, 100), get(Us, 64, 1, 50), get(Null, 64, 1, 100)}}
	r.Judge()
	for i, want := range []string{Yes, No, NotMeasured} {
		if got := r.Targets[i]; got.Met != want {
			t.Errorf("target %d is %+v, want %s", i, got, want)
		}
	}
}

func TestOneCallerIsHeldAgainstTheSumOfItsParts(t *testing.T) {
	us, null := get(Us, 1, 1, 500), get(Null, 1, 1, 9000)
	us.Latency.P50, null.Latency.P50 = 1450, 100
	r := Run{Settings: Settings{Recorded: 1000}, Limits: Limits{FsyncMicros: 100, PredictFraudMicros: 800}, Cells: []Cell{us, null}}
	r.Judge()
	if got := r.Targets[6]; got.Met != Yes || got.Figure != 1.45 {
		t.Errorf("got %+v, want 1.45 to be enough", got)
	}
}

func TestMemoryThatGrowsIsNotFlat(t *testing.T) {
	for name, c := range map[string]struct {
		bytes []int64
		met   string
	}{
		"flat":    {[]int64{100, 101, 100, 99, 100, 102}, Yes},
		"growing": {[]int64{100, 100, 120, 120, 140, 140}, No},
	} {
		t.Run(name, func(t *testing.T) {
			cell := Cell{Suite: "overload", System: Us, Callers: 512, MemoryBytes: c.bytes}
			r := Run{Cells: []Cell{cell}}
			r.judgeMemory()
			if r.Targets[0].Met != c.met {
				t.Errorf("got %+v", r.Targets[0])
			}
		})
	}
}

func TestCellsOfDifferentSettingsHaveDifferentNames(t *testing.T) {
	base := get(Us, 64, 1, 0)
	for name, change := range map[string]func(*Cell){
		"callers": func(c *Cell) { c.Callers = 1 }, "share": func(c *Cell) { c.Share = .5 }, "deadline": func(c *Cell) { c.Deadline = 50 },
		"recorded": func(c *Cell) { c.Recorded = 10 }, "protocol": func(c *Cell) { c.Protocol = GRPC }, "suite": func(c *Cell) { c.Suite = "large" },
	} {
		other := base
		change(&other)
		if other.Name() == base.Name() {
			t.Errorf("%s: both are called %s", name, base.Name())
		}
	}
	other := base
	other.Round, other.Rate = 2, 99
	if other.Name() != base.Name() {
		t.Error("rounds of one cell have different names")
	}
}

func TestWhatFollowsFromTheCounts(t *testing.T) {
	c := Cell{Result: load.Result{Seconds: 2, Answers: 100}, PerAnswer: 1000, ServerCPUSeconds: 3}
	c.Fill()
	if c.AnswersPerSecond != 50 || c.AssessmentsPerSecond != 50_000 || c.CPUSecondsPerMln != 30 {
		t.Errorf("got %+v", c)
	}
}

func TestARunIsReadAsItWasSaved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "latest.json")
	saved := Run{Settings: Settings{Rounds: 3}, Cells: []Cell{get(Us, 64, 1, 30)}}
	saved.Cells[0].Seen = &Seen{FromModel: 7}
	if err := saved.Save(path); err != nil {
		t.Fatal(err)
	}
	got, err := Load(path)
	if err != nil || got.Settings != saved.Settings || got.Cells[0].Name() != saved.Cells[0].Name() || got.Cells[0].Seen.FromModel != 7 {
		t.Errorf("got %+v, %v", got, err)
	}
}
