package assess_test

import (
	"slices"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/batch"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func TestATransactionThatComesAlongIsRecordedThenAssessed(t *testing.T) {
	w := newWorld(t, batch.Options{})
	var order []string
	w.store.before = func(method string) { order = append(order, method) }
	answer := w.assessMany(t, bring(payment("new", 600)))[0]
	checkScore(t, answer, "new", 600)
	if f := answer.Out.Transaction.Facts; f.AgeOfAccount != 3600 || f.NumberOfTransactions != 1 || f.Currency != "EUR" {
		t.Errorf("facts %+v, want those that the store froze", f)
	}
	if !slices.Equal(order, []string{"Record", "LookUp", "RecordAssessments"}) {
		t.Errorf("the store was asked to %v", order)
	}
	again := w.assessMany(t, bring(payment("new", 600)))[0]
	checkScore(t, again, "new", 600)
	if !again.Out.FromRecord {
		t.Error("the repeat is not from the record")
	}
	w.checkAsked(t, []float64{600})
}

func TestAsksWithAndWithoutATransactionShareABatch(t *testing.T) {
	w := newWorld(t, batch.Options{})
	answers := w.assessMany(t, asks("new")[0], bring(payment("new", 600)), asks("a")[0], bring(payment("b", 200)))
	checkScore(t, answers[0], "new", 600)
	checkScore(t, answers[1], "new", 600)
	checkScore(t, answers[2], "a", 100)
	checkScore(t, answers[3], "b", 200)
	w.checkAsked(t, []float64{600, 100, 200})
}

func TestOtherFactsAreRefusedAloneAndNotPredicted(t *testing.T) {
	w := newWorld(t, batch.Options{})
	answers := w.assessMany(t, bring(payment("a", 999)), asks("b")[0], bring(payment("new", 600)), bring(payment("new", 601)))
	checkReason(t, answers[0].Err, fraud.ReasonFactsDiffer)
	checkScore(t, answers[1], "b", 200)
	checkScore(t, answers[2], "new", 600)
	checkReason(t, answers[3].Err, fraud.ReasonFactsDiffer)
	w.checkAsked(t, []float64{200, 600})
	if w.recorded(t, "a", "v1") != nil {
		t.Error("a row that nobody may see is assessed")
	}
	for _, i := range []int{0, 3} {
		if answers[i].Out != (fraud.Assessment{}) {
			t.Errorf("beside the refusal stands %+v", answers[i].Out)
		}
	}
}

func TestOtherFactsAloneAreNotLookedUp(t *testing.T) {
	w := newWorld(t, batch.Options{})
	w.store.fail = map[string]error{"LookUp": errBoom}
	checkReason(t, w.assessMany(t, bring(payment("a", 999)))[0].Err, fraud.ReasonFactsDiffer)
}

func TestOnesOtherFactsAreNotAnothersRefusal(t *testing.T) {
	w := newWorld(t, batch.Options{})
	answers := w.assessMany(t, bring(payment("a", 999)), asks("a")[0], bring(payment("a", 100)))
	checkReason(t, answers[0].Err, fraud.ReasonFactsDiffer)
	checkScore(t, answers[1], "a", 100)
	checkScore(t, answers[2], "a", 100)
}

func TestATransactionStaysRecordedWhenItsAssessmentFails(t *testing.T) {
	for name, fail := range map[string]func(*world){
		"the model is down":         func(w *world) { w.model.down = errDown },
		"the model was never seen":  func(w *world) { w.model.unseen = errDown },
		"looking up fails":          func(w *world) { w.store.fail = map[string]error{"LookUp": errBoom} },
		"recording the score fails": func(w *world) { w.store.fail = map[string]error{"RecordAssessments": errBoom} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, batch.Options{})
			fail(w)
			if answer := w.assessMany(t, bring(payment("new", 600)))[0]; answer.Err == nil {
				t.Errorf("%+v, want an error", answer)
			}
			if w.recorded(t, "new", "v1") != nil {
				t.Error("it is assessed")
			}
			w.model.down, w.model.unseen, w.store.fail = nil, nil, nil
			checkScore(t, w.assessMany(t, asks("new")...)[0], "new", 600)
		})
	}
}

func TestATransactionThatCannotBeRecordedFailsWithoutTheOthers(t *testing.T) {
	for name, spoil := range map[string]func(*faulty){
		"the store fails":           func(s *faulty) { s.fail = map[string]error{"Record": errBoom} },
		"the store answers too few": func(s *faulty) { s.short = map[string]bool{"Record": true} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, batch.Options{})
			spoil(w.store)
			answers := w.assessMany(t, bring(payment("new", 600)), asks("a")[0], bring(payment("newer", 601)))
			for _, i := range []int{0, 2} {
				checkMasked(t, answers[i].Err, "record transactions")
				if answers[i].Out != (fraud.Assessment{}) {
					t.Errorf("beside the error stands %+v", answers[i].Out)
				}
			}
			checkScore(t, answers[1], "a", 100)
			w.checkAsked(t, []float64{100})
		})
	}
}
