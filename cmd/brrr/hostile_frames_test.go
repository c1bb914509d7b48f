package main

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
)

const getPath = fraudactivityv1connect.FraudActivityServiceGetFraudActivityProcedure

// frameFlood is what costs the server work and its sender next to none, in waves.
type frameFlood struct {
	begin func(r *rawH2) error // may be nil
	wave  func(r *rawH2, n int) error
	waves int
	ends  bool // the connection, before the last wave; otherwise it may
}

var frameFloods = map[string]frameFlood{
	"headers without end":            {openHead, func(r *rawH2, n int) error { return r.WriteContinuation(1, false, literal(n)) }, 10_000, true},
	"headers without end or content": {openHead, func(r *rawH2, _ int) error { return r.WriteContinuation(1, false, nil) }, 100_000, false},
	"calls that are reset at once": {nil, func(r *rawH2, n int) error {
		if err := r.begin(uint32(2*n+1), getPath, r.key); err != nil {
			return err
		}
		return r.WriteRSTStream(uint32(2*n+1), http2.ErrCodeCancel)
	}, 20_000, false},
	"calls that are reset by the server": {nil, func(r *rawH2, n int) error {
		if err := r.begin(uint32(2*n+1), getPath, r.key); err != nil {
			return err
		}
		return r.WriteRawFrame(http2.FrameWindowUpdate, 0, uint32(2*n+1), make([]byte, 4)) // by nothing: an error
	}, 20_000, false},
	"more calls than may be":           {nil, func(r *rawH2, n int) error { return r.begin(uint32(2*n+1), getPath, r.key) }, 20_000, false},
	"pings whose answers are not read": {nil, func(r *rawH2, _ int) error { return r.WritePing(false, [8]byte{}) }, 5_000_000, true},
	"settings": {nil, func(r *rawH2, n int) error { // one answer for all that came meanwhile
		return r.WriteSettings(http2.Setting{ID: http2.SettingHeaderTableSize, Val: uint32(n)})
	}, 100_000, false},
	"a frame that is too large": {nil, func(r *rawH2, _ int) error { return r.WriteRawFrame(http2.FrameData, 0, 1, make([]byte, 1<<20)) }, 100, true},
}

func openHead(r *rawH2) error {
	return r.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: r.call(getPath, r.key)})
}

func TestFloodsOfFramesCostLittleAndHoldNobodyUp(t *testing.T) {
	v := startTarget(t, nil)
	for name, flood := range frameFloods {
		t.Run(name, func(t *testing.T) {
			answered := make(chan error, 1)
			go func() { answered <- v.ask(50) }()
			r := v.raw()
			err := flood.send(r)
			v.bounded()
			if err := <-answered; err != nil {
				t.Errorf("meanwhile: %v", err)
			}
			if flood.ends && err == nil {
				t.Error("the connection was not ended")
			}
			r.conn.Close()
		})
	}
	v.over()
}

// send sends all waves, or until the connection ends.
func (f frameFlood) send(r *rawH2) error {
	if f.begin != nil {
		if err := f.begin(r); err != nil {
			return err
		}
	}
	for n := range f.waves {
		if err := f.wave(r, n); err != nil {
			return err
		}
	}
	return r.out.Flush()
}

// literal is a header of 8 KiB that no table holds.
func literal(n int) []byte {
	name := "x-" + strings.Repeat(string(rune('a'+n%26)), 60)
	value := strings.Repeat("v", 8<<10)
	block := append([]byte{0x10, byte(len(name))}, name...) // never indexed
	block = append(block, 0x7f, 0x81, 0x3f)                 // 127 + 8,065 bytes
	return append(block, value...)
}

func TestABodyThatTricklesOverHTTP2IsCutOff(t *testing.T) {
	v := startTarget(t, shortly)
	r := v.raw()
	const calls = 100
	for n := range uint32(calls) {
		r.must(r.begin(2*n+1, getPath, r.key))
		r.must(r.WriteData(2*n+1, false, []byte{0})) // of an envelope's five bytes
	}
	r.must(r.out.Flush())
	v.bounded()
	v.honest("meanwhile")
	for ended := 0; ended < calls; ended++ {
		if r.until(func(f http2.Frame) bool { return f.Header().StreamID > 0 && ends(f.Header().StreamID)(f) }) == nil {
			t.Fatal("the connection ended, and not its calls alone")
		}
	}
	r.conn.Close()
	v.over()
}

// TestAnswersThatAreNotTakenAreGivenUp asks for answers that the window of HTTP/2 has
// no room for.
func TestAnswersThatAreNotTakenAreGivenUp(t *testing.T) {
	v := startTarget(t, func(s *httpSettings) { s.answer = time.Second })
	r := v.raw(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
	const calls = 200
	for n := range uint32(calls) {
		r.must(r.begin(2*n+1, fraudactivityv1connect.FraudActivityServiceGetCallerProcedure, r.key))
		r.must(r.WriteData(2*n+1, true, make([]byte, 5)))
	}
	r.must(r.out.Flush())
	v.bounded()
	v.honest("meanwhile")
	for range calls {
		f := r.until(func(f http2.Frame) bool { _, ok := f.(*http2.RSTStreamFrame); return ok })
		if f == nil {
			t.Fatal("the connection ended, and not its calls alone")
		}
	}
	r.conn.Close()
	v.over()
}
