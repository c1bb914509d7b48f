package rpc

import (
	"maps"
	"net/http"
	"path"
	"slices"
	"time"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// procedureNames are the names by which a fraud.Meter is told of procedures, by the path
// that calls them.
var procedureNames = readProcedureNames()

func readProcedureNames() map[string]string {
	names := map[string]string{}
	for _, procedure := range access.Procedures() {
		names[procedure] = path.Base(procedure)
	}
	names[SeedPath] = names[fraudactivityv1connect.FraudActivityServiceGetFraudActivityProcedure]
	return names
}

// Procedures are all names that a fraud.Meter is told, such as GetFraudActivity.
func Procedures() []string {
	return slices.Compact(slices.Sorted(maps.Values(procedureNames)))
}

// counted tells the meter how each call ended: those that the gate refuses, and those
// that cannot be read, which no layer further in gets to see.
func counted(meter fraud.Meter, stream bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		procedure, known := procedureNames[r.URL.Path]
		// There are endless ways to spell what is not there; OPTIONS is a browser's
		// question before a call.
		if !known || r.Method == http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		began := time.Now()
		next.ServeHTTP(w, r)
		s := scopeOf(r.Context())
		end := fraud.CallEnd{Procedure: procedure, Code: fraud.CodeUnread, Stream: stream, Took: time.Since(began)}
		if s.code != "" {
			end.Code, end.Reason = s.code, s.reason
		}
		meter.Call(end)
	})
}
