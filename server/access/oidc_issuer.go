package access

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// Issuer is an OIDC issuer whose tokens open, and what they must say.
type Issuer struct {
	URL       string            // exactly as tokens name it
	Audiences []string          // a token must be for one of them
	CAFile    string            // PEM of the issuer's own CA; empty: those of the system
	RoleClaim string            // a claim, or a path to one such as realm_access.roles
	Roles     map[string]string // role by value of the claim; empty: the value is the role
	ClockSkew time.Duration     // by how much the clocks may differ
}

// Mistakes are all that is wrong with it.
func (i Issuer) Mistakes() (all []error) {
	wrong := func(when bool, format string, args ...any) {
		if when {
			all = append(all, fmt.Errorf(format, args...))
		}
	}
	u, err := url.Parse(i.URL)
	wrong(err != nil || !secure(u) || u.RawQuery != "" || u.Fragment != "", "issuer: must be an https URL without user, query and fragment (http on loopback alone)")
	wrong(len(i.Audiences) == 0 || slices.Contains(i.Audiences, ""), "audience: must be given, and not be empty")
	wrong(i.RoleClaim == "", "role-claim: must not be empty")
	wrong(i.ClockSkew < 0 || i.ClockSkew > 10*time.Minute, "clock-skew: must be 0 to 10m")
	for value, role := range i.Roles {
		wrong(CheckRole(role) != nil, "role-map: %q must be one of %v, not %q", value, Roles, role)
	}
	return all
}

// secure reports whether nobody between can tell the server other keys.
func secure(u *url.URL) bool {
	if u.Host == "" || u.User != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && loopback
}

// mayLeadTo reports whether the issuer is followed to an address: one that is reached
// over TLS leads to no plain one, not even of this machine, whose ports are for others.
func (i Issuer) mayLeadTo(u *url.URL) bool {
	return secure(u) && (u.Scheme == "https" || strings.HasPrefix(strings.ToLower(i.URL), "http:"))
}

// CheckCA refuses a file of which no certificate can be read.
func (i Issuer) CheckCA() error {
	_, err := i.client()
	return err
}

// client asks the issuer, in bounded time, and goes nowhere that is not secure.
func (i Issuer) client() (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if i.CAFile != "" {
		pem, err := os.ReadFile(i.CAFile)
		if err != nil {
			return nil, fmt.Errorf("access: read the issuer's CA: %w", err)
		}
		transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !transport.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("access: the issuer's CA: no certificate (PEM) in %s", i.CAFile)
		}
	}
	return &http.Client{Transport: transport, Timeout: issuerTimeout, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) > 3 || !i.mayLeadTo(req.URL) {
			return errors.New("the issuer leads elsewhere")
		}
		return nil
	}}, nil
}

func (i Issuer) discovery() string {
	return strings.TrimSuffix(i.URL, "/") + "/.well-known/openid-configuration"
}
