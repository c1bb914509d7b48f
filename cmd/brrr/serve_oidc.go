package main

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/access"
)

// oidcFlags say whose tokens open beside keys.
type oidcFlags struct {
	OIDCIssuer    string            `name:"oidc-issuer" help:"OIDC issuer whose tokens (JWT) open as keys do, as they name it. None, if not given."`
	OIDCAudience  []string          `name:"oidc-audience" help:"A token must be for one of these. May be given again."`
	OIDCCA        string            `name:"oidc-ca" help:"CA of the issuer (PEM), if it has one of its own." type:"existingfile"`
	OIDCRoleClaim string            `name:"oidc-role-claim" help:"Claim that names the role, or a path to it such as realm_access.roles: a string or a list." default:"roles"`
	OIDCRoleMap   map[string]string `name:"oidc-role-map" help:"VALUE=ROLE: which role a value of that claim is. May be given again; if none is, the value must be a role."`
	OIDCClockSkew time.Duration     `name:"oidc-clock-skew" help:"By how much the issuer's clock may differ from this one." default:"30s"`
}

func (c *oidcFlags) mistakes() []error {
	if c.OIDCIssuer == "" {
		return unless(len(c.OIDCAudience) == 0 && c.OIDCCA == "" && len(c.OIDCRoleMap) == 0, "--oidc-…: nothing without --oidc-issuer")
	}
	var wrong []error
	for _, mistake := range c.issuer().Mistakes() {
		wrong = append(wrong, fmt.Errorf("--oidc-%w", mistake))
	}
	return wrong
}

func (c *oidcFlags) issuer() access.Issuer {
	return access.Issuer{URL: c.OIDCIssuer, Audiences: c.OIDCAudience, CAFile: c.OIDCCA,
		RoleClaim: c.OIDCRoleClaim, Roles: c.OIDCRoleMap, ClockSkew: c.OIDCClockSkew}
}

// openTokens is nil without an issuer.
func (c *oidcFlags) openTokens(log *slog.Logger) (*access.Tokens, error) {
	if c.OIDCIssuer == "" {
		return nil, nil
	}
	return access.OpenTokens(c.issuer(), log)
}
