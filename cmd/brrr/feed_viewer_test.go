package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/wassef911/grpcgoesbrrr/client"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
	"github.com/wassef911/grpcgoesbrrr/server/feed"
)

type (
	watchRequest = fraudactivityv1.WatchFraudActivityRequest
	watchMessage = fraudactivityv1.WatchFraudActivityResponse
)

// amountHost scores by the amount alone: a thousandth of it, flagged from 0.5 on.
type amountHost struct{ *modelHost }

func (h amountHost) PredictFraudBatch(_ context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
	reply := &fraud_detection.PredictFraudBatchResponse{ModelVersion: "amount", Threshold: 0.5}
	for _, amount := range req.Columns[0].Values {
		reply.FraudProbabilities = append(reply.FraudProbabilities, amount/1000)
		reply.PredictedLabels = append(reply.PredictedLabels, amount >= 500)
	}
	return reply, nil
}

// startFeed starts a server whose model is an amountHost, with bounds of its feed.
func startFeed(t *testing.T, bounds feed.Options) *testServer {
	t.Helper()
	return startFeedOn(t, t.TempDir(), bounds)
}

func startFeedOn(t *testing.T, data string, bounds feed.Options) *testServer {
	t.Helper()
	c := parseServe(t, data, "--predictor="+startHost(t, amountHost{newModelHost("amount")}))
	c.feed = bounds
	app, err := c.start(context.Background(), testLog(t))
	if err != nil {
		t.Fatal(err)
	}
	s := &testServer{app: app, data: data, keys: map[string]string{}}
	for _, role := range []string{"client", "backend", "analyst"} {
		s.keys[role] = newKey(t, app.store, role)
	}
	t.Cleanup(func() { s.stop(t) })
	s.awaitModel(t)
	return s
}

// stop stops it once.
func (s *testServer) stop(t *testing.T) {
	t.Helper()
	if s.app == nil {
		return
	}
	if err := s.close(10 * time.Second); err != nil {
		t.Error(err)
	}
	s.app = nil
}

// payments are n payments of one account each, every fourth of them to be flagged.
func payments(prefix string, n int) (ids []string, all []*fraudactivityv1.Transaction) {
	for i := range n {
		ids = append(ids, fmt.Sprintf("%s-%d", prefix, i))
		amount := 100 + float64(i%4)*150 + float64(i%7)
		all = append(all, &fraudactivityv1.Transaction{TransactionId: ids[i], AccountId: fmt.Sprint("card-", i%10), Amount: amount, Time: at(1_700_000_000)})
	}
	return ids, all
}

// assessSome records payments and assesses them, in calls of so many, some at once.
func (s *testServer) assessSome(t *testing.T, prefix string, n, each int) []string {
	t.Helper()
	ids, all := payments(prefix, n)
	for chunk := range slices.Chunk(all, maxItems) {
		if _, err := s.client("backend").RecordTransactions(t.Context(), &fraudactivityv1.RecordTransactionsRequest{Transactions: chunk}); err != nil {
			t.Fatal(err)
		}
	}
	var callers sync.WaitGroup
	calls := slices.Collect(slices.Chunk(ids, each))
	for caller := range 4 {
		callers.Go(func() {
			for i := caller; i < len(calls); i += 4 {
				s.check(t, calls[i]...)
			}
		})
	}
	callers.Wait()
	return ids
}

// viewer is one who watches.
type viewer struct {
	messages chan *watchMessage
	err      error // once messages is closed
}

// streamed are the ways to watch.
var streamed = map[string]func(url, key string) client.Client{
	"gRPC":    func(url, key string) client.Client { return client.New(url, key, connect.WithGRPC()) },
	"Connect": func(url, key string) client.Client { return client.New(url, key) },
	"Connect JSON, HTTP/1.1": func(url, key string) client.Client {
		return client.NewWithHTTP(http1, url, key, connect.WithProtoJSON())
	},
	"gRPC-Web, HTTP/1.1": func(url, key string) client.Client { return client.NewWithHTTP(http1, url, key, connect.WithGRPCWeb()) },
}

// watch begins to watch, and returns once the server has said so.
func (s *testServer) watch(t *testing.T, over string, req *watchRequest) *viewer {
	t.Helper()
	v := s.tryWatch(t, over, s.keys["analyst"], req)
	if first, ok := <-v.messages; !ok || first.GetHeartbeat() == nil || first.Cursor == "" || first.LeftOut != 0 {
		t.Fatalf("%s: the stream begins with %v, %v; want a heartbeat", over, first, v.err)
	}
	return v
}

func (s *testServer) tryWatch(t *testing.T, over, key string, req *watchRequest) *viewer {
	t.Helper()
	service := streamed[over](s.url, key)
	v := &viewer{messages: make(chan *watchMessage)}
	go func() {
		defer close(v.messages)
		stream, err := service.WatchFraudActivity(t.Context(), req)
		if err != nil {
			v.err = err
			return
		}
		defer stream.Close()
		for stream.Receive() {
			select {
			case v.messages <- proto.CloneOf(stream.Msg()):
			case <-t.Context().Done():
			}
		}
		v.err = stream.Err()
	}()
	return v
}

// next is the next message that is no heartbeat.
func (v *viewer) next(t *testing.T) *watchMessage {
	t.Helper()
	for m := range v.messages {
		if m.GetHeartbeat() == nil {
			return m
		}
	}
	t.Fatalf("the stream ended: %v", v.err)
	return nil
}

// seen tells what a watcher has been shown and told.
type seen struct {
	ids              []string
	leftOut, flagged int64 // left out, and flagged whether shown or left out
	cursor           string
}

func (s *seen) add(m *watchMessage) {
	if a := m.GetFraudActivity(); a != nil {
		s.ids = append(s.ids, a.TransactionId)
		if a.PredictedLabel {
			s.flagged++
		}
	}
	s.leftOut += m.LeftOut
	s.flagged += m.LeftOutFlagged
	s.cursor = m.Cursor
}

// upTo reads on until so many assessments were shown or left out.
func (s *seen) upTo(t *testing.T, v *viewer, n int) {
	t.Helper()
	for len(s.ids)+int(s.leftOut) < n {
		s.add(v.next(t))
	}
}

// checkAll wants each ID once.
func (s *seen) checkAll(t *testing.T, what string, want []string) {
	t.Helper()
	got := slices.Sorted(slices.Values(s.ids))
	if want := slices.Sorted(slices.Values(want)); !slices.Equal(got, want) {
		t.Errorf("%s: %d events, %d apart; want each of %d once", what, len(got), len(slices.Compact(got)), len(want))
	}
}

func reasonOf(s *status.Status) string {
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return info.Reason
		}
	}
	return ""
}

func (s *testServer) watchGRPCGo(t *testing.T) grpc.ClientStream {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+strings.TrimPrefix(s.url, "http://"),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithInitialWindowSize(1<<16))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+s.keys["analyst"])
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, fraudactivityv1connect.FraudActivityServiceWatchFraudActivityProcedure)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg(&watchRequest{}); err != nil {
		t.Fatal(err)
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	return stream
}
