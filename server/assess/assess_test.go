package assess_test

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/wassef911/grpcgoesbrrr/server/assess"
	"github.com/wassef911/grpcgoesbrrr/server/batch"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func TestAnAnswerIsTheModelsAndDurableBeforeItLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, batch.Options{})
		other := openStore(t, w.dir)
		release, answered := make(chan struct{}), make(chan assess.Answer, 1)
		w.store.after = func(method string) {
			if method == "RecordAssessments" {
				<-release
			}
		}
		go func() {
			a, err := w.Assess(context.Background(), assess.Ask{ID: "c", By: "analyst"})
			answered <- assess.Answer{Out: a, Err: err}
		}()
		synctest.Wait()
		select {
		case answer := <-answered:
			t.Fatalf("answered before RecordAssessments returned: %+v", answer)
		default:
		}
		found, err := other.LookUp(t.Context(), []string{"c"}, "v1")
		if err != nil || found[0].Assessment == nil {
			t.Fatalf("another reader finds %+v, %v, want the assessment", found, err)
		}
		close(release)
		answer := <-answered
		checkScore(t, answer, "c", 700)
		if a := answer.Out; a.FromRecord || a.ModelVersion != "v1" || a.AssessedBy != "analyst" || a.AssessedAt.IsZero() {
			t.Errorf("%+v", a)
		}
		want := answer.Out
		want.FromRecord = true
		if !reflect.DeepEqual(*found[0].Assessment, want) {
			t.Errorf("recorded %+v, answered %+v", *found[0].Assessment, answer.Out)
		}
	})
}

func TestManyAnswersComeInOrderFromOneBatch(t *testing.T) {
	w := newWorld(t, batch.Options{})
	ids := []string{"d", "a", "c", "b"}
	for i, answer := range w.assessMany(t, asks(ids...)...) {
		checkScore(t, answer, ids[i], amounts[ids[i]])
	}
	w.checkAsked(t, []float64{800, 100, 700, 200})
	if answers, err := w.AssessMany(t.Context(), "key", nil); err != nil || len(answers) != 0 {
		t.Errorf("no asks: %v, %v", answers, err)
	}
}

func TestAsksAboutTheSameIDShareARow(t *testing.T) {
	w := newWorld(t, batch.Options{})
	answers := w.assessMany(t, assess.Ask{ID: "a", By: "first"}, assess.Ask{ID: "b"}, assess.Ask{ID: "a", By: "second"}, bring(payment("a", 100)))
	w.checkAsked(t, []float64{100, 200})
	for _, i := range []int{0, 2, 3} {
		checkScore(t, answers[i], "a", 100)
		if answers[i].Out.AssessedBy != "first" || answers[i].Out.FromRecord {
			t.Errorf("answer %d: %+v, want the first one's", i, answers[i].Out)
		}
	}
}

func TestCallersThatWaitTogetherTravelTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, batch.Options{InFlight: 1})
		hold, lookedUp := make(chan struct{}), make(chan struct{})
		w.model.hold = hold
		lookUps := 0
		w.store.after = func(method string) {
			if method == "LookUp" {
				if lookUps++; lookUps == 2 {
					close(lookedUp)
				}
			}
		}
		w.store.before = func(method string) {
			if method == "RecordAssessments" {
				<-lookedUp
			}
		}
		var callers sync.WaitGroup
		ask := func(id string) {
			callers.Go(func() {
				a, err := w.Assess(context.Background(), assess.Ask{ID: id})
				checkScore(t, assess.Answer{Out: a, Err: err}, id, amounts[id])
			})
			synctest.Wait()
		}
		for _, id := range []string{"a", "c", "b", "c", "a"} {
			ask(id)
		}
		close(hold)
		callers.Wait()
		// a is asked about twice: it is being recorded while the second batch is
		// looked up.
		w.checkAsked(t, []float64{100}, []float64{700, 200, 100})
	})
}

func TestAnUnknownIDFailsAlone(t *testing.T) {
	w := newWorld(t, batch.Options{})
	answers := w.assessMany(t, asks("a", "nobody", "c", "A")...)
	checkScore(t, answers[0], "a", 100)
	checkReason(t, answers[1].Err, fraud.ReasonTransactionUnknown)
	checkScore(t, answers[2], "c", 700)
	checkReason(t, answers[3].Err, fraud.ReasonTransactionUnknown)
	w.checkAsked(t, []float64{100, 700})
}

