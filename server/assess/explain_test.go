package assess_test

import (
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/batch"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func TestReasonsAreThoseOfTheAssessments(t *testing.T) {
	w := newWorld(t, batch.Options{})
	why, err := w.Explain(t.Context(), w.assessed(t, "c", "a"))
	if err != nil || len(why) != 2 {
		t.Fatalf("%+v, %v", why, err)
	}
	for i, amount := range []float64{700, 100} {
		if why[i].Err != nil || why[i].Reasons[0].Value != amount {
			t.Errorf("%+v, want the reason of %v", why[i], amount)
		}
	}
	if why, err := w.Explain(t.Context(), nil); err != nil || len(why) != 0 {
		t.Errorf("nothing to explain: %+v, %v", why, err)
	}
	w.checkAsked(t, []float64{700, 100}, []float64{700, 100})
}

// assessed are the assessments of IDs.
func (w *world) assessed(t *testing.T, ids ...string) []fraud.Assessment {
	t.Helper()
	var out []fraud.Assessment
	for _, answer := range w.assessMany(t, asks(ids...)...) {
		if answer.Err != nil {
			t.Fatal(answer.Err)
		}
		out = append(out, answer.Out)
	}
	return out
}

func TestReasonsOfAnotherVersionAreNotPassedOff(t *testing.T) {
	w := newWorld(t, batch.Options{})
	old := w.assessed(t, "a")
	w.model.set(func(o *oracle) { o.version = "v2" })
	why, err := w.Explain(t.Context(), append(old, w.assessed(t, "b")...))
	if err != nil || len(why) != 2 {
		t.Fatalf("%+v, %v", why, err)
	}
	checkReason(t, why[0].Err, fraud.ReasonPredictorUnavailable)
	if why[0].Reasons != nil {
		t.Errorf("beside the error stand %+v", why[0].Reasons)
	}
	if why[1].Err != nil || why[1].Reasons[0].Value != 200 {
		t.Errorf("%+v, want v2's own reason", why[1])
	}
}

func TestAModelThatCannotExplainFailsTheExplanation(t *testing.T) {
	for name, c := range map[string]struct {
		fail   func(*oracle)
		reason string
	}{
		"down":          {func(o *oracle) { o.down = errDown }, fraud.ReasonPredictorUnavailable},
		"unable":        {func(o *oracle) { o.down = fraud.Unimplemented("no reasons") }, fraud.ReasonUnimplemented},
		"a row too few": {func(o *oracle) { o.excess = -1 }, fraud.ReasonPredictorUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, batch.Options{})
			old := w.assessed(t, "a", "b")
			w.model.set(c.fail)
			why, err := w.Explain(t.Context(), old)
			checkReason(t, err, c.reason)
			if why != nil {
				t.Errorf("beside the error stand %+v", why)
			}
		})
	}
}
