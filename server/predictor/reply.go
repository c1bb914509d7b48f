package predictor

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// What a model answers is checked before it is believed. Nothing is mended: a
// score that is out of range is an error, not the nearest score in range.

// probability reads a score in the model's scale as 0 to 1.
func (s Scale) probability(score float64) (float64, error) {
	top := 1.0
	if s == ScalePercent {
		top = 100
	}
	if !(score >= 0 && score <= top) { // NaN fails too
		return 0, fmt.Errorf("the model answered the probability %v, which is not within 0 to %v", score, top)
	}
	return score / top, nil
}

// readBatch checks a reply to PredictFraudBatch.
func readBatch(reply *fraud_detection.PredictFraudBatchResponse, rows int, scale Scale) (fraud.Predictions, error) {
	if len(reply.FraudProbabilities) != rows || len(reply.PredictedLabels) != rows {
		return fraud.Predictions{}, fmt.Errorf("the model answered %d probabilities and %d labels to %d rows",
			len(reply.FraudProbabilities), len(reply.PredictedLabels), rows)
	}
	if err := checkVersion(reply.ModelVersion); err != nil {
		return fraud.Predictions{}, err
	}
	threshold, err := scale.probability(reply.Threshold)
	if err != nil {
		return fraud.Predictions{}, fmt.Errorf("threshold: %w", err)
	}
	failed, err := rowErrors(reply.Errors, rows)
	if err != nil {
		return fraud.Predictions{}, err
	}
	out := fraud.Predictions{ModelVersion: reply.ModelVersion, Threshold: threshold, Rows: make([]fraud.Prediction, rows)}
	for i := range out.Rows {
		p, err := scale.probability(reply.FraudProbabilities[i])
		if err == nil && reply.Threshold > 0 && reply.PredictedLabels[i] != (reply.FraudProbabilities[i] >= reply.Threshold) {
			err = fmt.Errorf("the model answered the label %v to the probability %v with the threshold %v",
				reply.PredictedLabels[i], reply.FraudProbabilities[i], reply.Threshold)
		}
		if err != nil {
			err = badReply{err}
		}
		if cause := failed[uint32(i)]; cause != nil {
			err = cause
		}
		if err != nil {
			out.Rows[i].Err = cannotScore(err)
			continue
		}
		out.Rows[i] = fraud.Prediction{Label: reply.PredictedLabels[i], Probability: p}
	}
	return out, nil
}

// readOne checks a reply to PredictFraud.
func readOne(reply *fraud_detection.PredictionResponse, row fraud.Recorded, scale Scale) fraud.Prediction {
	if reply.TransactionId != row.Seq {
		return fraud.Prediction{Err: cannotScore(
			badReply{fmt.Errorf("the model answered about transaction %d when asked about %d", reply.TransactionId, row.Seq)})}
	}
	p, err := scale.probability(reply.FraudProbability)
	if err != nil {
		return fraud.Prediction{Err: cannotScore(badReply{err})}
	}
	return fraud.Prediction{Label: reply.PredictedLabel, Probability: p}
}

// readExplanations checks a reply to ExplainFraudBatch.
func readExplanations(reply *fraud_detection.ExplainFraudBatchResponse, rows int) (fraud.Explanations, error) {
	if err := checkVersion(reply.ModelVersion); err != nil {
		return fraud.Explanations{}, err
	}
	for _, c := range reply.Contributions {
		if len(c.LogOdds) != rows || len(c.Values) != rows {
			return fraud.Explanations{}, fmt.Errorf("the model answered %d contributions and %d values of %s to %d rows",
				len(c.LogOdds), len(c.Values), c.Code, rows)
		}
	}
	failed, err := rowErrors(reply.Errors, rows)
	if err != nil {
		return fraud.Explanations{}, err
	}
	out := fraud.Explanations{ModelVersion: reply.ModelVersion, Rows: make([]fraud.Explanation, rows)}
	for i := range out.Rows {
		if cause := failed[uint32(i)]; cause != nil {
			out.Rows[i].Err = cannotScore(cause)
			continue
		}
		out.Rows[i].Reasons, err = reasons(reply.Contributions, i)
		if err != nil {
			out.Rows[i].Err = cannotScore(err)
		}
	}
	return out, nil
}

func reasons(contributions []*fraud_detection.Contribution, row int) ([]fraud.Reason, error) {
	out := make([]fraud.Reason, len(contributions))
	for i, c := range contributions {
		if !finite(c.LogOdds[row]) || !finite(c.Values[row]) {
			return nil, fmt.Errorf("the model answered the contribution %v and the value %v of %s", c.LogOdds[row], c.Values[row], c.Code)
		}
		out[i] = fraud.Reason{Code: c.Code, Text: c.Text, Contribution: c.LogOdds[row], Value: c.Values[row]}
	}
	slices.SortStableFunc(out, func(a, b fraud.Reason) int {
		switch x, y := math.Abs(a.Contribution), math.Abs(b.Contribution); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return out, nil
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func rowErrors(errs []*fraud_detection.RowError, rows int) (map[uint32]error, error) {
	failed := make(map[uint32]error, len(errs))
	for _, e := range errs {
		if int(e.Row) >= rows {
			return nil, fmt.Errorf("the model answered an error for row %d of %d", e.Row, rows)
		}
		failed[e.Row] = rowError{errors.New(e.Message)}
	}
	return failed, nil
}

// readCalibration checks what a model promised and what came true.
func readCalibration(bins []*fraud_detection.CalibrationBin, scale Scale) ([]fraud.CalibrationBin, error) {
	var out []fraud.CalibrationBin
	for i, b := range bins {
		if b.Rows < 0 {
			return nil, fmt.Errorf("calibration bin %d: the model answered %d rows", i, b.Rows)
		}
		parts := []float64{b.From, b.To, b.MeanFraudProbability, b.FraudRate}
		for j := range parts {
			var err error
			if parts[j], err = scale.probability(parts[j]); err != nil {
				return nil, fmt.Errorf("calibration bin %d: %w", i, err)
			}
		}
		out = append(out, fraud.CalibrationBin{From: parts[0], To: parts[1], Rows: b.Rows, MeanProbability: parts[2], FraudRate: parts[3]})
	}
	return out, nil
}

// checkVersion holds versions to what the record and the wire can carry.
func checkVersion(version string) error {
	if version == "" || len(version) > 128 {
		return fmt.Errorf("the model's version has %d bytes, not 1 to 128", len(version))
	}
	return nil
}

func cannotScore(cause error) error {
	return fraud.PredictorUnavailable("the model could not score this transaction", cause)
}
