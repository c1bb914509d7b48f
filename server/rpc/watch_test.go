package rpc

import (
	"bufio"
	"errors"
	"math"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func FuzzACursorIsOursOrRefused(f *testing.F) {
	for _, p := range []fraud.Position{{}, {Assessment: 1}, {Outcome: 7}, {Assessment: math.MaxInt64, Outcome: math.MaxInt64}} {
		f.Add(cursor(p))
	}
	f.Add("")
	f.Add("AQAAAAAAAAAAAAAAAAAAAAB")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parseCursor(text)
		var refused *fraud.Error
		switch {
		case err != nil:
			if !errors.As(err, &refused) || refused.Reason != fraud.ReasonInvalidArgument || refused.Field != "cursor" {
				t.Errorf("%q: %v", text, err)
			}
		case p == nil && text == "":
		case cursor(*p) != text || p.Assessment < 0 || p.Outcome < 0:
			t.Errorf("%q is read as %v, which is %q", text, *p, cursor(*p))
		}
	})
}

func TestAMessageThatManySendIsAsIfEachWroteIt(t *testing.T) {
	m := &fraudactivityv1.WatchFraudActivityResponse{Cursor: "c", LeftOut: 2,
		Event: &fraudactivityv1.WatchFraudActivityResponse_FraudActivity{FraudActivity: &fraudactivityv1.FraudActivity{TransactionId: "a"}}}
	shared := encode(m)
	for range 2 {
		for name, c := range map[string]struct {
			write func(to []byte, msg any) ([]byte, error)
			read  func(from []byte, m proto.Message) error
		}{
			"proto": {protoCodec{}.MarshalAppend, proto.Unmarshal},
			"json":  {jsonCodec{}.MarshalAppend, protojson.Unmarshal},
		} {
			got, err := c.write([]byte("before"), shared)
			read := &fraudactivityv1.WatchFraudActivityResponse{}
			if err != nil || string(got[:6]) != "before" || c.read(got[6:], read) != nil || !proto.Equal(read, m) {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
	}
}

// pipes listens where each connection is a pipe in memory, which runs on fake
// time.
type pipes struct{ conns chan net.Conn }

func (p pipes) Accept() (net.Conn, error) {
	conn, ok := <-p.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }
func (p pipes) Close() error   { return nil }

func TestAStreamThatIsNotTakenEnds(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(s *streamWriter)
		takes   time.Duration
		reason  string
	}{
		"in time":                    {func(s *streamWriter) { s.extend(t.Context()) }, stallAfter, fraud.ReasonWatcherTooSlow},
		"sooner if the server stops": {func(s *streamWriter) { s.extend(t.Context()); s.hurry() }, hurryAfter, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ended := make(chan error, 1)
				began := time.Now()
				listener := pipes{make(chan net.Conn, 1)}
				server := &http.Server{Handler: streaming(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					c.prepare(streamWriterOf(r.Context()))
					var err error
					for err == nil {
						_, err = w.Write(make([]byte, 1000))
						w.(http.Flusher).Flush()
					}
					ended <- whyUnsent(time.Since(began), err)
				}))}
				go server.Serve(listener)
				ours, theirs := net.Pipe()
				listener.conns <- theirs
				if _, err := ours.Write([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n")); err != nil {
					t.Fatal(err)
				}
				res, err := http.ReadResponse(bufio.NewReader(ours), nil) // and no more
				if err != nil || !res.Close {
					t.Errorf("%v, %v: its connection may be used again", res, err)
				}
				err = <-ended
				var slow *fraud.Error
				if took := time.Since(began); took != c.takes || errors.As(err, &slow) != (c.reason != "") || c.reason == "" && !gone(err) {
					t.Errorf("ended after %s with %v, want after %s with %q", took, err, c.takes, c.reason)
				}
				ours.Close()
				close(listener.conns)
				server.Close()
			})
		})
	}
}
