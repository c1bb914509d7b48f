package tracing

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func open(t testing.TB, o Options) *Tracer {
	t.Helper()
	o.Endpoint, o.Log = "http://127.0.0.1:1", slog.New(slog.NewTextHandler(io.Discard, nil))
	tracer, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // nothing listens
		tracer.Close(ctx)
	})
	return tracer
}

// traced counts the calls of n that are traced.
func traced(tracer *Tracer, n int, parent string) int {
	count := 0
	for range n {
		if _, span := tracer.Call(context.Background(), fraud.Arrival{Procedure: "/s/M", TraceParent: parent, Began: time.Now()}); span != fraud.Untraced {
			span.End("")
			count++
		}
	}
	return count
}

// A caller that says of all its calls that it traces them is followed a few times, and
// then sampled like all others, whatever the ID of its trace is.
func TestCallersCannotHaveAllTheirCallsTraced(t *testing.T) {
	const slow = 1e-6 // a second
	if n := traced(open(t, Options{Followed: slow}), 1000, sampled); n != 1 {
		t.Errorf("%d of 1,000 calls were traced, want the first", n)
	}
	lucky := "00-00000000000000000000000000000001-b7ad6b7169203331-01" // sampled by any rule that goes by the ID
	if n := traced(open(t, Options{Followed: slow, Sample: 0.1}), 10_000, lucky); n < 700 || n > 1300 {
		t.Errorf("%d of 10,000 calls were traced, want about a tenth", n)
	}
	if n := traced(open(t, Options{Sample: 1, Followed: 10}), 100, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"); n != 0 {
		t.Errorf("%d calls were traced whose callers do not trace them", n)
	}
}

// What is not traced is free.
func TestUntracedCallsAllocateNothing(t *testing.T) {
	tracer := open(t, Options{Sample: 0, Followed: 10})
	ctx := t.Context()
	if n := testing.AllocsPerRun(1000, func() {
		ctx, call := tracer.Call(ctx, fraud.Arrival{Procedure: "/s/M", Began: time.Now()})
		ctx, batch := fraud.SpanOf(ctx).Begin(ctx, "batch")
		batch.Link(call)
		call.Past("queue", time.Time{}, time.Time{})
		asking, _ := fraud.SpanOf(ctx).Ask(ctx, "/s/M")
		asking.Number("rows", 1)
		asking.End("")
		batch.End("")
		call.End("")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCall(b *testing.B) {
	for name, o := range map[string]Options{"not sampled": {}, "sampled": {Sample: 1}} {
		b.Run(name, func(b *testing.B) {
			tracer := open(b, o)
			b.ReportAllocs()
			for b.Loop() {
				traced(tracer, 1, "")
			}
		})
	}
}

func TestHeadersAreReadOrRefusedByTheirLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "headers")
	for text, says := range map[string]string{
		"# a comment\n\nAuthorization: Bearer x\r\nX-Scope: a:b\n": "",
		"a-secret\n":                 "line 1 must be NAME: VALUE",
		"A: b\nbad name: a-secret\n": "line 2 must",
		"A: a-secret\x00\n":          "line 1 must",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		headers, err := readHeaders(file)
		switch {
		case says == "" && (err != nil || headers.Get("Authorization") != "Bearer x" || headers.Get("X-Scope") != "a:b"):
			t.Errorf("%q: %v, %v", text, headers, err)
		case says != "" && (err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "a-secret")):
			t.Errorf("%q: %v, want %s", text, err, says)
		}
	}
	if _, err := Open(Options{Endpoint: "http://127.0.0.1:1", HeadersFile: file + "-gone"}); err == nil {
		t.Error("opened without its headers")
	}
}

func TestEndpointsThatAreNoneAreRefused(t *testing.T) {
	for endpoint, fits := range map[string]bool{
		"http://127.0.0.1:4318": true, "https://collector.example/otlp/": true,
		"": false, "127.0.0.1:4318": false, "grpc://x:4317": false, "http://": false, "http://me:secret@x": false, "http://x/?token=secret": false, "http://x/#y": false,
	} {
		err := CheckEndpoint(endpoint)
		if (err == nil) != fits || err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}
