package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
)

type (
	watchRequest  = fraudactivityv1.WatchFraudActivityRequest
	watchResponse = fraudactivityv1.WatchFraudActivityResponse
)

// What a connection does other than fail, once it has sent what it sends.
var errFallsSilent, errEndsWell = errors.New("falls silent"), errors.New("ends well")

// feed sends messages 1, 2, 3, …, so many a connection, and then does as its
// script says.
type feed struct {
	fraudactivityv1connect.UnimplementedFraudActivityServiceHandler
	each int
	then []error // of each connection in turn; the last one stays

	began []string // cursors that connections began with
}

func (f *feed) WatchFraudActivity(ctx context.Context, req *watchRequest, stream *connect.ServerStream[watchResponse]) error {
	then := f.then[min(len(f.began), len(f.then)-1)]
	f.began = append(f.began, req.Cursor)
	last := 0
	fmt.Sscanf(req.Cursor, "after-%d", &last)
	for n := last + 1; n <= last+f.each; n++ {
		message := &watchResponse{Cursor: fmt.Sprintf("after-%d", n), Event: &fraudactivityv1.WatchFraudActivityResponse_FraudActivity{
			FraudActivity: &fraudactivityv1.FraudActivity{TransactionId: fmt.Sprint(n)}}}
		if err := stream.Send(message); err != nil {
			return err
		}
	}
	switch then {
	case errFallsSilent:
		<-ctx.Done()
		return ctx.Err()
	case errEndsWell:
		return nil
	}
	return then
}

func TestWatchResumesAfterTheLastMessage(t *testing.T) {
	cases := map[string]struct {
		then    []error
		began   string // the caller's own cursor
		cursors []string
		atLeast time.Duration
	}{
		"the server stops":       {then: []error{fail(connect.CodeUnavailable)}, cursors: []string{"", "after-2", "after-4"}},
		"too slow":               {then: []error{fail(connect.CodeResourceExhausted)}, cursors: []string{"", "after-2", "after-4"}},
		"a stream ends well":     {then: []error{errEndsWell}, cursors: []string{"", "after-2", "after-4"}},
		"told when to come back": {then: []error{fail(connect.CodeUnavailable, after(time.Minute))}, cursors: []string{"", "after-2", "after-4"}, atLeast: 2 * time.Minute},
		"silence":                {then: []error{errFallsSilent}, cursors: []string{"", "after-2", "after-4"}, atLeast: 24 * time.Second},
		"from a point on":        {then: []error{fail(connect.CodeUnavailable)}, began: "after-7", cursors: []string{"after-7", "after-9"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &feed{each: 2, then: c.then}
				service := inMemory(t, f)
				req := &watchRequest{Cursor: c.began}
				began, lost := time.Now(), 0
				var cursors []string
				for message, err := range Watch(t.Context(), service, req, func(error, time.Duration) { lost++ }) {
					if err != nil {
						t.Fatal(err)
					}
					if cursors = append(cursors, message.Cursor); len(cursors) == 2*len(c.cursors) {
						break
					}
				}
				if !slices.Equal(f.began, c.cursors) || lost != len(c.cursors)-1 {
					t.Errorf("connections began at %q and %d were lost, want %q", f.began, lost, c.cursors)
				}
				if req.Cursor != c.began {
					t.Errorf("the caller's request now has cursor %q", req.Cursor)
				}
				if took := time.Since(began); took < c.atLeast {
					t.Errorf("took %v, want at least %v", took, c.atLeast)
				}
			})
		})
	}
}

func TestWatchEndsByWhatRepeatingCannotCure(t *testing.T) {
	for _, code := range []connect.Code{connect.CodeUnauthenticated, connect.CodePermissionDenied, connect.CodeInvalidArgument, connect.CodeUnimplemented} {
		t.Run(code.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &feed{each: 1, then: []error{fail(connect.CodeUnavailable), fail(code)}}
				messages, last := 0, error(nil)
				for message, err := range Watch(t.Context(), inMemory(t, f), &watchRequest{}) {
					if last = err; message != nil {
						messages++
					}
				}
				if messages != 2 || connect.CodeOf(last) != code || len(f.began) != 2 {
					t.Errorf("%d messages, then %v, over %d connections; want 2, %v, 2", messages, last, len(f.began), code)
				}
			})
		})
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	gone := errors.New("the reader went home")
	for name, then := range map[string]error{"while it waits for a message": errFallsSilent, "while it pauses": fail(connect.CodeUnavailable, after(time.Hour))} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Second, gone)
				defer cancel()
				began, last := time.Now(), error(nil)
				for _, err := range Watch(ctx, inMemory(t, &feed{each: 1, then: []error{then}}), &watchRequest{}) {
					last = err
				}
				if took := time.Since(began); !errors.Is(last, gone) || took != 5*time.Second {
					t.Errorf("%v after %v, want %v after 5s", last, took, gone)
				}
			})
		})
	}
}

func TestAReaderThatTakesItsTimeIsNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &feed{each: 3, then: []error{errFallsSilent}}
		messages := 0
		for _, err := range Watch(t.Context(), inMemory(t, f), &watchRequest{}) {
			if err != nil {
				t.Fatal(err)
			}
			if messages++; messages == 3 {
				break
			}
			time.Sleep(time.Hour) // of the bubble
		}
		if len(f.began) != 1 {
			t.Errorf("%d connections, want 1", len(f.began))
		}
	})
}
