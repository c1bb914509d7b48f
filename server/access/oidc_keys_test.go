package access

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// answers is an issuer that says whatever a test wants, by path.
type answers map[string]string

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	res := httptest.NewRecorder()
	if to, ok := strings.CutPrefix(a[r.URL.Path], "to "); ok {
		http.Redirect(res, r, to, http.StatusFound)
	} else {
		_, _ = res.WriteString(a[r.URL.Path])
	}
	return res.Result(), nil
}

// TestWhatAnIssuerMayNotSay has an issuer answer nonsense, or lead to where anybody
// between could tell the server other keys.
func TestWhatAnIssuerMayNotSay(t *testing.T) {
	const discovery, well = "/.well-known/openid-configuration", `{"issuer":"https://id.example","jwks_uri":"https://id.example/keys?p=1"}`
	client, err := Issuer{}.client()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		about, keys string
		usable      int // -1: refused
	}{
		"no keys at all":       {well, `{"keys":[]}`, 0},
		"no list":              {well, `{}`, -1},
		"no JSON":              {well, `<html>`, -1},
		"too much":             {well, `{"keys":["` + strings.Repeat("a", maxIssuerAnswer) + `"]}`, -1},
		"too many":             {well, `{"keys":[0` + strings.Repeat(",0", maxIssuerKeys) + `]}`, -1},
		"of other kinds":       {well, `{"keys":[7,{"kty":"?"},{"kty":"oct","k":"AAAA"},{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","use":"enc"},{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]}`, 0},
		"one of all":           {well, `{"keys":[{"kty":"?"},{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`, 1},
		"another issuer":       {strings.Replace(well, "id.example", "id.example/", 1), `{"keys":[]}`, -1},
		"keys in the open":     {strings.Replace(well, "https://id.example/keys", "http://id.example/keys", 1), `{"keys":[]}`, -1},
		"keys on this machine": {strings.Replace(well, "https://id.example/keys", "http://127.0.0.1:9090/keys", 1), `{"keys":[]}`, -1},
		"led to this machine":  {well, `to http://localhost:9090/other`, -1},
		"keys in a file":       {strings.Replace(well, "https://id.example/keys", "file:///etc/passwd", 1), `{"keys":[]}`, -1},
		"led into the open":    {well, `to http://id.example/other`, -1},
		"led in a circle":      {well, `to https://id.example/keys`, -1},
		"led to another host":  {well, `to https://cdn.example/cdn`, 0},
	} {
		client.Transport = answers{discovery: c.about, "/keys": c.keys, "/other": `{"keys":[]}`, "/cdn": `{"keys":[]}`}
		keys, err := readIssuerKeys(context.Background(), client, Issuer{URL: "https://id.example"})
		if (err != nil) != (c.usable < 0) || err == nil && len(keys) != c.usable {
			t.Errorf("%s: %d keys, %v, want %d", name, len(keys), err, c.usable)
		}
		if err != nil && len(err.Error()) > 500 {
			t.Errorf("%s: the log would be told %d bytes", name, len(err.Error()))
		}
	}
}

func TestIssuersThatAreNotSecureAreRefused(t *testing.T) {
	good := Issuer{Audiences: []string{"a"}, RoleClaim: "roles"}
	for url, fine := range map[string]bool{
		"https://id.example": true, "https://id.example/realms/r/": true, "http://localhost:8080/x": true, "http://127.0.0.1": true, "http://[::1]:1": true,
		"": false, "id.example": false, "http://id.example": false, "http://localhost.example": false, "http://10.0.0.1": false,
		"https://u:p@id.example": false, "https://id.example?x=1": false, "https://id.example#x": false, "ftp://localhost": false, "https://": false, "%": false,
	} {
		good.URL = url
		if mistakes := good.Mistakes(); (len(mistakes) == 0) != fine {
			t.Errorf("%q: %v", url, mistakes)
		}
	}
}
