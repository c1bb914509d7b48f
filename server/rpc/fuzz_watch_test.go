package rpc

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
	"github.com/wassef911/grpcgoesbrrr/server/feed"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// FuzzWatch begins to watch with any bytes, reads what there is, and goes away.
func FuzzWatch(f *testing.F) {
	w := newFuzzed(f)
	for _, filter := range filters() {
		addWatch(f, &fraudactivityv1.WatchFraudActivityRequest{Filter: filter, Cursor: cursor(fraud.Position{}), Outcomes: true})
	}
	for _, position := range []fraud.Position{{Assessment: 20, Outcome: 10}, {Assessment: 21}, {Outcome: 1 << 62}} {
		addWatch(f, &fraudactivityv1.WatchFraudActivityRequest{Cursor: cursor(position), MaxPerSecond: 1})
	}
	addWatch(f, &fraudactivityv1.WatchFraudActivityRequest{Cursor: "AQ"})
	addWatch(f, &fraudactivityv1.WatchFraudActivityRequest{MaxPerSecond: -1})
	f.Fuzz(func(t *testing.T, request []byte) {
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		cfg := w.cfg
		cfg.Feed = NewFeed(&leftAtOnce{Feed: w.store, leave: leave}, cfg.Assessor, feed.Options{Every: time.Millisecond})
		defer cfg.Feed.Close()
		watched := *w
		watched.handler = NewHandler(cfg)
		enveloped := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(request))), request...)
		res := watched.post(ctx, fraudactivityv1connect.FraudActivityServiceWatchFraudActivityProcedure, "application/connect+proto", enveloped)
		if res.Code != http.StatusOK {
			t.Fatalf("status %d: %s", res.Code, res.Body)
		}
		w.wantStream(t, res.Body.Bytes())
	})
}

func addWatch(f *testing.F, req *fraudactivityv1.WatchFraudActivityRequest) {
	f.Helper()
	if data, err := proto.Marshal(req); err == nil {
		f.Add(data)
	}
}

// leftAtOnce is a feed whose watcher leaves when it is asked for news twice, which
// is after what there was.
type leftAtOnce struct {
	fraud.Feed
	leave context.CancelFunc
	asked int // by one goroutine after the other
}

func (l *leftAtOnce) FeedEnd(ctx context.Context) (fraud.Position, error) {
	if l.asked++; l.asked > 2 {
		l.leave()
	}
	return l.Feed.FeedEnd(ctx)
}

// wantStream wants messages, and at their end that the caller went away or that
// its request is at fault.
func (w *fuzzed) wantStream(t *testing.T, stream []byte) {
	t.Helper()
	for len(stream) >= 5 {
		flags, size := stream[0], int(binary.BigEndian.Uint32(stream[1:]))
		if len(stream) < 5+size {
			break
		}
		message := stream[5 : 5+size]
		stream = stream[5+size:]
		if flags&2 == 0 {
			if err := proto.Unmarshal(message, &fraudactivityv1.WatchFraudActivityResponse{}); err != nil {
				t.Fatal(err)
			}
			continue
		}
		var end struct {
			Error struct{ Code string }
		}
		if err := json.Unmarshal(message, &end); err != nil {
			t.Fatalf("%s: %v", message, err)
		}
		if end.Error.Code != "canceled" {
			w.wantDesigned(t, "watch", errorIn(message), fraud.ReasonInvalidArgument)
		}
		return
	}
	t.Fatalf("the stream has no end: %q", stream)
}

// errorIn is the error within the last message of a stream.
func errorIn(end []byte) []byte {
	var message struct{ Error json.RawMessage }
	_ = json.Unmarshal(end, &message)
	return message.Error
}
