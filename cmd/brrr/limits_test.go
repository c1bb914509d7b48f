package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// limitedFor asserts that a call was refused for its key's limits and told when to
// come again.
func limitedFor(t *testing.T, err error) {
	t.Helper()
	wantReason(t, err, connect.CodeResourceExhausted, "RATE_LIMITED")
	if after, ok := client.RetryAfter(err); !ok || after <= 0 {
		t.Errorf("no RetryInfo in %v", err)
	}
}

func TestAKeyIsHeldToItsItemsASecondOverEveryProtocol(t *testing.T) {
	s := startServer(t, noModel, "--key-items-per-second=0.001")
	s.recordSome(t) // three of the backend's thousand
	batch := &fraudactivityv1.BatchGetFraudActivityRequest{}
	for i := range 1000 {
		batch.TransactionIds = append(batch.TransactionIds, fmt.Sprint("x", i))
	}
	for role, options := range map[string][]connect.ClientOption{
		"client": {connect.WithGRPC()}, "analyst": {connect.WithGRPCWeb()}, "admin": {},
	} {
		service := client.New(s.url, s.keys[role], append(options, client.WithRetries(0))...)
		if _, err := service.BatchGetFraudActivity(t.Context(), batch); err != nil {
			t.Fatalf("%s: %v", role, err)
		}
		_, err := service.GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: "first"})
		limitedFor(t, err)
	}
	res, body := post1(t, s.url+"/api/FraudActivity", s.keys["client"], `{"transaction_id":"first"}`)
	if res.StatusCode != 429 {
		t.Errorf("the seed's path: %s %s", res.Status, body)
	}
}

func TestAKeyIsHeldToItsCallsAndStreamsUnderWay(t *testing.T) {
	host := &slowHost{asked: make(chan struct{}), release: make(chan struct{})}
	s := startServer(t, "--predictor="+startHost(t, host), "--key-calls=1", "--key-streams=1")
	s.awaitModel(t)
	s.recordSome(t)
	first := make(chan error, 1)
	go func() { first <- get(s, "first") }()
	<-host.asked
	once := client.New(s.url, s.keys["client"], client.WithRetries(0))
	_, err := once.GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: "second"})
	limitedFor(t, err)
	if _, err := s.client("analyst").GetModel(t.Context(), &fraudactivityv1.GetModelRequest{}); err != nil {
		t.Errorf("another key pays for it: %v", err)
	}
	close(host.release)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if err := get(s, "second"); err != nil {
		t.Errorf("once the first is answered: %v", err)
	}

	watched, leave := context.WithCancel(t.Context())
	for i := range 2 {
		stream, err := s.client("analyst").WatchFraudActivity(watched, &fraudactivityv1.WatchFraudActivityRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if got := stream.Receive(); got != (i == 0) {
			t.Fatalf("stream %d: received %v, %v", i, got, stream.Err())
		}
		if i == 1 {
			limitedFor(t, stream.Err())
		}
	}
	leave()
}

// Four calls of many keep the model busy; single calls of the same key and of
// another travel with the next batch all the same.
func TestCallsOfManyNeverStarveSingleOnes(t *testing.T) {
	s := startServer(t)
	s.awaitModel(t)
	s.recordSome(t)
	ids, rows := payments("bulk", 1000)
	if _, err := s.client("backend").RecordTransactions(t.Context(), &fraudactivityv1.RecordTransactionsRequest{Transactions: rows}); err != nil {
		t.Fatal(err)
	}
	busy, stop := context.WithCancel(t.Context())
	answered := make(chan error, 8)
	for range cap(answered) {
		go func() {
			for {
				_, err := s.client("backend").BatchGetFraudActivity(busy, &fraudactivityv1.BatchGetFraudActivityRequest{TransactionIds: ids})
				if busy.Err() != nil {
					answered <- nil
					return
				}
				if err != nil {
					answered <- err
					return
				}
			}
		}()
	}
	for range 12 {
		for _, role := range []string{"backend", "client"} {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			_, err := client.New(s.url, s.keys[role], client.WithRetries(0)).GetFraudActivity(ctx, &fraudactivityv1.GetFraudActivityRequest{TransactionId: "first"})
			cancel()
			if err != nil {
				t.Fatalf("a single call of %s: %v", role, err)
			}
		}
	}
	stop()
	for range cap(answered) {
		if err := <-answered; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}
