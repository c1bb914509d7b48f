package assess_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/assess"
	"github.com/wassef911/grpcgoesbrrr/server/batch"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

var errDown = fraud.PredictorUnavailable("the model could not answer", nil)

func TestARowThatTheModelCannotScoreFailsAlone(t *testing.T) {
	w := newWorld(t, batch.Options{})
	w.model.bad = map[float64]error{200: fraud.PredictorUnavailable("the model could not score this transaction", nil)}
	answers := w.assessMany(t, asks("a", "b", "c", "b")...)
	checkScore(t, answers[0], "a", 100)
	checkReason(t, answers[1].Err, fraud.ReasonPredictorUnavailable)
	checkScore(t, answers[2], "c", 700)
	checkReason(t, answers[3].Err, fraud.ReasonPredictorUnavailable)
	if w.recorded(t, "b", "v1") != nil || w.recorded(t, "a", "v1") == nil {
		t.Error("recorded is not what was answered")
	}
	w.model.set(func(o *oracle) { o.bad = nil })
	checkScore(t, w.assessMany(t, asks("b")...)[0], "b", 200)
}

func TestAModelThatFailsFailsEveryCallerAndLeavesNothingBehind(t *testing.T) {
	for name, c := range map[string]struct {
		fail   func(*oracle)
		reason string
	}{
		"down":           {func(o *oracle) { o.down = errDown }, fraud.ReasonPredictorUnavailable},
		"a row too few":  {func(o *oracle) { o.excess = -1 }, fraud.ReasonPredictorUnavailable},
		"a row too many": {func(o *oracle) { o.excess = 1 }, fraud.ReasonPredictorUnavailable},
		"no rows":        {func(o *oracle) { o.excess = -3 }, fraud.ReasonPredictorUnavailable},
		"never seen":     {func(o *oracle) { o.unseen, o.version = errDown, "" }, fraud.ReasonPredictorUnavailable},
		"out of time":    {func(o *oracle) { o.down = context.DeadlineExceeded }, fraud.ReasonDeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, batch.Options{})
			w.model.set(c.fail)
			answers := w.assessMany(t, asks("a", "b", "nobody", "c")...)
			for i, id := range []string{"a", "b", "nobody", "c"} {
				want := c.reason
				if id == "nobody" { // known without a model
					want = fraud.ReasonTransactionUnknown
				}
				if err := answers[i].Err; err == nil || fraud.ReasonOf(err) != want {
					t.Errorf("%s: %v, want %s", id, err, want)
				}
			}
			w.checkNothingRecorded(t)
			w.model.set(func(o *oracle) { o.down, o.unseen, o.excess, o.version = nil, nil, 0, "v1" })
			for i, answer := range w.assessMany(t, asks("a", "b")...) {
				checkScore(t, answer, []string{"a", "b"}[i], float64(100+100*i))
			}
		})
	}
}

func TestWhatWasAnsweredBeforeIsAnsweredWithoutAModel(t *testing.T) {
	w := newWorld(t, batch.Options{})
	w.assessMany(t, asks("a")...)
	w.model.set(func(o *oracle) { o.down = errDown })
	answers := w.assessMany(t, asks("a", "b")...)
	checkScore(t, answers[0], "a", 100)
	if !answers[0].Out.FromRecord {
		t.Error("it is not from the record")
	}
	checkReason(t, answers[1].Err, fraud.ReasonPredictorUnavailable)
}

func TestAStoreThatFailsIsNobodysReasonAndLeavesNothingHalfWritten(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(*faulty)
		method string
	}{
		"looking up":                  {func(s *faulty) { s.fail = map[string]error{"LookUp": errBoom} }, "look up"},
		"looking up, an item too few": {func(s *faulty) { s.short = map[string]bool{"LookUp": true} }, "look up"},
		"recording":                   {func(s *faulty) { s.fail = map[string]error{"RecordAssessments": errBoom} }, "record assessments"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, batch.Options{})
			c.spoil(w.store)
			for _, answer := range w.assessMany(t, asks("a", "b", "a")...) {
				checkMasked(t, answer.Err, c.method)
			}
			w.checkNothingRecorded(t)
			w.store.fail, w.store.short = nil, nil
			checkScore(t, w.assessMany(t, asks("a")...)[0], "a", 100)
		})
	}
}

func TestARecordThatAnswersShortIsNoAnswer(t *testing.T) {
	w := newWorld(t, batch.Options{})
	w.store.short = map[string]bool{"RecordAssessments": true}
	for _, answer := range w.assessMany(t, asks("a", "b")...) {
		checkMasked(t, answer.Err, "record assessments")
	}
}

// checkMasked wants an error whose text no caller will see, and which tells the
// log what was under way.
func checkMasked(t *testing.T, err error, doing string) {
	t.Helper()
	var known *fraud.Error
	if err == nil || errors.As(err, &known) || !strings.HasPrefix(err.Error(), doing+": ") {
		t.Errorf("%v, want an error of %q without a reason", err, doing)
	}
}

func TestAFullQueueRefusesWithATimeToRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, batch.Options{InFlight: 1, QueueItems: 2})
		hold := make(chan struct{})
		w.model.hold = hold
		var callers sync.WaitGroup
		for _, id := range []string{"a", "b", "c"} {
			callers.Go(func() {
				a, err := w.Assess(context.Background(), assess.Ask{ID: id})
				checkScore(t, assess.Answer{Out: a, Err: err}, id, amounts[id])
			})
			synctest.Wait()
		}
		_, err := w.Assess(context.Background(), assess.Ask{ID: "d"})
		checkQueueFull(t, err)
		answers, err := w.AssessMany(context.Background(), "key", asks("d", "a"))
		checkQueueFull(t, err)
		if answers != nil {
			t.Errorf("beside the refusal stand %+v", answers)
		}
		close(hold)
		callers.Wait()
		if w.recorded(t, "d", "v1") != nil {
			t.Error("what was refused is recorded")
		}
	})
}

func TestAClosedAssessorRefusesWithATimeToRetry(t *testing.T) {
	w := newWorld(t, batch.Options{})
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err := w.Assess(t.Context(), assess.Ask{ID: "a"})
	checkQueueFull(t, err)
	w.checkAsked(t)
}

func checkQueueFull(t *testing.T, err error) {
	t.Helper()
	var e *fraud.Error
	if !errors.As(err, &e) || e.Reason != fraud.ReasonQueueFull || e.RetryAfter < time.Millisecond || e.Message == "" {
		t.Errorf("got %+v, want QUEUE_FULL with a time to retry", err)
	}
}

func TestCloseWaitsForTheAnswersUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, batch.Options{})
		hold, answered := make(chan struct{}), make(chan struct{})
		w.model.hold = hold
		go func() {
			defer close(answered)
			a, err := w.Assess(context.Background(), assess.Ask{ID: "a"})
			checkScore(t, assess.Answer{Out: a, Err: err}, "a", 100)
		}()
		synctest.Wait()
		hurried, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := w.Close(hurried); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("hurried Close: %v, want its deadline", err)
		}
		close(hold)
		if err := w.Close(context.Background()); err != nil {
			t.Error(err)
		}
		<-answered
	})
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	if _, err := assess.New(&faulty{}, &oracle{}, fraud.Unmetered{}, batch.Options{MaxItems: -1}); err == nil {
		t.Error("New accepts them")
	}
	if _, err := assess.NewReporter(&faulty{}, batch.Options{InFlight: -1}); err == nil {
		t.Error("NewReporter accepts them")
	}
}
