package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/types/known/durationpb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// manyRows is a file of few accounts, with late rows and some to refuse, and
// what would be known of every ID after one whole import.
func manyRows(t *testing.T) (content string, want map[string]string) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString(importHead)
	var ids []string
	for i := range 600 {
		id := fmt.Sprintf("t%d", i)
		ids = append(ids, id)
		if i%40 == 39 {
			fmt.Fprintf(&b, "%s,a,-1,1,\n", id)
			continue
		}
		fmt.Fprintf(&b, "%s,card-%d,%.2f,%d,%s\n", id, random.IntN(20), 1+random.Float64()*100, 1_500_000_000+i+random.IntN(600),
			[]string{"", "0", "1"}[random.IntN(3)])
	}
	path, data := writeFile(t, "rows.csv", b.String()), t.TempDir()
	runImport(t.Context(), t, nil, path, "--data="+data).check(t, exitRejects, "585 recorded", "15 refused")
	return b.String(), knownOf(t, data, ids...)
}

// interrupter gives what it has and then cancels. After that it gives no more
// and does not end: like a terminal, or a pipe whose writer hangs.
type interrupter struct {
	rest   io.Reader
	cancel context.CancelFunc
}

func (r *interrupter) Read(p []byte) (int, error) {
	n, err := r.rest.Read(p)
	if err == io.EOF {
		r.cancel()
		select {}
	}
	return n, err
}

// TestAnInterruptedImportGoesOnWhenRunAgain: the store ends up as after one
// whole import, and a third run adds nothing.
func TestAnInterruptedImportGoesOnWhenRunAgain(t *testing.T) {
	content, want := manyRows(t)
	for _, part := range []float64{0, 0.5, 1} {
		t.Run(fmt.Sprintf("after %v of the file", part), func(t *testing.T) {
			data := t.TempDir()
			ctx, cancel := context.WithCancel(t.Context())
			in := &interrupter{strings.NewReader(content[:int(part*float64(len(content)))]), cancel}
			runImport(ctx, t, in, "-", "--data="+data).
				check(t, exitFailed, "brrr: interrupted; run the same command again to go on\n")
			runImport(t.Context(), t, strings.NewReader(content), "-", "--data="+data).check(t, exitRejects, "15 refused")
			checkKnown(t, data, want)
			before := digest(t, data)
			runImport(t.Context(), t, strings.NewReader(content), "-", "--data="+data).
				check(t, exitRejects, "0 recorded, 585 already recorded", "15 refused")
			if digest(t, data) != before {
				t.Error("the third run changed the store")
			}
		})
	}
}

// cancelling is a sink of small calls that cancels in one of them.
type cancelling struct {
	sink
	in     int  // the call to cancel in, from 1
	late   bool // once it has taken effect
	cancel context.CancelFunc
	calls  int
}

func (s *cancelling) atOnce() int { return 50 }

func (s *cancelling) around(call func()) {
	s.calls++
	if s.calls == s.in && !s.late {
		s.cancel()
	}
	call()
	if s.calls == s.in && s.late {
		s.cancel()
	}
}

func (s *cancelling) record(ctx context.Context, ts []*fraudactivityv1.Transaction) (results []*fraudactivityv1.RecordTransactionsResponse_Result, err error) {
	s.around(func() { results, err = s.sink.record(ctx, ts) })
	return results, err
}

func (s *cancelling) report(ctx context.Context, reports []*fraudactivityv1.ReportOutcomeRequest) (refused []*fraudactivityv1.ItemError, err error) {
	s.around(func() { refused, err = s.sink.report(ctx, reports) })
	return refused, err
}

