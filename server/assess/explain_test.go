package assess_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/batch"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func TestReasonsAreThoseOfTheAssessments(t *testing.T) {
	w := newWorld(t, batch.Options{})
	why, err := w.Explain(t.Context(), "analyst", w.assessed(t, "c", "a"))
	if err != nil || len(why) != 2 {
		t.Fatalf("%+v, %v", why, err)
	}
	for i, amount := range []float64{700, 100} {
		if why[i].Err != nil || why[i].Reasons[0].Value != amount {
			t.Errorf("%+v, want the reason of %v", why[i], amount)
		}
	}
	if why, err := w.Explain(t.Context(), "analyst", nil); err != nil || len(why) != 0 {
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

func TestWhatAReplacedModelSaidIsReplacedByWhatTheOneThatExplainsSays(t *testing.T) {
	w := newWorld(t, batch.Options{})
	all := w.assessed(t, "a", "b", "c")
	w.model.set(func(o *oracle) { o.version, o.shift = "v2", 0.1 })
	w.assessed(t, "b")
	all = append(all, w.assessed(t, "d")...)
	w.model.set(func(o *oracle) { o.version, o.serving, o.asked = "v1", "v2", nil }) // it has not been seen yet
	why, err := w.Explain(t.Context(), "a key", all)
	if err != nil || len(why) != 4 {
		t.Fatalf("%+v, %v", why, err)
	}
	for i, id := range []string{"a", "b", "c", "d"} {
		if why[i].Err != nil || why[i].Reasons[0].Value != amounts[id] {
			t.Errorf("%s: %+v, want the reason of %v", id, why[i], amounts[id])
		}
		want := w.recorded(t, id, "v2")
		by := map[string]string{"b": "analyst", "d": "analyst"}[id]
		if got := all[i]; want == nil || got.Transaction != want.Transaction || got.ModelVersion != "v2" || got.Probability != amounts[id]/1000+0.1 ||
			got.AssessedBy != cmp.Or(by, "a key") || got.AssessedBy != want.AssessedBy || !got.AssessedAt.Equal(want.AssessedAt) || got.FromRecord != (id == "b") {
			t.Errorf("%s: %+v, recorded %+v", id, got, want)
		}
		if old := w.recorded(t, id, "v1"); (old == nil) != (id == "d") {
			t.Errorf("%s: of v1 is recorded %+v", id, old)
		}
	}
	w.checkAsked(t, []float64{100, 200, 700, 800}, []float64{100, 200, 700})
}

// restless is a model that is replaced with every call.
type restless struct {
	*oracle
	calls, until int
}

func (r *restless) replace() {
	if r.calls++; r.calls <= r.until {
		r.set(func(o *oracle) { o.version = fmt.Sprint("w", r.calls) })
	}
}

func (r *restless) Predict(ctx context.Context, rows []fraud.Recorded) (fraud.Predictions, error) {
	r.replace()
	return r.oracle.Predict(ctx, rows)
}

func (r *restless) Explain(ctx context.Context, rows []fraud.Recorded) (fraud.Explanations, error) {
	r.replace()
	return r.oracle.Explain(ctx, rows)
}

func TestReasonsFollowAModelThatIsReplacedAgainAndAreNeverPassedOff(t *testing.T) {
	for until, want := range map[int]string{0: "", 3: "", 15: "", 1000: fraud.ReasonPredictorUnavailable} {
		w := newWorld(t, batch.Options{})
		all := w.assessed(t, "a", "b")
		model := &restless{oracle: w.model, until: until}
		why, err := newAssessor(t, w.store, model, batch.Options{}).Explain(t.Context(), "analyst", all)
		if err != nil || len(why) != 2 {
			t.Fatalf("%+v, %v", why, err)
		}
		for i := range why {
			if want != "" {
				checkReason(t, why[i].Err, want)
			} else if why[i].Err != nil || all[i].ModelVersion != w.model.version {
				t.Errorf("replaced %d times: %+v, %+v", until, why[i], all[i])
			}
			if (why[i].Err == nil) != (why[i].Reasons != nil) {
				t.Errorf("beside the error stand %+v", why[i].Reasons)
			}
		}
	}
}

func TestWhatCannotBeAssessedAnewFailsAlone(t *testing.T) {
	w := newWorld(t, batch.Options{})
	old := w.assessed(t, "a", "c")
	w.model.set(func(o *oracle) {
		o.version, o.bad = "v2", map[float64]error{100: fraud.PredictorUnavailable("no score", nil)}
	})
	why, err := w.Explain(t.Context(), "analyst", old)
	if err != nil {
		t.Fatal(err)
	}
	checkReason(t, why[0].Err, fraud.ReasonPredictorUnavailable)
	if why[0].Reasons != nil || old[0].ModelVersion != "v1" {
		t.Errorf("beside the error stand %+v and %+v", why[0].Reasons, old[0])
	}
	if why[1].Err != nil || old[1].ModelVersion != "v2" {
		t.Errorf("the other: %+v, %+v", why[1], old[1])
	}
	w.store.fail = map[string]error{"RecordAssessments": errBoom}
	w.model.set(func(o *oracle) { o.version, o.bad = "v3", nil })
	why, err = w.Explain(t.Context(), "analyst", old)
	if err != nil || !errors.Is(why[0].Err, errBoom) || !errors.Is(why[1].Err, errBoom) {
		t.Errorf("without a record: %+v, %v", why, err)
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
			why, err := w.Explain(t.Context(), "analyst", old)
			checkReason(t, err, c.reason)
			if why != nil {
				t.Errorf("beside the error stand %+v", why)
			}
		})
	}
}
