package assess

import (
	"context"
	"fmt"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Explain tells why the model said what the assessment holds, the strongest
// reason first.
func (a *Assessor) Explain(ctx context.Context, assessments []fraud.Assessment) ([]fraud.Explanation, error) {
	if len(assessments) == 0 {
		return nil, nil
	}
	rows := make([]fraud.Recorded, len(assessments))
	for i := range assessments {
		rows[i] = assessments[i].Transaction
	}
	explained, err := a.predictor.Explain(ctx, rows)
	if err != nil {
		return nil, err
	}
	if len(explained.Rows) != len(rows) {
		return nil, fraud.PredictorUnavailable("the model could not answer", fmt.Errorf("%d explanations of %d rows", len(explained.Rows), len(rows)))
	}
	for i := range assessments {
		if assessments[i].ModelVersion != explained.ModelVersion {
			explained.Rows[i] = fraud.Explanation{Err: fraud.PredictorUnavailable(
				"the model was replaced between the score and its explanation; ask again", nil)}
		}
	}
	return explained.Rows, nil
}
