package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/wassef911/grpcgoesbrrr/bench/load"
	"github.com/wassef911/grpcgoesbrrr/bench/result"
	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// way is how our service is asked about transactions that it never assessed.
type way struct {
	name string
	ask  func(ctx context.Context, g *gateway) ([]asked, error)
}

const full = fraudactivityv1.View_VIEW_FULL

// allWays are those of every protocol and call that is timed.
func allWays() []way {
	return []way{
		{"assess, " + result.ConnectJSON, askAssess},
		{"batch, " + result.ConnectJSON, askBatch},
		{result.REST, eachID(askREST)},
		{result.GRPC, eachID(overClient(func(g *gateway) client.Client {
			return client.NewWithHTTP(h2c(), g.url(), g.key, connect.WithGRPC(), client.WithRetries(0))
		}))},
		{result.ConnectJSON, eachID(overClient(overJSON))},
	}
}

// overJSON is a client as browsers have it: JSON over HTTP/1.1.
func overJSON(g *gateway) client.Client {
	return client.NewWithHTTP(http.DefaultClient, g.url(), g.key, connect.WithProtoJSON(), client.WithRetries(0))
}

// asker asks about one transaction.
type asker func(ctx context.Context, id string) (*fraudactivityv1.FraudActivity, error)

// overClient asks with one client about all.
func overClient(connected func(*gateway) client.Client) func(*gateway) asker {
	return func(g *gateway) asker {
		c := connected(g)
		return func(ctx context.Context, id string) (*fraudactivityv1.FraudActivity, error) {
			return c.GetFraudActivity(ctx, &fraudactivityv1.GetFraudActivityRequest{TransactionId: id, View: full})
		}
	}
}

// eachID asks about one fresh transaction after the other.
func eachID(connected func(*gateway) asker) func(context.Context, *gateway) ([]asked, error) {
	return func(ctx context.Context, g *gateway) ([]asked, error) {
		ids, err := g.draw(ctx, compared)
		if err != nil {
			return nil, err
		}
		return askEach(ctx, ids, connected(g))
	}
}

// askEach asks about one transaction after the other.
func askEach(ctx context.Context, ids []string, ask asker) ([]asked, error) {
	var all []asked
	for _, id := range ids {
		answer, err := ask(ctx, id)
		if err != nil {
			return nil, err
		}
		a, err := toAsked(id, answer)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// draw draws n fresh ids.
func (g *gateway) draw(ctx context.Context, n int64) ([]string, error) {
	share, err := g.share(ctx, n)
	if err != nil {
		return nil, err
	}
	var ids []string
	for id, ok := share.Next(); ok; id, ok = share.Next() {
		ids = append(ids, id)
	}
	return ids, nil
}

func askREST(g *gateway) asker {
	return func(ctx context.Context, id string) (*fraudactivityv1.FraudActivity, error) {
		code, text, err := post(ctx, g.url()+getPaths[result.REST], headers(g.key), fmt.Appendf(nil, `{"transaction_id":%q,"view":"VIEW_FULL"}`, id))
		if err != nil || code != http.StatusOK {
			return nil, fmt.Errorf("%d: %s: %w", code, text, err)
		}
		var answer fraudactivityv1.FraudActivity
		return &answer, protojson.Unmarshal(text, &answer)
	}
}

// post sends a body and reads the whole answer.
func post(ctx context.Context, url string, header http.Header, body []byte) (code int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header = header
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

// headers are those of a call in JSON.
func headers(key string) http.Header {
	return http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + key}}
}

func askBatch(ctx context.Context, g *gateway) ([]asked, error) { return askBatchOf(ctx, g, compared) }

// askBatchOf asks about n fresh transactions in one call.
func askBatchOf(ctx context.Context, g *gateway, n int64) ([]asked, error) {
	ids, err := g.draw(ctx, n)
	if err != nil {
		return nil, err
	}
	answer, err := overJSON(g).BatchGetFraudActivity(ctx, &fraudactivityv1.BatchGetFraudActivityRequest{TransactionIds: ids, View: full})
	if err != nil {
		return nil, err
	}
	if len(answer.Results) != len(ids) {
		return nil, fmt.Errorf("%d results for %d ids", len(answer.Results), len(ids))
	}
	var all []asked
	for i, r := range answer.Results {
		a, err := toAsked(ids[i], r.GetFraudActivity())
		if err != nil {
			return nil, fmt.Errorf("%w: %v", err, r.GetError())
		}
		all = append(all, a)
	}
	return all, nil
}

// askAssess asks about transactions that come along.
func askAssess(ctx context.Context, g *gateway) ([]asked, error) {
	var ids []string
	payments := map[string]*fraudactivityv1.Transaction{}
	when := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range compared {
		id := "equal-" + load.ID(int64(i))
		ids = append(ids, id)
		payments[id] = &fraudactivityv1.Transaction{
			TransactionId: id, AccountId: fmt.Sprintf("account-%07d", i), Amount: 1.25 * float64(1+i*i), Currency: "EUR",
			Time: timestamppb.New(when.Add(time.Duration(i) * 17 * time.Minute)),
		}
	}
	c := overJSON(g)
	return askEach(ctx, ids, func(ctx context.Context, id string) (*fraudactivityv1.FraudActivity, error) {
		return c.AssessTransaction(ctx, &fraudactivityv1.AssessTransactionRequest{View: full, Transaction: payments[id]})
	})
}
