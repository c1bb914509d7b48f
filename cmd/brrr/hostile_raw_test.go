package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// rawH2 speaks HTTP/2 frame by frame, without any of its manners.
type rawH2 struct {
	*http2.Framer
	conn    net.Conn
	out     *bufio.Writer
	key     string
	t       *testing.T
	head    bytes.Buffer
	encoder *hpack.Encoder
}

// raw opens a connection with these settings.
func (v *target) raw(settings ...http2.Setting) *rawH2 {
	v.t.Helper()
	conn := v.dial(http2.ClientPreface)
	r := &rawH2{t: v.t, conn: conn, key: v.keys["client"], out: bufio.NewWriterSize(conn, 64<<10)}
	r.Framer = http2.NewFramer(r.out, conn)
	r.encoder = hpack.NewEncoder(&r.head)
	r.must(r.WriteSettings(settings...))
	return r
}

func (r *rawH2) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// call is the block of a call's headers.
func (r *rawH2) call(path, key string) []byte {
	r.head.Reset()
	for _, field := range []hpack.HeaderField{
		{Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "http"}, {Name: ":authority", Value: "a"}, {Name: ":path", Value: path},
		{Name: "content-type", Value: "application/grpc"}, {Name: "authorization", Value: "Bearer " + key},
	} {
		r.must(r.encoder.WriteField(field))
	}
	return r.head.Bytes()
}

// begin sends a call's headers, after which comes a body.
func (r *rawH2) begin(stream uint32, path, key string) error {
	return r.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: r.call(path, key), EndHeaders: true})
}

// until reads frames up to one that is wanted, or the connection's end, which is nil.
func (r *rawH2) until(wanted func(http2.Frame) bool) http2.Frame {
	r.t.Helper()
	r.must(r.out.Flush())
	for {
		frame, err := r.ReadFrame()
		switch {
		case errors.Is(err, io.EOF) || isReset(err):
			return nil
		case err != nil:
			r.t.Fatal(err)
		case wanted(frame):
			return frame
		}
	}
}

// ends tells whether a frame ends a stream.
func ends(stream uint32) func(http2.Frame) bool {
	return func(f http2.Frame) bool {
		if f.Header().StreamID != stream {
			return false
		}
		_, reset := f.(*http2.RSTStreamFrame)
		return reset || f.Header().Type != http2.FrameWindowUpdate && f.Header().Flags.Has(http2.FlagDataEndStream)
	}
}
