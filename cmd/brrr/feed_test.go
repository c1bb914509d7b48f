package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/feed"
)

// TestEveryProtocolStreamsWhatIsRecordedInItsOrder watches in all protocols at
// once while the real model assesses.
func TestEveryProtocolStreamsWhatIsRecordedInItsOrder(t *testing.T) {
	s := startServer(t)
	s.awaitModel(t)
	s.recordSome(t)
	viewers := map[string]*viewer{}
	for over := range streamed {
		viewers[over] = s.watch(t, over, &watchRequest{Outcomes: true})
	}
	s.check(t, "second")
	s.check(t, "first")
	s.label(t, "second", labelFraud, fraudactivityv1.OutcomeSource_OUTCOME_SOURCE_ANALYST, at(1_700_000_001))
	s.check(t, "first", demoTransaction) // the first of them answers from the record: nothing is made
	listed, err := s.client("analyst").ListFraudActivity(t.Context(), &fraudactivityv1.ListFraudActivityRequest{})
	if err != nil || len(listed.FraudActivities) != 3 {
		t.Fatalf("%v, %v", listed, err)
	}
	for _, a := range listed.FraudActivities {
		a.Assessment.FromRecord, a.Assessment.Outcome = false, nil
	}
	for over, v := range viewers {
		for i, want := range []string{"second", "first", "outcome", demoTransaction} {
			m := v.next(t)
			if want == "outcome" {
				if o := m.GetOutcome(); o.GetTransactionId() != "second" || o.Outcome != labelFraud || o.ReportedAt == nil {
					t.Errorf("%s: event %d is %v, want the outcome of second", over, i, m)
				}
				continue
			}
			got := m.GetFraudActivity()
			if got == nil {
				t.Fatalf("%s: event %d is %v", over, i, m)
			}
			if got.Assessment.Outcome = nil; !slices.ContainsFunc(listed.FraudActivities, func(a *fraudactivityv1.FraudActivity) bool {
				return a.TransactionId == want && proto.Equal(a, got)
			}) {
				t.Errorf("%s: event %d is %v, want %s as it is listed", over, i, m, want)
			}
			if m.AnswerTime.AsDuration() <= 0 || m.Cursor == "" {
				t.Errorf("%s: answer time %v, cursor %q", over, m.AnswerTime, m.Cursor)
			}
		}
	}
}

func TestWatchersOfEveryEventMissNoneAndSeeNoneTwice(t *testing.T) {
	s := startFeed(t, feed.Options{})
	viewers := map[string]*viewer{}
	for over := range streamed {
		viewers[over] = s.watch(t, over, &watchRequest{})
	}
	ids := s.assessSome(t, "p", 3000, 70)
	var order []string
	for over, v := range viewers {
		var saw seen
		saw.upTo(t, v, len(ids))
		saw.checkAll(t, over, ids)
		if order == nil {
			order = saw.ids
		}
		if !slices.Equal(saw.ids, order) || saw.leftOut != 0 {
			t.Errorf("%s: another order than others saw, or %d left out", over, saw.leftOut)
		}
	}
}

func TestAFilterMeansWhatItMeansInAList(t *testing.T) {
	s := startFeed(t, feed.Options{})
	for name, filter := range map[string]*fraudactivityv1.Filter{
		"flagged":         {PredictedLabel: new(true)},
		"an account":      {AccountId: "card-3"},
		"a transaction":   {TransactionId: "p-17"},
		"a range":         {MinFraudProbability: new(10.0), MaxFraudProbability: new(25.1)},
		"of an account":   {AccountId: "card-3", PredictedLabel: new(false)},
		"from yesterday":  {From: at(time.Now().Add(-24 * time.Hour).Unix())},
		"an outcome":      {Outcome: labelFraud}, // of one that has it before it is assessed
		"until yesterday": {To: at(time.Now().Add(-24 * time.Hour).Unix())},
	} {
		t.Run(name, func(t *testing.T) {
			every, few := s.watch(t, "gRPC", &watchRequest{Filter: filter}), s.watch(t, "Connect", &watchRequest{Filter: filter, MaxPerSecond: 3})
			all := s.watch(t, "Connect", &watchRequest{})
			prefix := strings.ReplaceAll(name, " ", "-")
			if name == "a transaction" {
				prefix = "p"
			}
			ids, rows := payments(prefix, 60)
			if _, err := s.client("backend").RecordTransactions(t.Context(), &fraudactivityv1.RecordTransactionsRequest{Transactions: rows}); err != nil {
				t.Fatal(err)
			}
			s.label(t, ids[8], labelFraud, fraudactivityv1.OutcomeSource_OUTCOME_SOURCE_CHARGEBACK, at(1_700_000_001))
			s.check(t, ids...)
			listed, err := s.client("analyst").ListFraudActivity(t.Context(), &fraudactivityv1.ListFraudActivityRequest{Filter: filter, PageSize: 1000})
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, a := range listed.FraudActivities {
				if strings.HasPrefix(a.TransactionId, prefix+"-") {
					want = append(want, a.TransactionId)
				}
			}
			var saw, thinned, whole seen
			saw.upTo(t, every, len(want))
			saw.checkAll(t, "every one", want)
			thinned.upTo(t, few, len(want))
			if len(thinned.ids)+int(thinned.leftOut) != len(want) || thinned.flagged != saw.flagged {
				t.Errorf("thinned: %+v; want %d in all, %d flagged", thinned, len(want), saw.flagged)
			}
			whole.upTo(t, all, len(ids))
		})
	}
}

