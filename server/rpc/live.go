package rpc

import (
	"context"
	"math"
	"time"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// liveOutcomes bounds what live figures cost: for so many, a quarter of a second.
const liveOutcomes = 100_000

// liveRest is how many times as long as it took to count live figures they are
// shown, so that counting takes a twentieth of a processor at most, however
// many ask. Those of a small store are new each time.
const liveRest = 19

// liveFigures are those last counted. One caller counts; the others wait.
type liveFigures struct {
	count   func(ctx context.Context, version string) (fraud.Live, error)
	turn    chan struct{} // held by who looks at what follows
	version string
	last    fraud.Live
	until   time.Time
}

func newLiveFigures(store fraud.Outcomes) *liveFigures {
	return &liveFigures{turn: make(chan struct{}, 1), count: func(ctx context.Context, version string) (fraud.Live, error) {
		return store.Live(ctx, version, liveOutcomes)
	}}
}

func (l *liveFigures) of(ctx context.Context, version string) (fraud.Live, error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return fraud.Live{}, ctx.Err()
	}
	if version == l.version && time.Now().Before(l.until) {
		return l.last, nil
	}
	began := time.Now()
	found, err := l.count(ctx, version)
	if err != nil {
		return fraud.Live{}, err
	}
	l.version, l.last, l.until = version, found, time.Now().Add(liveRest*time.Since(began))
	return found, nil
}

// fromLive computes what is told of live figures. What would divide by zero is
// left out.
func fromLive(l fraud.Live) *fraudactivityv1.LiveFigures {
	out := &fraudactivityv1.LiveFigures{
		Rows: l.Rows, Frauds: l.Frauds, Flagged: l.Flagged, FlaggedFrauds: l.FlaggedFrauds,
		Precision: ratio(float64(l.FlaggedFrauds), l.Flagged), Recall: ratio(float64(l.FlaggedFrauds), l.Frauds),
		Brier: ratio(l.SquaredGaps, l.Rows), Calibration: fromCalibration(l.Calibration),
	}
	gaps := 0.0
	for _, bin := range l.Calibration {
		gaps += float64(bin.Rows) * math.Abs(bin.MeanProbability-bin.FraudRate)
	}
	out.ExpectedCalibrationError = ratio(gaps, l.Rows)
	return out
}

func ratio(part float64, of int64) *float64 {
	if of == 0 {
		return nil
	}
	share := part / float64(of)
	return &share
}
