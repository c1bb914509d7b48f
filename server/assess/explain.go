package assess

import (
	"cmp"
	"context"
	"fmt"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// maxChases is how often reasons are asked for while models are replaced. More
// than once is a rarity.
const maxChases = 8

// Explain tells why the model says what each assessment holds, the strongest
// reason first. Reasons can be had of the model that serves: an assessment by one
// that it has replaced is replaced, in place, by its own, in the name of the key
// `by`.
func (a *Assessor) Explain(ctx context.Context, by string, assessments []fraud.Assessment) ([]fraud.Explanation, error) {
	if len(assessments) == 0 {
		return nil, nil
	}
	for chase := 1; ; chase++ {
		explained, err := a.explain(ctx, assessments)
		if err != nil {
			return nil, err
		}
		failed := a.assessAnew(ctx, by, assessments, others(assessments, explained.ModelVersion))
		behind := others(assessments, explained.ModelVersion)
		if len(behind) > 0 && len(failed) == 0 && chase < maxChases {
			continue // replaced once more meanwhile
		}
		for _, i := range behind {
			explained.Rows[i] = fraud.Explanation{Err: cmp.Or(failed[i], error(fraud.PredictorUnavailable(
				"the model was replaced between the score and its explanation; ask again", nil)))}
		}
		return explained.Rows, nil
	}
}

func (a *Assessor) explain(ctx context.Context, assessments []fraud.Assessment) (fraud.Explanations, error) {
	rows := make([]fraud.Recorded, len(assessments))
	for i := range assessments {
		rows[i] = assessments[i].Transaction
	}
	explained, err := a.predictor.Explain(ctx, rows)
	if err == nil && len(explained.Rows) != len(rows) {
		err = fraud.PredictorUnavailable("the model could not answer", fmt.Errorf("%d explanations of %d rows", len(explained.Rows), len(rows)))
	}
	return explained, err
}

// others are the places of assessments by another model than that of the version.
func others(assessments []fraud.Assessment, version string) []int {
	var places []int
	for i := range assessments {
		if assessments[i].ModelVersion != version {
			places = append(places, i)
		}
	}
	return places
}

// assessAnew replaces the assessments at these places by what the model says that
// serves now, and returns why some could not be, by place.
func (a *Assessor) assessAnew(ctx context.Context, by string, assessments []fraud.Assessment, places []int) map[int]error {
	if len(places) == 0 {
		return nil
	}
	rows := make([]row, len(places))
	s := &sheet{rows: rows}
	for i, place := range places {
		of := assessments[place].Transaction
		rows[i] = row{id: of.ID, by: by, transaction: of}
	}
	a.predict(ctx, s.open())
	if open := s.open(); len(open) > 0 {
		a.recordInTurn(ctx, open, func() {})
	}
	s.count(a.meter)
	failed := map[int]error{}
	for i, place := range places {
		if rows[i].err != nil {
			failed[place] = rows[i].err
			continue
		}
		assessments[place] = rows[i].assessment
	}
	return failed
}
