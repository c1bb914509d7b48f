package rpc

import (
	"compress/gzip"
	"errors"
	"io"

	"connectrpc.com/connect"
)

// gunzip inflates what a message may have and one byte more, by which Connect sees
// that it is too large. Connect's own goes on to the end, to tell how large: 2 MiB
// may come to 2 GiB, which are seconds of a processor.
type gunzip struct {
	gzip.Reader
	most, left int64
}

var errInflated = errors.New("the rest is not inflated")

// Read implements connect.Decompressor.
func (g *gunzip) Read(p []byte) (int, error) {
	if g.left <= 0 {
		return 0, errInflated
	}
	n, err := g.Reader.Read(p[:min(int64(len(p)), g.left)])
	g.left -= int64(n)
	return n, err
}

// Reset implements connect.Decompressor.
func (g *gunzip) Reset(from io.Reader) error {
	g.left = g.most + 1
	return g.Reader.Reset(from)
}

// boundedGzip is gzip both ways, for messages of up to so many bytes.
func boundedGzip(most int) connect.HandlerOption {
	return connect.WithCompression("gzip",
		func() connect.Decompressor { return &gunzip{most: int64(most)} },
		func() connect.Compressor { return gzip.NewWriter(io.Discard) })
}
