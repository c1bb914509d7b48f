package access

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/go-jose/go-jose/v4"
)

const (
	// maxIssuerAnswer bounds what is read of the issuer.
	maxIssuerAnswer = 1 << 20
	// maxIssuerKeys bounds what a token that names no key is held against.
	maxIssuerKeys = 64
)

// algorithms are those with a key that only the issuer has: no HMAC, for which the
// issuer's public key would be the secret, and not "none".
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
	jose.ES256, jose.ES384, jose.ES512, jose.EdDSA}

// readIssuerKeys asks the issuer where its keys are, and for them.
func readIssuerKeys(ctx context.Context, client *http.Client, issuer Issuer) ([]jose.JSONWebKey, error) {
	var about struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := getJSON(ctx, client, issuer.discovery(), &about); err != nil {
		return nil, err
	}
	if about.Issuer != issuer.URL {
		return nil, fmt.Errorf("%s is about the issuer %q, not %q", issuer.discovery(), about.Issuer, issuer.URL)
	}
	if u, err := url.Parse(about.Keys); err != nil || !issuer.mayLeadTo(u) {
		return nil, fmt.Errorf("%s names no https URL of keys", issuer.discovery())
	}
	var shown struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := getJSON(ctx, client, about.Keys, &shown); err != nil {
		return nil, err
	}
	if shown.Keys == nil || len(shown.Keys) > maxIssuerKeys {
		return nil, fmt.Errorf("%s is no list of up to %d keys", about.Keys, maxIssuerKeys)
	}
	return usable(shown.Keys), nil
}

// usable are the keys that tell who signed. Others, of kinds not known here, are none
// of our business.
func usable(shown []json.RawMessage) []jose.JSONWebKey {
	keys := make([]jose.JSONWebKey, 0, len(shown))
	for _, text := range shown {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(text) == nil && key.Valid() && key.IsPublic() && (key.Use == "" || key.Use == "sig") {
			keys = append(keys, key)
		}
	}
	return keys
}

func getJSON(ctx context.Context, client *http.Client, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxIssuerAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", url, err)
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("%s: %s", url, res.Status)
	case len(body) > maxIssuerAnswer:
		return fmt.Errorf("%s: larger than %d bytes", url, maxIssuerAnswer)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s: %w", url, err)
	}
	return nil
}
