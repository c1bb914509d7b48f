package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
)

// drillCallers ask at once.
const drillCallers = 24

// noReason stands for the end of a caller's own deadline, which the caller's own
// library tells.
const noReason = "caller's deadline"

// drillLoad asks the service steadily, without repeating what failed, and holds
// each answer to the truth as it comes.
type drillLoad struct {
	t       *testing.T
	truth   *drillTruth
	ledger  *ledger
	stage   atomic.Pointer[tally]
	ending  chan struct{}
	group   sync.WaitGroup
	callers []*drillCaller
	secret  []string // no error may tell
	pulse   pulse

	wrong, forbidden atomic.Int64 // answers; errors that may not be
}

// startDrillLoad begins with a stage in which nothing is broken.
func startDrillLoad(t *testing.T, s drillSetting, urls []string, key string, secret ...string) *drillLoad {
	l := &drillLoad{t: t, truth: s.truth, ledger: &ledger{}, ending: make(chan struct{}),
		secret: append(secret, hostSecret, "Traceback", ".py", ".go:", "goroutine", "sqlite", "SQL", "SELECT", "pgx", root)}
	l.stage.Store(newTally(ordinary...))
	for i := range drillCallers {
		c := &drillCaller{load: l, name: fmt.Sprint("c", i), rng: rand.New(rand.NewPCG(uint64(i), 7)), latest: map[string]acknowledged{}, patience: s.patience}
		if i == 0 {
			c.patience = s.size.patient
		}
		over := drillHTTP(i%3 == 0)
		for _, url := range urls {
			options := slices.Concat(drillProtocols[i%3], []connect.ClientOption{client.WithRetries(0)}, s.options)
			c.services = append(c.services, client.NewWithHTTP(over, url, key, options...))
		}
		l.callers = append(l.callers, c)
		l.group.Go(func() { defer over.CloseIdleConnections(); c.run(s.size.pace) })
	}
	return l
}

// drillProtocols are what callers speak, in turn; the first over HTTP/2 alone.
var drillProtocols = [][]connect.ClientOption{{connect.WithGRPC()}, {connect.WithProtoJSON()}, {connect.WithGRPCWeb()}}

func drillHTTP(http2 bool) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!http2)
	protocols.SetUnencryptedHTTP2(http2)
	return &http.Client{Transport: &http.Transport{Protocols: protocols, DialContext: followed(new(net.Dialer).DialContext)}}
}

// answered counts a call's answers; scored says that the model made one just now.
func (l *drillLoad) answered(stage *tally, items int, scored bool) {
	stage.answered(items, scored)
	if scored {
		l.pulse.beat()
	}
}

// enter begins a stage: what begins from now on is counted apart.
func (l *drillLoad) enter(allowed ...string) *tally {
	next := newTally(allowed...)
	l.stage.Store(next)
	return next
}

// stop ends the load once the calls under way have ended.
func (l *drillLoad) stop() {
	select {
	case <-l.ending:
	default:
		close(l.ending)
	}
	l.group.Wait()
}

// call makes one with a deadline of its own, and judges its error.
func (c *drillCaller) call(do func(context.Context) error) (*tally, bool) {
	stage, deadline := c.load.stage.Load(), c.patience
	if deadline == 0 {
		deadline = time.Second + time.Duration(c.rng.Int64N(int64(2*time.Second)))
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	began := time.Now()
	c.service = c.services[c.rng.IntN(len(c.services))]
	err := do(ctx)
	if err == nil {
		return stage, true
	}
	c.load.refused(stage, whyFailed(ctx, err), err.Error(), time.Since(began), deadline)
	return stage, false
}

// refused counts an error. It may be one of the stage in which its call began, or
// of that in which it ends.
func (l *drillLoad) refused(stage *tally, reason, text string, took, deadline time.Duration) {
	stage.refused(reason, took, deadline)
	general, _, _ := strings.Cut(reason, ":")
	if !stage.allowed[general] && !l.stage.Load().allowed[general] && l.forbidden.Add(1) <= 5 {
		l.t.Errorf("an error that may not be: %s: %s", reason, text)
	}
	for _, secret := range l.secret {
		if strings.Contains(text, secret) && l.forbidden.Add(1) <= 5 {
			l.t.Errorf("an error tells %q: %s", secret, text)
		}
	}
}

// untrue counts an answer that is not what it must be, and tells of the first few
// of each stage.
func (l *drillLoad) untrue(format string, args ...any) {
	l.wrong.Add(1)
	if l.stage.Load().untrue.Add(1) <= 3 {
		l.t.Errorf("wrong: "+format, args...)
	}
}
