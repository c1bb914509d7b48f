package rpc

import (
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/assess"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// shedder refuses single calls before anything else is done for them: those that
// would be refused anyway, and those that the processors cannot keep up with.
// Decoding a call and writing why it is refused costs as much as a third of
// answering it: of three times as many calls as can be answered, next to none would
// be.
type shedder struct {
	assessor *assess.Assessor
	pressure *Pressure // nil: the processors keep up with anything
	callers  *access.Callers
	meter    fraud.Meter
	log      *slog.Logger
	refusals sync.Map // by refusalOf: *refusal
}

// refusalOf tells refusals apart: few of them, which are written once.
type refusalOf struct {
	contentType string
	after       time.Duration // until a repeat
}

// refusal is a response as Connect writes it, kept.
type refusal struct {
	header http.Header
	status int
	body   []byte
}

func (r *refusal) Header() http.Header    { return r.header }
func (r *refusal) WriteHeader(status int) { r.status = status }
func (r *refusal) Write(body []byte) (int, error) {
	r.body = append(r.body, body...)
	return len(body), nil
}

// shedPaths are those of calls about one transaction.
var shedPaths = map[string]bool{
	SeedPath: true,
	fraudactivityv1connect.FraudActivityServiceGetFraudActivityProcedure:  true,
	fraudactivityv1connect.FraudActivityServiceAssessTransactionProcedure: true,
}

// shedTypes are the content types that callers send. Others are refused further in.
var shedTypes = []string{"application/json", "application/proto", "application/grpc", "application/grpc+proto",
	"application/grpc-web+proto", "application/grpc-web"}

// layer lets calls pass that may be answered.
func (s *shedder) layer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if shedPaths[r.URL.Path] && slices.Contains(shedTypes, r.Header.Get("Content-Type")) {
			began := time.Now()
			if err := s.tooMuch(s.callers.Claimed(r.Header.Get("Authorization"))); err != nil {
				s.refuse(w, r, err)
				reason := fraud.ReasonOf(err)
				s.meter.Call(fraud.CallEnd{Procedure: procedureNames[r.URL.Path], Code: codes[reason].String(), Reason: reason, Took: time.Since(began)})
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// tooMuch tells why a key's call is to be refused, or nil.
func (s *shedder) tooMuch(key string) error {
	if s.pressure != nil && s.pressure.refuses(key) {
		return assess.TooMuch(pressureRetry)
	}
	return s.assessor.Overloaded(key)
}

func (s *shedder) refuse(w http.ResponseWriter, r *http.Request, err error) {
	logFailure(r.Context(), s.log, r.URL.Path, err)
	e := public(r.Context(), err)
	of := refusalOf{r.Header.Get("Content-Type"), inSteps(e.RetryAfter)}
	kept, ok := s.refusals.Load(of)
	if !ok {
		e.RetryAfter = of.after
		written := &refusal{header: http.Header{}}
		_ = connect.NewErrorWriter().Write(written, r, toConnect(r.Context(), e)) // it takes everything
		kept, _ = s.refusals.LoadOrStore(of, written)
	}
	refused := kept.(*refusal)
	maps.Copy(w.Header(), refused.header)
	w.WriteHeader(refused.status)
	_, _ = w.Write(refused.body) // a caller that has gone misses nothing
}

// inSteps rounds a time up to one of few, so that there are few refusals to keep.
func inSteps(after time.Duration) time.Duration {
	step := 10 * time.Millisecond
	for step < after {
		step *= 2
	}
	return step
}
