package rpc

import (
	"google.golang.org/protobuf/types/known/durationpb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/assess"
	"github.com/wassef911/grpcgoesbrrr/server/feed"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Feed is what WatchFraudActivity streams from. Watchers of the same share
// messages.
type Feed = feed.Hub[*encoded]

// NewFeed makes a Feed of what is recorded in store. The messages tell how long
// assessor's answers take.
func NewFeed(store fraud.Feed, assessor *assess.Assessor, opts feed.Options) *Feed {
	return feed.New(store, func(e feed.Event) *encoded { return encode(fromEvent(e, assessor)) }, opts)
}

func fromEvent(e feed.Event, assessor *assess.Assessor) *fraudactivityv1.WatchFraudActivityResponse {
	out := &fraudactivityv1.WatchFraudActivityResponse{Cursor: cursor(e.After), AnswerTime: answerTime(assessor),
		LeftOut: e.LeftOut, LeftOutFlagged: e.LeftOutFlagged}
	if e.Outcome != nil {
		out.Event = &fraudactivityv1.WatchFraudActivityResponse_Outcome{Outcome: fromOutcome(*e.Outcome)}
		return out
	}
	shown := fromListed(*e.Assessment)
	shown.Assessment.FromRecord = false // it is shown as it was when it was made
	out.Event = &fraudactivityv1.WatchFraudActivityResponse_FraudActivity{FraudActivity: shown}
	return out
}

func heartbeat(after fraud.Position, assessor *assess.Assessor) *encoded {
	return encode(&fraudactivityv1.WatchFraudActivityResponse{Cursor: cursor(after), AnswerTime: answerTime(assessor),
		Event: &fraudactivityv1.WatchFraudActivityResponse_Heartbeat_{Heartbeat: &fraudactivityv1.WatchFraudActivityResponse_Heartbeat{}}})
}

func answerTime(assessor *assess.Assessor) *durationpb.Duration {
	mean, ok := assessor.AnswerTime()
	if !ok {
		return nil
	}
	return durationpb.New(mean)
}
