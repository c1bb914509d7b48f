package reckon

import "github.com/wassef911/grpcgoesbrrr/server/fraud"

// LiveSums are what a Live is made of, row by row.
type LiveSums struct {
	whole fraud.Live
	bins  [fraud.LiveBins]struct {
		rows, frauds  int64
		probabilities float64
	}
}

// Add adds a row.
func (s *LiveSums) Add(isFraud, flagged bool, probability float64) {
	bin := &s.bins[min(int(probability*fraud.LiveBins), fraud.LiveBins-1)]
	gap := probability
	if isFraud {
		gap = probability - 1
		s.whole.Frauds++
		bin.frauds++
	}
	if flagged {
		s.whole.Flagged++
	}
	if flagged && isFraud {
		s.whole.FlaggedFrauds++
	}
	s.whole.Rows++
	s.whole.SquaredGaps += gap * gap
	bin.rows++
	bin.probabilities += probability
}

// Live is what the rows come to.
func (s *LiveSums) Live() fraud.Live {
	live := s.whole
	if live.Rows == 0 {
		return live
	}
	for i, sums := range s.bins {
		bin := fraud.CalibrationBin{From: float64(i) / fraud.LiveBins, To: float64(i+1) / fraud.LiveBins, Rows: sums.rows}
		if rows := float64(sums.rows); rows > 0 {
			bin.MeanProbability, bin.FraudRate = sums.probabilities/rows, float64(sums.frauds)/rows
		}
		live.Calibration = append(live.Calibration, bin)
	}
	return live
}