// TestWhereverAnImportIsCutItGoesOn: before, in and between the calls that
// record a chunk and its labels.
func TestWhereverAnImportIsCutItGoesOn(t *testing.T) {
	content, want := manyRows(t)
	for in := 1; in <= 3; in++ { // of 24
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprintf("call %d, late %v", in, late), func(t *testing.T) {
				data := t.TempDir()
				store, err := sqlite.Open(t.Context(), data)
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				to := &cancelling{localSink{store, data}, in, late, cancel, 0}
				job := &importJob{to: to, rejects: &rejectFile{path: filepath.Join(t.TempDir(), "rejects")}}
				err = job.file(ctx, "-", streams{strings.NewReader(content), io.Discard, io.Discard})
				if err = errors.Join(err, job.rejects.close(), store.Close()); !errors.Is(err, context.Canceled) {
					t.Errorf("error %v", err)
				}
				whole := in
				if !late {
					whole--
				}
				recorded := (whole + 1) / 2 * 50 // less those refused
				if n := transactionsIn(t, data); n > recorded || n < recorded-2 {
					t.Errorf("%d transactions are recorded, not %d", n, recorded)
				}
				runImport(t.Context(), t, strings.NewReader(content), "-", "--data="+data).check(t, exitRejects, "15 refused")
				checkKnown(t, data, want)
			})
		}
	}
}

// TestACutOffFileIsCompletedByTheWholeOne, with the same facts.
func TestACutOffFileIsCompletedByTheWholeOne(t *testing.T) {
	content, want := manyRows(t)
	whole := gzipped(t, content)
	data := t.TempDir()
	cut := writeFile(t, "rows.csv.gz", whole[:len(whole)*2/3])
	r := runImport(t.Context(), t, nil, cut, "--data="+data)
	r.check(t, exitFailed, "the gzip data is cut off; the rows before it are done", " refused in ")
	if n := transactionsIn(t, data); n < 200 || n > 500 {
		t.Errorf("%d transactions are recorded of two thirds", n)
	}
	runImport(t.Context(), t, nil, writeFile(t, "rows.csv.gz", whole), "--data="+data).check(t, exitRejects, "15 refused")
	checkKnown(t, data, want)
}

// TestABusyServiceIsAskedAgain, ever more slowly, and not for ever.
func TestABusyServiceIsAskedAgain(t *testing.T) {
	busy := connect.NewError(connect.CodeResourceExhausted, nil)
	away := connect.NewError(connect.CodeUnavailable, nil)
	slow := connect.NewError(connect.CodeDeadlineExceeded, nil)
	bad := connect.NewError(connect.CodeInvalidArgument, nil)
	told := connect.NewError(connect.CodeResourceExhausted, nil)
	if detail, err := connect.NewErrorDetail(&errdetails.RetryInfo{RetryDelay: durationpb.New(3 * time.Second)}); err != nil {
		t.Fatal(err)
	} else {
		told.AddDetail(detail)
	}
	for name, test := range map[string]struct {
		answers []error
		calls   int
		took    time.Duration
		code    connect.Code // 0: it is done
	}{
		"at once":         {[]error{nil}, 1, 0, 0},
		"busy, then done": {[]error{busy, away, nil}, 3, 600 * time.Millisecond, 0},
		"told when":       {[]error{told, nil}, 2, 3 * time.Second, 0},
		"broken off":      {[]error{fmt.Errorf("read message: %w", io.ErrUnexpectedEOF), connect.NewError(connect.CodeCanceled, nil), nil}, 3, 600 * time.Millisecond, 0},
		"slow, then done": {[]error{slow, nil}, 2, 200 * time.Millisecond, 0},
		"never":           {slices.Repeat([]error{away}, 9), 6, 6200 * time.Millisecond, connect.CodeUnavailable},
		"refused":         {[]error{bad, nil}, 1, 0, connect.CodeInvalidArgument},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, calls := time.Now(), 0
				err := patiently(t.Context(), func() error { calls++; return test.answers[calls-1] })
				if (err == nil) != (test.code == 0) || err != nil && connect.CodeOf(err) != test.code {
					t.Errorf("error %v", err)
				}
				if took := time.Since(began); calls != test.calls || took != test.took {
					t.Errorf("%d calls in %v, not %d in %v", calls, took, test.calls, test.took)
				}
			})
		})
	}
	t.Run("until it is interrupted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := patiently(ctx, func() error { return away }); err != context.DeadlineExceeded {
				t.Errorf("error %v", err)
			}
		})
	})
}
