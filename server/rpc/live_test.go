package rpc

import (
	"context"
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// counter counts how often it is asked, and takes its time on a fake clock.
type counter struct {
	takes time.Duration
	fails error
	asked int64
}

func (c *counter) count(ctx context.Context, version string) (fraud.Live, error) {
	c.asked++
	select {
	case <-time.After(c.takes):
		return fraud.Live{Rows: c.asked}, c.fails
	case <-ctx.Done():
		return fraud.Live{}, ctx.Err()
	}
}

// inBubble runs do on fake time with figures that take a tenth of a second.
func inBubble(t *testing.T, do func(t *testing.T, c *counter, figures *liveFigures)) {
	synctest.Test(t, func(t *testing.T) {
		c := &counter{takes: 100 * time.Millisecond}
		do(t, c, &liveFigures{count: c.count, turn: make(chan struct{}, 1)})
	})
}

func wantLive(t *testing.T, figures *liveFigures, version string, count int64) {
	t.Helper()
	if got, err := figures.of(t.Context(), version); err != nil || got.Rows != count {
		t.Errorf("%s: got count %d, %v; want count %d", version, got.Rows, err, count)
	}
}

func TestLiveFiguresAreCountedATwentiethOfTheTimeHoweverManyAsk(t *testing.T) {
	inBubble(t, func(t *testing.T, c *counter, figures *liveFigures) {
		began := time.Now()
		var callers sync.WaitGroup
		for range 50 {
			callers.Go(func() {
				for time.Since(began) < 20*time.Second {
					if _, err := figures.of(t.Context(), "v1"); err != nil {
						t.Error(err)
					}
					time.Sleep(10 * time.Millisecond)
				}
			})
		}
		callers.Wait()
		if c.asked != 10 {
			t.Errorf("counted %d times of 100 ms in 20 s, want 10", c.asked)
		}
	})
}

func TestLiveFiguresOfAnotherVersionAreCountedAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *counter, figures *liveFigures) {
		wantLive(t, figures, "v1", 1)
		wantLive(t, figures, "v1", 1)
		wantLive(t, figures, "v2", 2)
		wantLive(t, figures, "v2", 2)
		wantLive(t, figures, "v1", 3)
	})
}

func TestLiveFiguresThatCannotBeCountedAreCountedByTheNext(t *testing.T) {
	inBubble(t, func(t *testing.T, c *counter, figures *liveFigures) {
		c.fails = errors.New("disk on fire")
		if _, err := figures.of(t.Context(), "v1"); !errors.Is(err, c.fails) {
			t.Errorf("got %v", err)
		}
		c.fails = nil
		wantLive(t, figures, "v1", 2)
	})
}

func TestACallerThatLeavesDoesNotStopTheOthers(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *counter, figures *liveFigures) {
		impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		var callers sync.WaitGroup
		for range 2 { // one counts, one waits for it
			callers.Go(func() {
				if _, err := figures.of(impatient, "v1"); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("the impatient: %v", err)
				}
			})
		}
		synctest.Wait()
		callers.Go(func() { wantLive(t, figures, "v1", 2) })
		callers.Wait()
	})
}

func TestLiveFiguresSayNothingOfWhatThereIsNone(t *testing.T) {
	share := func(x float64) *float64 { return &x }
	for name, c := range map[string]struct {
		live fraud.Live
		want *fraudactivityv1.LiveFigures
	}{
		"nothing": {fraud.Live{}, &fraudactivityv1.LiveFigures{}},
		"no fraud, none flagged": {fraud.Live{Rows: 4, SquaredGaps: 1}, &fraudactivityv1.LiveFigures{
			Rows: 4, Brier: share(0.25), ExpectedCalibrationError: share(0)}},
		"all": {fraud.Live{Rows: 8, Frauds: 4, Flagged: 2, FlaggedFrauds: 1, SquaredGaps: 2, Calibration: []fraud.CalibrationBin{
			{From: 0, To: 0.1, Rows: 6, MeanProbability: 0.0625, FraudRate: 0.5}, {From: 0.1, To: 0.2},
			{From: 0.7, To: 0.8, Rows: 2, MeanProbability: 0.75, FraudRate: 0.5}}},
			&fraudactivityv1.LiveFigures{
				Rows: 8, Frauds: 4, Flagged: 2, FlaggedFrauds: 1, Precision: share(0.5), Recall: share(0.25), Brier: share(0.25),
				ExpectedCalibrationError: share((6*0.4375 + 2*0.25) / 8),
				Calibration: []*fraudactivityv1.CalibrationBin{
					{From: 0, To: 10, Rows: 6, MeanFraudProbability: 6.25, FraudRate: 50}, {From: 10, To: 20},
					{From: 70, To: 80, Rows: 2, MeanFraudProbability: 75, FraudRate: 50}}}},
	} {
		if got := fromLive(c.live); !proto.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestAModelTellsItsCalibrationInPercent(t *testing.T) {
	got := fromModel(fraud.Model{Version: "v1", Threshold: math.NaN(), RefusedReplacement: "golden.csv: row 1",
		Calibration: []fraud.CalibrationBin{{From: 0.9, To: 1, Rows: 7, MeanProbability: 0.95, FraudRate: 0.29}}})
	want := &fraudactivityv1.Model{Version: "v1", RefusedReplacement: "golden.csv: row 1", Calibration: []*fraudactivityv1.CalibrationBin{
		{From: 90, To: 100, Rows: 7, MeanFraudProbability: 95, FraudRate: 29}}}
	if !proto.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
