package load

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// Open offers calls over HTTP/1.1 at a fixed rate, whether or not earlier ones
// are answered: free of coordinated omission. With Rate 0 it is a closed loop of
// Callers, which finds what this generator can offer at most.
type Open struct {
	URL     string  // of the call
	Rate    float64 // calls a second
	Callers int     // of the closed loop; at a rate as many as it takes
	For     time.Duration
	Header  http.Header
	Body    func(id string) []byte
	IDs     *IDs
}

// maxWaiting bounds the calls under way at a fixed rate. A run that reaches it
// offers less than it should, which its achieved rate then shows.
const maxWaiting = 8192

// Run runs vegeta within this process.
func (o Open) Run(ctx context.Context) (Result, error) {
	var ranOut atomic.Bool
	targeter := func(t *vegeta.Target) error {
		id, ok := o.IDs.Next()
		if !ok {
			ranOut.Store(true)
			return errRanOut
		}
		t.Method, t.URL, t.Header, t.Body = http.MethodPost, o.URL, o.Header, o.Body(id)
		return nil
	}
	workers, most := uint64(64), uint64(maxWaiting)
	pacer := vegeta.Rate{Freq: int(o.Rate), Per: time.Second}
	if o.Rate == 0 {
		workers, most = uint64(o.Callers), uint64(o.Callers)
	}
	attacker := vegeta.NewAttacker(vegeta.Workers(workers), vegeta.MaxWorkers(most), vegeta.Connections(maxWaiting),
		vegeta.HTTP2(false), vegeta.Timeout(10*time.Second), vegeta.Redirects(vegeta.NoFollow))
	stop := context.AfterFunc(ctx, func() { attacker.Stop() })
	defer stop()
	watched := watchCPU()
	var m vegeta.Metrics
	for seen := range attacker.Attack(targeter, pacer, o.For, "open") {
		m.Add(seen)
	}
	used := watched()
	m.Close()
	if ctx.Err() != nil {
		return Result{}, ctx.Err()
	}
	if ranOut.Load() {
		return Result{}, errRanOut
	}
	return o.result(&m, used), nil
}

func (o Open) result(m *vegeta.Metrics, cpuSeconds float64) Result {
	r := Result{
		Generator: "vegeta", Seconds: (m.Duration + m.Wait).Seconds(), Failures: map[string]int{},
		Offered: m.Rate, CPUSeconds: cpuSeconds, Used: o.IDs.Drawn(),
		Latency: Latency{
			P50: Micros(m.Latencies.P50), P90: Micros(m.Latencies.P90), P99: Micros(m.Latencies.P99),
			P999: Micros(m.Latencies.Quantile(.999)), Max: Micros(m.Latencies.Max),
		},
	}
	for code, count := range m.StatusCodes {
		if code == strconv.Itoa(http.StatusOK) {
			r.Answers = int64(count)
		} else {
			r.Failures["HTTP "+code] = count // 0: no answer
		}
	}
	if len(m.Errors) > 0 {
		r.Example = m.Errors[0]
	}
	return r
}
