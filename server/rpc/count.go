package rpc

import (
	"net/http"
	"slices"
	"time"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// procedureNames are the names of all in the contract, by the path that calls them.
var procedureNames = readProcedureNames()

func readProcedureNames() map[string]string {
	service := fraudactivityv1.File_fraudactivity_v1_service_proto.Services().ByName("FraudActivityService")
	names := map[string]string{}
	for i := range service.Methods().Len() {
		name := string(service.Methods().Get(i).Name())
		names["/"+string(service.FullName())+"/"+name] = name
	}
	return names
}

// Procedures are the names of all that a fraud.Meter is told of, such as
// GetFraudActivity.
func Procedures() []string {
	names := make([]string, 0, len(procedureNames))
	for _, name := range procedureNames {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
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
