package rpc

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// gate asks who calls and whether they may, before anything of the request is
// read or decoded. It stands before streams as before single calls.
func gate(callers *access.Callers, meter fraud.Meter, log *slog.Logger) connect.RequestGateFunc {
	return func(ctx context.Context, spec connect.Spec, peer connect.Peer, header http.Header) (context.Context, error) {
		began := time.Now()
		s := scopeOf(ctx)
		defer func() { s.began, s.gate = began, time.Since(began); meter.Time(fraud.StageGate, s.gate) }()
		var err error
		if s.caller, err = callers.Authenticate(ctx, header, peer.Addr); err == nil {
			err = access.Permit(s.caller, spec.Procedure)
		}
		if err != nil {
			// Interceptors never see a refusal: what they do is done here.
			logFailure(ctx, log, spec.Procedure, err)
			refusal := toConnect(ctx, err)
			s.ended(refusal, reasonOf(err))
			if refusal.Code() == connect.CodeUnauthenticated && peer.Protocol == connect.ProtocolConnect {
				refusal.Meta().Set("WWW-Authenticate", "Bearer") // HTTP asks for it; gRPC has no such thing
			}
			return nil, refusal
		}
		return ctx, nil
	}
}
