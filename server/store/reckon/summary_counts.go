package reckon

import (
	"encoding/binary"
	"fmt"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Cell numbers what assessments are counted apart by: the bin of their
// probability, what the model said, and what came true.
type Cell int

const (
	outcomeStates = 3 // none stands, fraud, legitimate: as they are stored
	cells         = fraud.HistogramBins * 2 * outcomeStates
)

// CellOf is the cell of an assessment whose transaction has such an outcome.
func CellOf(probability float64, flagged bool, outcome fraud.OutcomeLabel) Cell {
	// A number that is none of a probability must not end the process.
	c := min(max(int(probability*fraud.HistogramBins), 0), fraud.HistogramBins-1) * 2
	if flagged {
		c++
	}
	c *= outcomeStates
	if outcome == fraud.OutcomeFraud || outcome == fraud.OutcomeLegitimate {
		c += int(outcome)
	}
	return Cell(c)
}

// Counts has how many assessments there are of each cell.
type Counts [cells]int64

// Bucket is what the counts come to.
func (c *Counts) Bucket() fraud.Bucket {
	var b fraud.Bucket
	for i, n := range c {
		bin, flagged, outcome := i/outcomeStates/2, i/outcomeStates%2 == 1, fraud.OutcomeLabel(i%outcomeStates)
		b.Assessed += n
		b.Histogram[bin] += n
		if flagged {
			b.Flagged += n
		}
		switch {
		case outcome == fraud.OutcomeFraud && flagged:
			b.FlaggedFrauds += n
			b.Frauds += n
		case outcome == fraud.OutcomeFraud:
			b.Frauds += n
		case outcome == fraud.OutcomeLegitimate && flagged:
			b.FlaggedLegitimates += n
			b.Legitimates += n
		case outcome == fraud.OutcomeLegitimate:
			b.Legitimates += n
		}
	}
	return b
}

// MaxPacked is the most bytes that counts take: a step and a number for each.
const MaxPacked = cells * (1 + binary.MaxVarintLen64)

// Pack writes the counts that are not 0, each behind how many cells it is after
// the one before. Most minutes and hours have few of them.
func (c *Counts) Pack() ([]byte, error) {
	packed := make([]byte, 0, 32)
	last := -1
	for i, n := range c {
		if n < 0 {
			return nil, fmt.Errorf("cell %d would count %d assessments", i, n)
		}
		if n > 0 {
			packed = binary.AppendUvarint(packed, uint64(i-last))
			packed = binary.AppendUvarint(packed, uint64(n))
			last = i
		}
	}
	return packed, nil
}

// Add adds counts that were packed.
func (c *Counts) Add(packed []byte) error {
	at := uint64(0) // the cell after the last
	for len(packed) > 0 {
		step, stepBytes := binary.Uvarint(packed)
		n, bytes := binary.Uvarint(packed[max(stepBytes, 0):])
		at += step
		if stepBytes <= 0 || bytes <= 0 || step == 0 || step > cells || at > cells {
			return fmt.Errorf("these are no counts: %x", packed)
		}
		c[at-1] += int64(n)
		packed = packed[stepBytes+bytes:]
	}
	return nil
}
