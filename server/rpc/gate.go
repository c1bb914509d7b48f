package rpc

import (
	"context"
	"log/slog"
	"net/http"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/server/access"
)

// gate asks who calls and whether they may, before anything of the request is
// read or decoded. It stands before streams as before single calls.
func gate(keys *access.Keyring, log *slog.Logger) connect.RequestGateFunc {
	return func(ctx context.Context, spec connect.Spec, peer connect.Peer, header http.Header) (context.Context, error) {
		caller, err := keys.Authenticate(ctx, header.Get("Authorization"))
		if err == nil {
			err = access.Permit(caller, spec.Procedure)
		}
		if err != nil {
			// Interceptors never see a refusal: what they do is done here.
			logFailure(ctx, log, spec.Procedure, caller, err)
			refusal := toConnect(ctx, err)
			if refusal.Code() == connect.CodeUnauthenticated && peer.Protocol == connect.ProtocolConnect {
				refusal.Meta().Set("WWW-Authenticate", "Bearer") // HTTP asks for it; gRPC has no such thing
			}
			return nil, refusal
		}
		return access.WithCaller(ctx, caller), nil
	}
}
