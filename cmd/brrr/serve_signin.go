package main

import (
	"fmt"
	"log/slog"

	"github.com/wassef911/grpcgoesbrrr/server/access"
)

// signInFlags bound how often one may fail to show who it is.
type signInFlags struct {
	SignInFailures int      `help:"Failed sign-ins a minute that one address may have, or /64 of IPv6; 0: any number." default:"60"`
	TrustedProxies []string `help:"Networks of proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8. May be given again."`
}

func (c *signInFlags) mistakes() []error {
	wrong := unless(c.SignInFailures >= 0, "--sign-in-failures must be at least 0")
	if _, err := access.ParseProxies(c.TrustedProxies); err != nil {
		wrong = append(wrong, fmt.Errorf("--trusted-proxies %w", err))
	}
	return wrong
}

// signIns is nil where nobody is held up.
func (c *signInFlags) signIns(log *slog.Logger) *access.SignIns {
	if c.SignInFailures == 0 {
		return nil
	}
	proxies, _ := access.ParseProxies(c.TrustedProxies) // mistakes has seen to it
	return access.NewSignIns(c.SignInFailures, proxies, log)
}