func TestAThinnedStreamTellsExactlyWhatItLeavesOut(t *testing.T) {
	s := startFeed(t, feed.Options{})
	viewers := map[string]*viewer{}
	for over := range streamed {
		viewers[over] = s.watch(t, over, &watchRequest{MaxPerSecond: 10})
	}
	ids := s.assessSome(t, "p", 4000, 50)
	for over, v := range viewers {
		var saw seen
		saw.upTo(t, v, len(ids))
		if len(saw.ids)+int(saw.leftOut) != len(ids) || saw.flagged != int64(len(ids)/4) || saw.leftOut == 0 {
			t.Errorf("%s: %d shown, %d left out, %d flagged; want %d in all, %d flagged", over, len(saw.ids), saw.leftOut, saw.flagged, len(ids), len(ids)/4)
		}
	}
}

func TestAStreamIsResumedWithoutLossAfterARestart(t *testing.T) {
	data := t.TempDir()
	s := startFeedOn(t, data, feed.Options{})
	viewers := map[string]*viewer{}
	saw := map[string]*seen{}
	for over := range streamed {
		viewers[over], saw[over] = s.watch(t, over, &watchRequest{Outcomes: true}), &seen{}
	}
	few := s.watch(t, "gRPC", &watchRequest{MaxPerSecond: 5})
	ids := s.assessSome(t, "before", 500, 50)
	for over, v := range viewers {
		saw[over].upTo(t, v, 100+len(over)) // not all, so that a page is cut in two
	}
	var thinned seen
	thinned.upTo(t, few, 1)
	s.stop(t)
	for over, v := range viewers {
		for m := range v.messages { // what was on its way
			saw[over].add(m)
		}
		wantReason(t, v.err, connect.CodeUnavailable, "SHUTTING_DOWN")
	}
	for m := range few.messages {
		thinned.add(m)
	}

	s = startFeedOn(t, data, feed.Options{})
	ids = append(ids, s.assessSome(t, "after", 300, 50)...)
	for over := range streamed {
		v := s.watch(t, over, &watchRequest{Cursor: saw[over].cursor, Outcomes: true})
		saw[over].upTo(t, v, len(ids))
		saw[over].checkAll(t, over, ids)
	}
	few = s.watch(t, "gRPC", &watchRequest{MaxPerSecond: 5, Cursor: thinned.cursor})
	thinned.upTo(t, few, len(ids))
	if len(thinned.ids)+int(thinned.leftOut) != len(ids) || thinned.flagged != int64(len(ids)/4) {
		t.Errorf("thinned: %d shown, %d left out, %d flagged of %d", len(thinned.ids), thinned.leftOut, thinned.flagged, len(ids))
	}
}

// TestASlowWatcherIsEndedAndNobodyElse has one take nothing while others do, over
// the other gRPC implementation in Go, whose buffers can be made small.
func TestASlowWatcherIsEndedAndNobodyElse(t *testing.T) {
	s := startFeed(t, feed.Options{MaxLag: 500})
	slow := s.watchGRPCGo(t)
	begin := new(watchMessage)
	if err := slow.RecvMsg(begin); err != nil || begin.GetHeartbeat() == nil {
		t.Fatalf("%v, %v", begin, err)
	}
	other := s.watch(t, "gRPC-Web, HTTP/1.1", &watchRequest{})
	var ids []string
	var saw, others seen
	for i := range 5 { // fewer at a time than the other may fall back
		ids = append(ids, s.assessSome(t, fmt.Sprint("p", i), 400, 100)...)
		others.upTo(t, other, len(ids))
	}
	others.checkAll(t, "the other", ids)

	var err error
	for err == nil {
		m := new(watchMessage)
		if err = slow.RecvMsg(m); err == nil {
			saw.add(m)
		}
	}
	if reason := reasonOf(status.Convert(err)); reason != "WATCHER_TOO_SLOW" || status.Code(err).String() != "ResourceExhausted" {
		t.Errorf("the slow one ends with %v, %s", err, reason)
	}
	if len(saw.ids) >= len(ids) {
		t.Errorf("the slow one saw all %d", len(ids))
	}
	saw.upTo(t, s.watch(t, "gRPC", &watchRequest{Cursor: saw.cursor}), len(ids))
	saw.checkAll(t, "the slow one, resumed", ids)
}

