package access

import (
	"log/slog"
	"net/http"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
	"github.com/wassef911/grpcgoesbrrr/server/access/issuertest"
)

// BenchmarkGateToken is BenchmarkGate for a caller with a token: one that is known,
// and one whose signature is seen to.
func BenchmarkGateToken(b *testing.B) {
	issuer := issuertest.New(b)
	tokens := openTokens(believing(issuer), &http.Client{Transport: issuer}, slog.New(slog.DiscardHandler))
	defer tokens.Close()
	callers := &Callers{Tokens: tokens, SignIns: NewSignIns(60, nil, tokens.log)}
	header := http.Header{"Authorization": {"Bearer " + issuer.Token(b, "6f1c2d8e-3b7a-4c55-9d21-0e9f8a7b6c5d", realm("fraud-shop"))}}
	gate := func(b *testing.B) {
		caller, err := callers.Authenticate(b.Context(), header, "192.0.2.1:1")
		if err == nil {
			err = Permit(caller, fraudactivityv1connect.FraudActivityServiceGetFraudActivityProcedure)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.Run("known", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			gate(b)
		}
	})
	b.Run("seen to", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			clear(tokens.keys.Load().opened.young)
			gate(b)
		}
	})
}
