package predictor

import (
	"context"
	"errors"
	"strings"

	"connectrpc.com/connect"
)

// proxied names the application to a proxy of Ray Serve, and cuts errors that hold a
// stack trace to what they mean: so that whoever logs or tells them has no more.
type proxied struct{ application string }

// WrapUnary implements connect.Interceptor.
func (p proxied) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if p.application != "" {
			req.Header().Set("Application", p.application)
		}
		res, err := next(ctx, req)
		return res, withoutTrace(err)
	}
}

// WrapStreamingClient implements connect.Interceptor; hosts have no streams.
func (proxied) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// WrapStreamingHandler implements connect.Interceptor; this is a client.
func (proxied) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

// withoutTrace is the error that a host has sent, of one line.
func withoutTrace(err error) error {
	var sent *connect.Error
	if !errors.As(err, &sent) || !connect.IsWireError(err) || !strings.Contains(sent.Message(), "\n") {
		return err
	}
	return connect.NewWireError(sent.Code(), errors.New(meaning(sent.Message())))
}

// meaning is the line that tells what happened: the last one of a Python stack trace
// that is not indented, or the first one of anything else.
func meaning(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	told := strings.TrimSpace(lines[0])
	if !strings.Contains(text, "Traceback (most recent call last)") && !strings.Contains(text, `  File "`) {
		return told
	}
	for _, line := range lines {
		if line = strings.TrimRight(line, "\r "); line != "" && line[0] != ' ' && line[0] != '\t' {
			told = line
		}
	}
	return told
}
