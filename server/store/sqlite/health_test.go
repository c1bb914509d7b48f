package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/health"
)

func TestFaultsAreToldFromMistakes(t *testing.T) {
	h := health.New(faultOf, nil)
	for code, want := range map[engine.ResultCode]*health.Fault{
		engine.ResultFull: diskFull, engine.ResultReadOnly: readOnly, engine.ResultReadOnlyDBMoved: readOnly,
		engine.ResultIOErr: diskFail, engine.ResultIOErrFsync: diskFail, engine.ResultIOErrSHMSize: diskFail,
		engine.ResultBusy: locked, engine.ResultBusyRecovery: locked, engine.ResultProtocol: locked,
		engine.ResultCantOpen: unopened, engine.ResultCorrupt: damaged, engine.ResultNotADB: damaged,
		engine.ResultError: nil, engine.ResultConstraintUnique: nil, engine.ResultInterrupt: nil, engine.ResultNoMem: nil,
		engine.ResultTooBig: nil, engine.ResultMisuse: nil,
	} {
		err := fmt.Errorf("wrapped: %w", code.ToError())
		reason := fraud.ReasonInternal
		if want != nil {
			reason = fraud.ReasonStoreUnavailable
		}
		if got := faultOf(err); got != want || fraud.ReasonOf(h.FailedCall(err)) != reason || !errors.Is(h.FailedCall(err), err) {
			t.Errorf("%v: fault %v, reason %s", code, got, fraud.ReasonOf(h.FailedCall(err)))
		}
	}
	if faultOf(nil) != nil || faultOf(errClosed) != nil || faultOf(context.Canceled) != nil || faultOf(sql.ErrNoRows) != nil {
		t.Error("what is no error of the engine is a fault")
	}
}

// A check that wrote nothing would say that all is well with a full disk.
func TestACheckWritesOnlyOnceSomethingFailedAndThenReally(t *testing.T) {
	dir := t.TempDir()
	s, other := openIn(t, dir), openIn(t, dir)
	// It changes as soon as another connection commits something to the file.
	seen := func() (version string) {
		t.Helper()
		err := other.write.with(t.Context(), func(c *engine.Conn) error { version = valueOf(t, c, "PRAGMA data_version"); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return version
	}
	before := seen()
	if err := s.Check(t.Context()); err != nil || seen() != before {
		t.Errorf("a well store: %v, or it was written to", err)
	}
	s.health.Failed(engine.ResultFull.ToError())
	if err := s.Check(t.Context()); err != nil || seen() == before {
		t.Errorf("a store that failed: %v, or it was not written to", err)
	}
	before = seen()
	if err := s.Check(t.Context()); err != nil || seen() != before {
		t.Errorf("a store that is well again: %v, or it was written to", err)
	}
}

func TestAWriteMakesTheStoreWellAndMistakesDoNotMakeItIll(t *testing.T) {
	s := openStore(t)
	s.health.Failed(engine.ResultCorruptVTab.ToError())
	if _, err := s.Record(t.Context(), []fraud.Transaction{{ID: "a", AccountID: "a", Amount: 1}}); err != nil || s.health.Fault() != nil {
		t.Errorf("after a write: %v, %v", err, s.health.Fault())
	}
	if err := s.view(t.Context(), "fail", func(c *engine.Conn) error { return run(c, "no statement") }); err == nil || s.health.Fault() != nil {
		t.Errorf("after a mistake: %v, %v", err, s.health.Fault())
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := s.view(ctx, "fail", func(c *engine.Conn) error { cancel(); return engine.ResultBusy.ToError() })
	if !errors.Is(err, context.Canceled) || s.health.Fault() != nil || s.Failures() != 0 {
		t.Errorf("after a caller went away: %v, %v, %d failures", err, s.health.Fault(), s.Failures())
	}
	_ = s.view(t.Context(), "fail", func(*engine.Conn) error { return engine.ResultIOErr.ToError() })
	if s.health.Fault() != diskFail || s.Failures() != 1 {
		t.Errorf("after the disk failed: %v, %d failures", s.health.Fault(), s.Failures())
	}
}

func TestTheLogIsToldOfAFaultOnceAMinuteAtMost(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	synctest.Test(t, func(*testing.T) {
		h := health.New(faultOf, nil)
		flap := func() {
			for range 3 {
				h.Failed(engine.ResultFull.ToError())
				h.Failed(engine.ResultFull.ToError())
				h.Wrote()
				h.Wrote()
			}
		}
		flap()
		if ill, well := strings.Count(log.String(), "the disk is full"), strings.Count(log.String(), "written again"); ill != 1 || well != 1 {
			t.Errorf("told %d times of the fault and %d times of its end:\n%s", ill, well, log.String())
		}
		pass(health.TellEvery)
		flap()
		if ill, well := strings.Count(log.String(), "the disk is full"), strings.Count(log.String(), "written again"); ill != 2 || well != 2 {
			t.Errorf("a minute later told %d times of the fault and %d times of its end:\n%s", ill, well, log.String())
		}
	})
}

// pass lets fake time go by.
func pass(d time.Duration) { <-time.After(d) }