func TestARevokedKeyEndsItsStream(t *testing.T) {
	s := startServer(t, noModel)
	for over := range streamed {
		v := s.watch(t, over, &watchRequest{})
		other := s.watch(t, over, &watchRequest{})
		if over == "gRPC" { // one that lost its permission is the same
			changeRole(t, s, s.keys["analyst"], "client")
		} else {
			_, err := s.store.RevokeKey(t.Context(), strings.Split(s.keys["analyst"], "_")[1], time.Now(), "user:test")
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, v := range []*viewer{v, other} {
			for range v.messages {
			}
			if over == "gRPC" {
				wantReason(t, v.err, connect.CodePermissionDenied, "PERMISSION_DENIED")
				continue
			}
			wantReason(t, v.err, connect.CodeUnauthenticated, "UNAUTHENTICATED")
		}
		s.keys["analyst"] = newKey(t, s.store, "analyst")
	}
}

func TestWatchersDoNotHoldUpADrain(t *testing.T) {
	s := startFeed(t, feed.Options{})
	viewers := map[string]*viewer{}
	for over := range streamed {
		for i := range 5 {
			viewers[fmt.Sprint(over, i)] = s.watch(t, over, &watchRequest{MaxPerSecond: int32(5 * i)})
		}
	}
	stuck := s.watchGRPCGo(t) // takes nothing at all
	if err := stuck.RecvMsg(new(watchMessage)); err != nil {
		t.Fatal(err)
	}
	s.assessSome(t, "p", 100, 50)
	began := time.Now()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.stop(t)
		t.Logf("drained in %s", time.Since(began)) // a second of it is net/http's for idle connections of HTTP/2
	}()
	defer func() { <-stopped }()
	for over, v := range viewers {
		for range v.messages {
		}
		if connect.CodeOf(v.err) != connect.CodeUnavailable || client.Reason(v.err) != "SHUTTING_DOWN" {
			t.Errorf("%s: %v", over, v.err)
		}
	}
	t.Logf("all streams ended within %s", time.Since(began))
}

func TestASilentStreamBeats(t *testing.T) {
	t.Parallel() // it takes as long as a heartbeat
	s := startServer(t, noModel)
	v := s.watch(t, "gRPC-Web, HTTP/1.1", &watchRequest{})
	if m := <-v.messages; m.GetHeartbeat() == nil || m.Cursor == "" || m.AnswerTime != nil {
		t.Errorf("after a silence: %v", m)
	}
}

func TestWatchingIsRefusedByFieldAndRule(t *testing.T) {
	s := startFeed(t, feed.Options{MaxWatchers: 1})
	const zero = "AQAAAAAAAAAAAAAAAAAAAAA"
	for name, c := range map[string]struct {
		role   string
		req    *watchRequest
		code   connect.Code
		reason string
		says   string
	}{
		"no READ":              {"client", &watchRequest{}, connect.CodePermissionDenied, "PERMISSION_DENIED", "READ"},
		"too many a second":    {"analyst", &watchRequest{MaxPerSecond: 1001}, connect.CodeInvalidArgument, "INVALID_ARGUMENT", "max_per_second: "},
		"no cursor of ours":    {"analyst", &watchRequest{Cursor: "yesterday"}, connect.CodeInvalidArgument, "INVALID_ARGUMENT", "cursor: must be that of a message"},
		"of another version":   {"analyst", &watchRequest{Cursor: "AgAAAAAAAAAAAAAAAAAAAAA"}, connect.CodeInvalidArgument, "INVALID_ARGUMENT", "cursor: must be that of a message"},
		"loose bits":           {"analyst", &watchRequest{Cursor: zero[:22] + "B"}, connect.CodeInvalidArgument, "INVALID_ARGUMENT", "cursor: must be that of a message"},
		"below 0":              {"analyst", &watchRequest{Cursor: "Af__________AAAAAAAAAAA"}, connect.CodeInvalidArgument, "INVALID_ARGUMENT", "cursor: must be that of a message"},
		"of another store":     {"analyst", &watchRequest{Cursor: "AQAAAAAAAAABAAAAAAAAAAA"}, connect.CodeInvalidArgument, "INVALID_ARGUMENT", "cursor: must not be ahead of what is recorded"},
		"a filter's own rules": {"analyst", &watchRequest{Filter: &fraudactivityv1.Filter{AccountId: "a b"}}, connect.CodeInvalidArgument, "INVALID_ARGUMENT", "filter.account_id: "},
	} {
		for over := range streamed {
			v := s.tryWatch(t, over, s.keys[c.role], c.req)
			for m := range v.messages {
				t.Errorf("%s: %v", name, m)
			}
			if wantReason(t, v.err, c.code, c.reason); !strings.Contains(fmt.Sprint(v.err), c.says) {
				t.Errorf("%s over %s: %v, want …%s…", name, over, v.err, c.says)
			}
		}
	}
	s.watch(t, "gRPC", &watchRequest{Cursor: zero})
	v := s.tryWatch(t, "Connect", s.keys["analyst"], &watchRequest{})
	for range v.messages {
	}
	wantReason(t, v.err, connect.CodeResourceExhausted, "QUEUE_FULL")
}
