package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/wassef911/grpcgoesbrrr/bench/load"
	"github.com/wassef911/grpcgoesbrrr/bench/result"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// perBatch is how many transactions a call of BatchGetFraudActivity asks about.
const perBatch = 1000

const servicePath = "/fraudactivity.v1.FraudActivityService/"

// getPaths are where GetFraudActivity is asked over HTTP.
var getPaths = map[string]string{
	result.ConnectJSON: servicePath + result.Get,
	result.REST:        "/api/FraudActivity",
}

// overHTTP is a closed loop by wrk; words are for wrk.lua.
func (b *bench) overHTTP(callers int, mode string, words ...string) offer {
	return func(ctx context.Context, t target, span time.Duration, ids *load.IDs) (load.Result, error) {
		all := append([]string{}, words...)
		if t.gateway != nil {
			all = append(all, "key="+t.gateway.key)
		}
		return load.HTTP{
			Script: filepath.Join(b.repo, "bench", "wrk.lua"), URL: t.url(), Callers: callers, For: span,
			Mode: mode, Words: all, IDs: ids,
		}.Run(ctx)
	}
}

// get asks about one fresh transaction a call.
func (b *bench) get(protocol string, callers int) offer {
	if protocol != result.GRPC {
		return b.overHTTP(callers, "get", "path="+getPaths[protocol])
	}
	return b.overGRPC(result.Get, callers, func(ids *load.IDs) (proto.Message, bool) {
		id, ok := ids.Next()
		return &fraudactivityv1.GetFraudActivityRequest{TransactionId: id}, ok
	})
}

// assess records one new transaction a call.
func (b *bench) assess(callers int) offer {
	return b.overHTTP(callers, "assess", "assess_path="+servicePath+result.Assess, b.newIDs())
}

// batch asks about perBatch fresh transactions a call.
func (b *bench) batch(protocol string, callers int) offer {
	if protocol != result.GRPC {
		return b.overHTTP(callers, "batch", "path="+servicePath+result.Batch, fmt.Sprintf("size=%d", perBatch))
	}
	return b.overGRPC(result.Batch, callers, func(ids *load.IDs) (proto.Message, bool) {
		request := &fraudactivityv1.BatchGetFraudActivityRequest{TransactionIds: make([]string, perBatch)}
		var ok bool
		for i := range request.TransactionIds {
			request.TransactionIds[i], ok = ids.Next()
		}
		return request, ok
	})
}

// overGRPC is a closed loop by ghz.
func (b *bench) overGRPC(call string, callers int, next func(*load.IDs) (proto.Message, bool)) offer {
	return func(ctx context.Context, t target, span time.Duration, ids *load.IDs) (load.Result, error) {
		descriptors, err := load.DescriptorSet(fraudactivityv1.File_fraudactivity_v1_service_proto)
		if err != nil {
			return load.Result{}, err
		}
		var key string
		if t.gateway != nil {
			key = t.gateway.key
		}
		return load.GRPC{
			Address: t.address, Call: strings.TrimPrefix(servicePath, "/") + call, Callers: callers, For: span,
			Key: key, Descriptors: descriptors, IDs: ids,
			Next: func() ([]byte, bool) {
				message, more := next(ids)
				request, err := proto.Marshal(message)
				return request, more && err == nil
			},
		}.Run(ctx)
	}
}

// inTurn gives out requests in turn, for ever.
func inTurn(requests [][]byte) func() ([]byte, bool) {
	var at atomic.Int64
	return func() ([]byte, bool) { return requests[int(at.Add(1))%len(requests)], true }
}

// open offers Gets at a fixed rate; at 0 as many as are answered. deadline is
// what calls bring; 0: none.
func (b *bench) open(rate float64, callers int, deadlineMillis string) offer {
	return func(ctx context.Context, t target, span time.Duration, ids *load.IDs) (load.Result, error) {
		header := headers(t.gateway.key)
		if deadlineMillis != "" {
			header.Set("Connect-Timeout-Ms", deadlineMillis)
		}
		return load.Open{
			URL: t.url() + getPaths[result.ConnectJSON], Rate: rate, Callers: callers, For: span, Header: header, IDs: ids,
			Body: func(id string) []byte { return []byte(`{"transaction_id":"` + id + `"}`) },
		}.Run(ctx)
	}
}