func TestOnlyUnknownIDsDoNotReachTheModel(t *testing.T) {
	w := newWorld(t, batch.Options{})
	for _, answer := range w.assessMany(t, asks("nobody", "noone")...) {
		checkReason(t, answer.Err, fraud.ReasonTransactionUnknown)
	}
	w.checkAsked(t)
}

func TestARepeatIsAnsweredFromTheRecord(t *testing.T) {
	w := newWorld(t, batch.Options{})
	first, err := w.Assess(t.Context(), assess.Ask{ID: "c", By: "analyst"})
	if err != nil {
		t.Fatal(err)
	}
	w.model.set(func(o *oracle) { o.shift = 0.1 }) // would be noticed
	again, err := w.Assess(t.Context(), assess.Ask{ID: "c", By: "somebody else"})
	if err != nil || !again.FromRecord {
		t.Fatalf("%+v, %v, want it from the record", again, err)
	}
	again.FromRecord = false
	if !reflect.DeepEqual(first, again) {
		t.Errorf("%+v, then %+v", first, again)
	}
	w.checkAsked(t, []float64{700})
}

func TestANewVersionAssessesAnewAndTheOldAnswerStays(t *testing.T) {
	w := newWorld(t, batch.Options{})
	w.assessMany(t, asks("c")...)
	w.model.set(func(o *oracle) { o.version, o.shift = "v2", 0.2 })
	a, err := w.Assess(t.Context(), assess.Ask{ID: "c"})
	if err != nil || a.ModelVersion != "v2" || a.Probability != amounts["c"]/1000+0.2 || a.FromRecord {
		t.Errorf("%+v, %v, want v2's own score", a, err)
	}
	if old := w.recorded(t, "c", "v1"); old == nil || old.Probability != 0.7 {
		t.Errorf("of v1 is recorded %+v", old)
	}
}

func TestAModelReplacedBetweenLookUpAndPredictionIsRecordedAsWhatItWas(t *testing.T) {
	w := newWorld(t, batch.Options{})
	w.model.set(func(o *oracle) { o.serving = "v2" }) // and Model still tells v1
	a, err := w.Assess(t.Context(), assess.Ask{ID: "c"})
	if err != nil || a.ModelVersion != "v2" || a.FromRecord {
		t.Fatalf("%+v, %v, want v2's", a, err)
	}
	if w.recorded(t, "c", "v1") != nil || w.recorded(t, "c", "v2") == nil {
		t.Error("it is not recorded under v2 alone")
	}
	w.model.set(func(o *oracle) { o.shift = 0.2 })
	again, err := w.Assess(t.Context(), assess.Ask{ID: "c"})
	if err != nil || !again.FromRecord || again.Probability != 0.7 {
		t.Errorf("%+v, %v, want what v2 had said first", again, err)
	}
}

func TestTwoGatewaysThatRaceGiveTheSameAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, batch.Options{})
		hold := make(chan struct{})
		rival := &oracle{version: "v1", shift: 0.125, hold: hold} // the same version, a last digit apart
		second := newAssessor(t, openStore(t, w.dir), rival, batch.Options{})
		w.model.hold = hold
		var answers [2]fraud.Assessment
		var callers sync.WaitGroup
		for i, a := range []*assess.Assessor{w.Assessor, second} {
			callers.Go(func() {
				var err error
				if answers[i], err = a.Assess(context.Background(), assess.Ask{ID: "b"}); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait() // both have looked up and found nothing
		close(hold)
		callers.Wait()
		if answers[0].FromRecord == answers[1].FromRecord {
			t.Errorf("from the record: %v and %v, want the slower one's alone", answers[0].FromRecord, answers[1].FromRecord)
		}
		answers[0].FromRecord, answers[1].FromRecord = false, false
		if !reflect.DeepEqual(answers[0], answers[1]) {
			t.Errorf("%+v and %+v", answers[0], answers[1])
		}
	})
}

func TestACallerThatLeavesHearsItsContextAndTheOthersAreAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, batch.Options{})
		hold := make(chan struct{})
		w.model.hold = hold
		ctx, cancel := context.WithCancel(context.Background())
		left := make(chan error)
		go func() {
			_, err := w.Assess(ctx, assess.Ask{ID: "a"})
			left <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want context.Canceled", err)
		}
		close(hold)
		checkScore(t, w.assessMany(t, asks("b")...)[0], "b", 200)
		if err := w.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if w.recorded(t, "a", "v1") == nil {
			t.Error("what was predicted for the one who left is not recorded")
		}
	})
}
