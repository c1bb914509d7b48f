package main

import (
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// fromTheFirst is the cursor of who has seen nothing.
const fromTheFirst = "AQAAAAAAAAAAAAAAAAAAAAA"

// drillWatch watches all that is assessed from one gateway after the other: it goes on
// at the next whenever a stream ends.
type drillWatch struct {
	services []client.Client
	stop     context.CancelFunc
	group    sync.WaitGroup

	mu      sync.Mutex
	shown   map[string]int // how often, by transaction and model
	streams int
}

func startDrillWatch(t *testing.T, urls []string, key string) *drillWatch {
	w := &drillWatch{shown: map[string]int{}}
	for _, url := range urls {
		w.services = append(w.services, client.New(url, key))
	}
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	w.group.Go(func() { w.watch(ctx) })
	t.Cleanup(w.end)
	return w
}

func (w *drillWatch) end() {
	w.stop()
	w.group.Wait()
}

func (w *drillWatch) watch(ctx context.Context) {
	cursor := fromTheFirst
	for i := 0; ctx.Err() == nil; i++ {
		stream, err := w.services[i%len(w.services)].WatchFraudActivity(ctx, &watchRequest{Cursor: cursor})
		if err == nil {
			for stream.Receive() {
				w.see(stream.Msg())
				cursor = stream.Msg().Cursor
			}
			stream.Close() // it has ended
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond): // a server that is away refuses at once
		}
	}
}

func (w *drillWatch) see(m *watchMessage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if m.GetHeartbeat() != nil {
		w.streams++
	}
	if a := m.GetFraudActivity(); a != nil {
		w.shown[a.TransactionId+" by "+a.Assessment.ModelVersion]++
	}
}

func (w *drillWatch) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.shown)
}

// check holds what was shown, and what is counted, to the record.
func (w *drillWatch) check(t *testing.T, d *drill) {
	t.Helper()
	record := readRecord(t, d.audit, nil)
	await(t, "all that is recorded on a stream", func() bool { return w.count() >= len(record) })
	w.end()
	for what, times := range w.shown {
		if times != 1 || record[what] == nil {
			t.Errorf("%s was shown %d times; the record has %v", what, times, record[what])
		}
	}
	var first, last *timestamppb.Timestamp
	flagged := 0
	for _, a := range record {
		at := a.Assessment.AssessedAt
		if first == nil || at.AsTime().Before(first.AsTime()) {
			first = at
		}
		if last == nil || at.AsTime().After(last.AsTime()) {
			last = at
		}
		if a.PredictedLabel {
			flagged++
		}
	}
	for i, url := range d.urls {
		sums, err := client.New(url, d.key).SummarizeFraudActivity(t.Context(), &fraudactivityv1.SummarizeFraudActivityRequest{
			From: first, To: timestamppb.New(last.AsTime().Add(time.Minute)), Buckets: 10})
		if err != nil {
			t.Fatal(err)
		}
		var assessed, alarms int64
		for _, b := range sums.Buckets {
			assessed, alarms = assessed+b.Assessed, alarms+b.Flagged
		}
		if int(assessed) != len(record) || int(alarms) != flagged {
			t.Errorf("gateway %d counts %d assessments, %d flagged; the record has %d and %d", i, assessed, alarms, len(record), flagged)
		}
	}
	t.Logf("%d assessments were shown once each, over %d messages that a stream begins or goes on; both gateways count as many", len(w.shown), w.streams)
}
