package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/access/issuertest"
)

// until is how long a certificate is valid.
func until(d time.Duration) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.NotAfter = time.Now().Add(d) }
}

// certified is a server whose certificate can be replaced.
func (f *fleet) certified(name string, first issued) (one *fate, replace func(issued)) {
	folder := f.TempDir()
	cert, key := first.files(f.T, folder)
	_, one = f.server(name, startPliantHost(f.T, "m").flag(), "--tls-cert="+cert, "--tls-key="+key)
	return one, func(next issued) { next.files(f.T, folder) }
}

func (f *fleet) certificateExpires() {
	a := newAuthority(f.T, "authority")
	one, replace := f.certified("certificate expires", a.issue(until(24*time.Hour)))
	one.fires = []string{"BrrrCertificateExpires ticket", "BrrrCertificateExpires page"}
	one.mend = func() { replace(a.issue(until(90 * 24 * time.Hour))) }
}

// certificateBroken is given a certificate and another one's key.
func (f *fleet) certificateBroken() {
	a := newAuthority(f.T, "authority")
	one, replace := f.certified("certificate broken", a.issue(until(90*24*time.Hour)))
	one.fires = []string{"BrrrCertificateRefused ticket"}
	one.strike = func() {
		broken := a.issue(until(90 * 24 * time.Hour))
		broken.key = a.issue().key
		replace(broken)
	}
	one.mend = func() { replace(a.issue(until(90 * 24 * time.Hour))) }
}

// issuerGone has an issuer that never answers.
func (f *fleet) issuerGone() {
	issuer := issuertest.Start(f.T)
	issuer.Down.Store(true)
	_, one := f.server("issuer gone", startPliantHost(f.T, "m").flag(), "--oidc-issuer="+issuer.URL, "--oidc-audience="+issuertest.Audience)
	one.fires = []string{"BrrrIssuerKeysOld ticket"}
	one.mend = func() { issuer.Down.Store(false) }
}

// keysGone has keys that cannot be read.
func (f *fleet) keysGone() {
	s, one := f.server("keys gone", startPliantHost(f.T, "m").flag())
	one.fires = []string{"BrrrKeysUnread page"}
	one.strike = func() { execSQL(f.T, s.data, "ALTER TABLE keys RENAME TO hidden") }
	one.mend = func() { execSQL(f.T, s.data, "ALTER TABLE hidden RENAME TO keys") }
}

func (f *fleet) keyExpires() {
	s, one := f.server("key expires", startPliantHost(f.T, "m").flag())
	one.fires = []string{"BrrrKeyExpires ticket"}
	var token string
	one.strike = func() { token = newKeyUntil(f.T, s, time.Now().Add(3*24*time.Hour)) }
	one.mend = func() {
		if _, err := s.store.RevokeKey(f.Context(), strings.Split(token, "_")[1], time.Now(), "user:test"); err != nil {
			f.Error(err)
		}
	}
}

// guessed has somebody try keys.
func (f *fleet) guessed() {
	s, one := f.server("guessed", startPliantHost(f.T, "m").flag(), "--sign-in-failures=0")
	one.fires = []string{"BrrrSignInFailures ticket"}
	one.strike = func() {
		one.mend = f.load(1, 100*time.Millisecond, func(ctx context.Context, _, number int) {
			_, _ = client.New(s.url, fmt.Sprint("brrr_aaaaaaaaaaaaa_guess", number)).GetCaller(ctx, &fraudactivityv1.GetCallerRequest{})
		})
	}
}
