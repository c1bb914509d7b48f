package predictor

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// usableHost is one whose probe has brought a score.
func usableHost() *health {
	h := newHealth()
	h.probed(nil, false)
	return h
}

func TestFaultsInARowHaveAHostLeftAlone(t *testing.T) {
	for name, c := range map[string]struct {
		calls []fault
		want  bool // usable
	}{
		"four":                              {[]fault{broken, unable, broken, unable}, true},
		"five":                              {[]fault{broken, unable, broken, unable, broken}, false},
		"with an answer between":            {[]fault{broken, unable, none, broken, unable, broken}, true},
		"callers that give up are not":      {[]fault{theCallers, theCallers, theCallers, theCallers, theCallers, theCallers}, true},
		"nor between others":                {[]fault{broken, theCallers, broken, theCallers, broken, theCallers, broken, theCallers, broken}, false},
		"rows that may be bad are not":      {[]fault{answered, senseless, answered, senseless, answered, senseless}, true},
		"an answer to nothing is no cure":   {[]fault{broken, broken, broken, broken, answered, broken}, false},
		"five, and then an answer that was": {[]fault{broken, broken, broken, broken, broken, none}, false},
	} {
		h := usableHost()
		for _, why := range c.calls {
			h.called(why)
		}
		if got := h.usable(); got != c.want {
			t.Errorf("%s: usable is %v, want %v", name, got, c.want)
		}
	}
}

func TestAProbeIsTheTrialOfAHostThatIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := usableHost()
		leaveAlone := func() {
			for range maxFaults {
				h.called(broken)
			}
		}
		check := func(when string, want bool) {
			t.Helper()
			if got := h.usable(); got != want {
				t.Errorf("%s: usable is %v, want %v", when, got, want)
			}
		}
		leaveAlone()
		select {
		case <-h.opened: // whoever watches it is woken
		default:
			t.Error("its watcher sleeps on")
		}
		h.probed(nil, false)
		check("a probe answered at once, as before", false)
		time.Sleep(trialEvery - time.Nanosecond)
		h.probed(nil, false)
		check("just before the trial", false)
		time.Sleep(time.Nanosecond)
		check("the time has come and nobody has asked", false)
		h.probed(nil, false)
		check("a probe answered when due", true)

		leaveAlone()
		time.Sleep(trialEvery)
		h.probed(errors.New("no score"), false)
		check("the trial failed", false)
		h.probed(nil, false)
		check("it answers, and was not ready before: it begins anew", true)
	})
}

func TestARefusalTellsWhenAHostIsAskedNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down, alone := &backend{health: newHealth()}, &backend{health: usableHost()}
		for range maxFaults {
			alone.health.called(broken)
		}
		after := func(backends ...*backend) time.Duration {
			var refused *fraud.Error
			if err := (&Pool{backends: newRoster(backends...)}).noHost(); !errors.As(err, &refused) || refused.Reason != fraud.ReasonPredictorUnavailable {
				t.Fatal(err)
			}
			return refused.RetryAfter
		}
		if got := after(down); got != eager {
			t.Errorf("a host that is down: %s", got)
		}
		if got := after(alone); got != trialEvery+eager {
			t.Errorf("one that was just left alone: %s", got)
		}
		if got := after(alone, down); got != eager {
			t.Errorf("both: %s", got)
		}
		time.Sleep(trialEvery - time.Millisecond)
		if got := after(alone); got != time.Millisecond+eager {
			t.Errorf("shortly before its trial: %s", got)
		}
	})
}
