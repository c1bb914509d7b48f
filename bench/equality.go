package main

import (
	"context"
	"fmt"
	"math"

	"github.com/wassef911/grpcgoesbrrr/bench/peer"
	"github.com/wassef911/grpcgoesbrrr/bench/result"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

const (
	// compared is how many transactions are compared for each way of asking.
	compared = 200
	// tolerance allows for percent, which does not divide evenly in binary.
	tolerance = 1e-9
	// rounding is half of the last digit that our answers have: percent with ten
	// decimals. Peers do not round.
	rounding = 0.5e-12
)

// asked is a transaction's facts as our service reports them, what peers are
// told of it, and the probability that our service answered with.
type asked struct {
	facts       peer.Facts
	row         peer.Row
	probability float64 // 0 to 1
}

// compareUs asks our service about transactions in every way that is timed, and
// compares with the model itself.
func (b *bench) compareUs(ctx context.Context, system string, g *gateway, ways []way) error {
	if err := g.ready(ctx); err != nil {
		return err
	}
	for _, w := range ways {
		said, err := w.ask(ctx, g)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			b.note(result.Equal{System: system, Protocol: w.name, Error: err.Error()})
			continue
		}
		facts, probabilities := split(said)
		if err := b.compare(ctx, system, w.name, facts, probabilities); err != nil {
			return err
		}
	}
	return nil
}

func split(all []asked) (facts []peer.Facts, probabilities []float64) {
	for _, a := range all {
		facts, probabilities = append(facts, a.facts), append(probabilities, a.probability)
	}
	return facts, probabilities
}

// forPeers are the rows of transactions, numbered from 1.
func forPeers(all []asked) []peer.Row {
	rows := make([]peer.Row, len(all))
	for i, a := range all {
		rows[i] = a.row
		rows[i].TransactionID = i + 1
	}
	return rows
}

// compare holds probabilities against the model itself, and bars the system
// from being timed if they differ.
func (b *bench) compare(ctx context.Context, system, protocol string, rows []peer.Facts, said []float64) error {
	want, err := b.truth(ctx, rows)
	if err != nil {
		return err
	}
	e := result.Equal{System: system, Protocol: protocol, Compared: len(rows), Worst: worst(said, want, allowedRounding(system))}
	if e.Worst > tolerance {
		e.Error = fmt.Sprintf("differs from the model by %.3g", e.Worst)
	}
	b.note(e)
	return nil
}

// note keeps a comparison, and bars what is wrong.
func (b *bench) note(e result.Equal) {
	b.run.Equality = append(b.run.Equality, e)
	if e.Error != "" {
		b.barred[e.System] = true
		b.problem("%s (%s) is not timed: %s", e.System, e.Protocol, e.Error)
		return
	}
	say("%s (%s): %d answers equal the model's (worst relative difference %.2g)", e.System, e.Protocol, e.Compared, e.Worst)
}

// allowedRounding is what a system's answers may be off by, in all.
func allowedRounding(system string) float64 {
	if system == result.Us || system == result.Unary || system == result.OnPostgres {
		return rounding
	}
	return 0
}

// worst is the greatest relative difference beyond what rounding explains.
func worst(said, want []float64, rounding float64) float64 {
	w := 0.0
	for i := range want {
		off := max(math.Abs(said[i]-want[i])-rounding, 0)
		d := off / math.Max(math.Abs(want[i]), math.SmallestNonzeroFloat64)
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		w = max(w, d)
	}
	return w
}

// toAsked reads an answer in VIEW_FULL. The answer must be fresh.
func toAsked(id string, answer *fraudactivityv1.FraudActivity) (asked, error) {
	facts := answer.GetAssessment().GetFacts()
	switch {
	case answer.GetTransactionId() != id:
		return asked{}, fmt.Errorf("asked about %s, answered about %q", id, answer.GetTransactionId())
	case facts == nil:
		return asked{}, fmt.Errorf("%s: no facts in the answer", id)
	case answer.Assessment.FromRecord:
		return asked{}, fmt.Errorf("%s: answered from the record", id)
	}
	return asked{
		facts: byName(facts),
		row: peer.Row{
			Amount: facts.Amount, Time: facts.GetTime().GetSeconds(),
			AgeOfAccount: facts.AgeOfAccount, NumberOfTransactions: facts.NumberOfTransactions,
		},
		probability: answer.FraudProbability / 100,
	}, nil
}

// byName reads every fact that a model can ask for: the numbers, and the time.
func byName(message *fraudactivityv1.Facts) peer.Facts {
	facts, fields := peer.Facts{}, message.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		switch value := message.ProtoReflect().Get(fields.Get(i)).Interface().(type) {
		case float64:
			facts[fields.Get(i).TextName()] = value
		case int32:
			facts[fields.Get(i).TextName()] = float64(value)
		}
	}
	facts["time"] = float64(message.GetTime().GetSeconds())
	return facts
}
