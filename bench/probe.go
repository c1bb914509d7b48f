package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	"github.com/wassef911/grpcgoesbrrr/bench/load"
	"github.com/wassef911/grpcgoesbrrr/bench/result"
)

// probeEvery is the pace of the caller that looks at refusals.
const probeEvery = 25 * time.Millisecond

// probed adds to a run one more caller, who keeps what it is told.
func (b *bench) probed(c result.Cell, deadlineMillis int, run offer) offer {
	return func(ctx context.Context, t target, span time.Duration, ids *load.IDs) (load.Result, error) {
		p := prober{result.Probe{Cell: c.Name(), Codes: map[string]int{}}, nil}
		probing, stop := context.WithCancel(ctx)
		var done sync.WaitGroup
		done.Go(func() { p.run(probing, t, deadlineMillis) })
		r, err := run(ctx, t, span, ids)
		stop()
		done.Wait()
		// What was seen while warming up does not count.
		b.run.Overload = slices.DeleteFunc(b.run.Overload, func(seen result.Probe) bool { return seen.Cell == c.Name() })
		b.run.Overload = append(b.run.Overload, p.summary())
		return r, err
	}
}

// prober is one caller at a slow pace. It asks about transactions that are not
// recorded: those are let in or refused like any, and count as nobody's answer.
type prober struct {
	result.Probe
	refusedIn []time.Duration
}

func (p *prober) run(ctx context.Context, t target, deadlineMillis int) {
	header := headers(t.gateway.key)
	if deadlineMillis > 0 {
		header.Set("Connect-Timeout-Ms", strconv.Itoa(deadlineMillis))
	}
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		began := time.Now()
		code, body, err := post(ctx, t.url()+getPaths[result.ConnectJSON], header, []byte(`{"transaction_id":"probe"}`))
		if ctx.Err() == nil {
			p.add(code, body, err, time.Since(began))
		}
	}
}

func (p *prober) add(status int, body []byte, err error, took time.Duration) {
	answer, code := readError(body), ""
	switch {
	case err != nil:
		code = "no answer"
	case answer.Code == "not_found": // it was let in
		code = "ok"
	default:
		code = answer.Code
	}
	p.Codes[code]++
	if status != http.StatusTooManyRequests {
		return
	}
	p.refusedIn = append(p.refusedIn, took)
	if after, ok := answer.retryAfter(); ok {
		p.RetryInfo, p.RetryAfter = p.RetryInfo || len(p.refusedIn) == 1, after.String()
	} else {
		p.RetryInfo = false
	}
	p.Refusal = string(body)
}

func (p *prober) summary() result.Probe {
	if len(p.refusedIn) > 0 {
		slices.Sort(p.refusedIn)
		p.RefusedIn = load.Micros(p.refusedIn[len(p.refusedIn)/2]) / 1000
	}
	return p.Probe
}

// connectError is an error in Connect's JSON.
type connectError struct {
	Code    string `json:"code"`
	Details []struct {
		Type  string `json:"type"`
		Value string `json:"value"` // base64 without padding
	} `json:"details"`
}

func readError(body []byte) connectError {
	var e connectError
	_ = json.Unmarshal(body, &e) // an answer that is no error has no code
	return e
}

// retryAfter is what the error's RetryInfo says.
func (e connectError) retryAfter() (time.Duration, bool) {
	for _, d := range e.Details {
		if d.Type != "google.rpc.RetryInfo" {
			continue
		}
		var info errdetails.RetryInfo
		raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(d.Value, "="))
		if err == nil && proto.Unmarshal(raw, &info) == nil && info.RetryDelay != nil {
			return info.RetryDelay.AsDuration(), true
		}
	}
	return 0, false
}
