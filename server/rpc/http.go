package rpc

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// SeedPath is where clients of the service's first version post to.
const SeedPath = "/api/FraudActivity"

// seedPath leads the seed's path to the one handler: same gate, same answers.
func seedPath(meter fraud.Meter) func(http.Handler) http.Handler {
	write := connect.NewErrorWriter()
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == SeedPath {
				if r.Method == http.MethodPost && !isJSON(r) {
					// Connect would answer 415 with nothing that tells why.
					write.Write(w, r, toConnect(r.Context(), fraud.InvalidArgument("content-type", "must be application/json")))
					meter.Call(fraud.CallEnd{Procedure: procedureNames[SeedPath], Code: fraud.CodeUnread})
					return
				}
				r.URL.Path = fraudactivityv1connect.FraudActivityServiceGetFraudActivityProcedure
			}
			next.ServeHTTP(w, r)
		})
	}
}

// isJSON reports whether the body is JSON as Connect reads it: in UTF-8, which
// need not be said.
func isJSON(r *http.Request) bool {
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	utf8 := len(parameters) == 0 || len(parameters) == 1 && strings.EqualFold(parameters["charset"], "utf-8")
	return err == nil && kind == "application/json" && utf8
}

// limitBody bounds what is read of a body as it comes, before it is inflated, and opens
// the request's scope: both are done in one copy of it.
func limitBody(bytes int64) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// A copy: by the body of its own request the server knows whether a
			// connection of HTTP/1.1 can be used again. With another in its place, what
			// is left of a body that was refused would be read as the next request.
			limited := r.WithContext(openScope(r.Context(), r.Header))
			limited.Body = timelyBody{http.MaxBytesReader(w, r.Body, bytes), limited}
			next.ServeHTTP(w, limited)
		})
	}
}

// timelyBody says what it means that a body did not come in time. Connect would tell
// callers the system's words, which have the server's address.
type timelyBody struct {
	io.ReadCloser
	of *http.Request
}

func (b timelyBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		scopeOf(b.of.Context()).reason = fraud.ReasonDeadlineExceeded
		err = toConnect(b.of.Context(), &fraud.Error{Reason: fraud.ReasonDeadlineExceeded, Message: "the request did not come in time", Cause: err})
	}
	return n, err
}

// CheckOrigins refuses an origin that no browser would send.
func CheckOrigins(origins []string) error {
	if slices.Contains(origins, "") {
		return errors.New("cors-origin: must not be empty")
	}
	return nil
}
