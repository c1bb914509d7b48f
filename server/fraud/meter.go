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

// CallEnd is how a call of a procedure ended.
type CallEnd struct {
	Procedure string // its name alone, such as GetFraudActivity
	Code      string // ok, a code of Connect, or CodeUnread
	Reason    string // one of the Reason constants; empty if there is none
	Stream    bool   // it lasts as long as its caller likes
	Took      time.Duration
}

// CodeUnread is that of a call which could not be read: it is cut short, too large, or
// of a type that nobody speaks here.
const CodeUnread = "unread"

// Meter is told what the service does, so that it can be counted. Its methods
// are called at once from many goroutines, on the callers' time.
type Meter interface {
	// Call tells of each call once, of those that are refused too.
	Call(CallEnd)
	Time(stage Stage, took time.Duration)
	// Batch tells of one that has run: its rows, how many of them the model has
	// assessed now, and how many it had assessed before.
	Batch(rows, assessed, fromRecord int)
	// Assessed tells what the model says of a row that it has assessed now.
	Assessed(probability float64, label bool)
	// Failed tells why a row of a batch got no answer.
	Failed(reason string)
}

// Unmetered is the Meter that forgets.
type Unmetered struct{}

// Call implements Meter.
func (Unmetered) Call(CallEnd) {}

// Time implements Meter.
func (Unmetered) Time(Stage, time.Duration) {}

// Batch implements Meter.
func (Unmetered) Batch(int, int, int) {}

// Assessed implements Meter.
func (Unmetered) Assessed(float64, bool) {}

// Failed implements Meter.
func (Unmetered) Failed(string) {}
