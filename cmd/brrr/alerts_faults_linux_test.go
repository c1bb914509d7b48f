package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/access/issuertest"
)

// suffer starts a server for each fault, and one that is well.
func (f *fleet) suffer() {
	for _, begin := range []func(){
		f.well,
		f.restarted, f.withoutModel, f.failing, f.defective, f.slowed, f.overrun, f.limited, // answers
		f.hostKilled, f.hostFails, f.childKilled, f.modelsDiffer, f.flagsMore, // the model
		f.locked, f.diskFull, f.diskFills, // the store
		f.certificateExpires, f.certificateBroken, f.issuerGone, f.keysGone, f.keyExpires, f.guessed, // trust
		f.crowded, f.untraced, f.misconfigured, // the process
	} {
		begin()
	}
}

// well has all there is: the model in Python, TLS, an issuer, traces that are taken, a key
// that expires some day, and callers. Nothing may fire.
func (f *fleet) well() {
	a := newAuthority(f.T, "authority")
	cert, key := a.issue(until(90*24*time.Hour)).files(f.T, f.TempDir())
	issuer := issuertest.Start(f.T)
	s, one := f.server("well", "--tls-cert="+cert, "--tls-key="+key, "--oidc-issuer="+issuer.URL, "--oidc-audience="+issuertest.Audience,
		"--trace-endpoint="+startSpanCollector(f.T).URL, "--trace-sample=1")
	s.over = overTLS(f.T, (*http.Protocols).SetHTTP2, &tls.Config{RootCAs: pool(a)})
	newKeyUntil(f.T, s, time.Now().Add(90*24*time.Hour))
	service := backend(s)
	one.strike = func() {
		f.load(1, 50*time.Millisecond, func(ctx context.Context, _, number int) {
			if err := assessNew(ctx, service, fmt.Sprint("well-", number), harmless); err != nil && ctx.Err() == nil {
				f.Errorf("the server that is well: %v", err)
			}
		})
	}
}
