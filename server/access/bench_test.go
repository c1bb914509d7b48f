package access_test

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
	"github.com/wassef911/grpcgoesbrrr/server/access"
)

// BenchmarkGate is what every call pays to be let in, with a thousand keys known.
func BenchmarkGate(b *testing.B) {
	store := &keyStore{}
	var token string
	for range 1000 {
		var err error
		if token, err = access.CreateKey(b.Context(), store, "bench", "client", 0, "user:bench"); err != nil {
			b.Fatal(err)
		}
	}
	keys, err := access.OpenKeyring(b.Context(), store, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer keys.Close()
	callers := &access.Callers{Keys: keys, SignIns: access.NewSignIns(60, nil, slog.New(slog.DiscardHandler))}
	header := http.Header{"Authorization": {"Bearer " + token}}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			caller, err := callers.Authenticate(b.Context(), header, "192.0.2.1:1")
			if err == nil {
				err = access.Permit(caller, fraudactivityv1connect.FraudActivityServiceGetFraudActivityProcedure)
			}
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
}
