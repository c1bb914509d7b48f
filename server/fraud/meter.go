package fraud

import "time"

// Stage is a part of a request's way that is timed on its own.
type Stage int

// The stages, in their order. Gate and queue are timed for every call or item,
// the others once for all that travel together.
const (
	StageGate    Stage = iota // who calls, and may they?
	StageQueue                // waiting for a batch to leave
	StageLookUp               // recording what came along, and finding every row
	StagePredict              // asking the model
	StageRecord               // making the answers durable
	Stages                    // how many there are
)

func (s Stage) String() string {
	return [...]string{"gate", "queue", "lookup", "predict", "record"}[s]
}

// Meter is told what the service does, so that it can be counted. Its methods
// are called at once from many goroutines, on the callers' time.
type Meter interface {
	Time(stage Stage, took time.Duration)
	// Batch tells of one that has run: its rows, how many of them the model has
	// assessed now, and how many it had assessed before.
	Batch(rows, assessed, fromRecord int)
}

// Unmetered is the Meter that forgets.
type Unmetered struct{}

// Time implements Meter.
func (Unmetered) Time(Stage, time.Duration) {}

// Batch implements Meter.
func (Unmetered) Batch(int, int, int) {}
