package main

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"

	"github.com/wassef911/grpcgoesbrrr/client"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
)

// secureProtocols are the ways to call GetFraudActivity over TLS with what config says.
var secureProtocols = map[string]func(t *testing.T, config *tls.Config, url, key, id string) answer{
	"REST path, HTTP/1.1": func(t *testing.T, config *tls.Config, url, key, id string) answer {
		return postJSONOver(t, overTLS(t, (*http.Protocols).SetHTTP1, config), url+"/api/FraudActivity", key, id)
	},
	"REST path, HTTP/2": func(t *testing.T, config *tls.Config, url, key, id string) answer {
		return postJSONOver(t, overTLS(t, (*http.Protocols).SetHTTP2, config), url+"/api/FraudActivity", key, id)
	},
	"Connect JSON, HTTP/1.1": func(t *testing.T, config *tls.Config, url, key, id string) answer {
		return postJSONOver(t, overTLS(t, (*http.Protocols).SetHTTP1, config), url+fraudactivityv1connect.FraudActivityServiceGetFraudActivityProcedure, key, id)
	},
	"Connect, HTTP/2":    secureClient((*http.Protocols).SetHTTP2),
	"Connect, HTTP/1.1":  secureClient((*http.Protocols).SetHTTP1),
	"gRPC, HTTP/2":       secureClient((*http.Protocols).SetHTTP2, connect.WithGRPC()),
	"gRPC-Web, HTTP/2":   secureClient((*http.Protocols).SetHTTP2, connect.WithGRPCWeb()),
	"gRPC-Web, HTTP/1.1": secureClient((*http.Protocols).SetHTTP1, connect.WithGRPCWeb()),
	"gRPC, grpc-go": func(t *testing.T, config *tls.Config, url, key, id string) answer {
		return callGRPCGoWith(t, credentials.NewTLS(config.Clone()), strings.TrimPrefix(url, "https://"), key, id)
	},
}

func secureClient(enable func(*http.Protocols, bool), options ...connect.ClientOption) func(*testing.T, *tls.Config, string, string, string) answer {
	return func(t *testing.T, config *tls.Config, url, key, id string) answer {
		return callConnect(t, client.NewWithHTTP(overTLS(t, enable, config), url, key, append(options, client.WithRetries(0))...), id)
	}
}

// startTLS serves over TLS, with the real model if no flag says otherwise, and trusts
// the authority that it returns.
func startTLS(t *testing.T, flags ...string) (*testServer, *authority) {
	t.Helper()
	a := newAuthority(t, "authority")
	cert, key := a.issue().files(t, t.TempDir())
	s := startServer(t, append(flags, "--tls-cert="+cert, "--tls-key="+key)...)
	s.over = overTLS(t, (*http.Protocols).SetHTTP2, &tls.Config{RootCAs: pool(a)})
	return s, a
}

func TestEveryProtocolAnswersOverTLSAsInPlain(t *testing.T) {
	t.Parallel()
	s, a := startTLS(t)
	s.awaitModel(t)
	s.recordSome(t)
	want := callConnect(t, s.client("client"), demoTransaction).activity
	for protocol, call := range secureProtocols {
		config := &tls.Config{RootCAs: pool(a)}
		if got := call(t, config, s.url, s.keys["client"], demoTransaction); got.code != "" || !proto.Equal(got.activity, want) {
			t.Errorf("%s: %v, want %v", protocol, got, want)
		}
		if got := call(t, config, s.url, "none", demoTransaction); got.code != "unauthenticated" || got.reason != "UNAUTHENTICATED" {
			t.Errorf("%s without a key: %v", protocol, got)
		}
	}
	ca := write(t, filepath.Join(t.TempDir(), "ca.pem"), a.pem)
	for _, protocol := range []string{"grpc", "grpc-web"} {
		cmd := exec.CommandContext(t.Context(), "node", filepath.Join(root, "client/typescript/test/call.mjs"), protocol, s.url, s.keys["client"], demoTransaction)
		cmd.Env = append(cmd.Environ(), "NODE_EXTRA_CA_CERTS="+ca)
		if out, err := cmd.CombinedOutput(); err != nil || !proto.Equal(camelJSON(t, out).activity, want) {
			t.Errorf("TypeScript, %s: %v, %s", protocol, err, out)
		}
	}
}

func TestPlainHTTPToTheTLSPortIsRefusedPlainly(t *testing.T) {
	t.Parallel()
	s, _ := startTLS(t, noModel)
	res, body := post1(t, strings.Replace(s.url, "https:", "http:", 1)+servicePath+"GetFraudActivity", s.keys["client"], `{}`)
	if res.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "HTTPS") {
		t.Errorf("%s: %s", res.Status, body)
	}
}

func TestOnlyModernTLSIsSpoken(t *testing.T) {
	t.Parallel()
	s, a := startTLS(t, noModel)
	for version, refused := range map[uint16]bool{tls.VersionTLS11: true, tls.VersionTLS12: false, tls.VersionTLS13: false} {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(s.url, "https://"), &tls.Config{RootCAs: pool(a), MinVersion: version, MaxVersion: version})
		if (err != nil) != refused {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			conn.Close()
		}
	}
}

// TestMutualTLSAsksForACertificateAndForAKey has callers with every kind of
// certificate come to a server that asks for one.
func TestMutualTLSAsksForACertificateAndForAKey(t *testing.T) {
	t.Parallel()
	callers, others := newAuthority(t, "callers"), newAuthority(t, "callers") // of one name, with another key
	s, a := startTLS(t, noModel, "--tls-client-ca="+write(t, filepath.Join(t.TempDir(), "callers.pem"), callers.pem))
	serverOnly := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }
	for name, c := range map[string]struct {
		shown []tls.Certificate
		ok    bool
	}{
		"none":          {nil, false},
		"another CA":    {others.issue().shown(t), false},
		"expired":       {callers.issue(expired).shown(t), false},
		"for servers":   {callers.issue(serverOnly).shown(t), false},
		"the right one": {callers.issue().shown(t), true},
	} {
		// GetClientCertificate shows it even where the server asks for others.
		config := &tls.Config{RootCAs: pool(a), GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &append(c.shown, tls.Certificate{})[0], nil
		}}
		for protocol, call := range secureProtocols {
			if strings.HasPrefix(protocol, "REST") || strings.HasPrefix(protocol, "Connect JSON") {
				continue // which fail the test where there is no answer
			}
			if got := call(t, config, s.url, s.keys["client"], "x"); (got.reason == "TRANSACTION_UNKNOWN") != c.ok || !c.ok && got.reason != "" {
				t.Errorf("%s over %s: %v", name, protocol, got)
			}
			if got := call(t, config, s.url, "none", "x"); (got.reason == "UNAUTHENTICATED") != c.ok {
				t.Errorf("%s over %s, without a key: %v", name, protocol, got)
			}
		}
		for _, path := range []string{"/healthz", "/readyz", "/"} {
			res, err := overTLS(t, (*http.Protocols).SetHTTP1, config).Get(s.url + path)
			if (err == nil) != c.ok {
				t.Errorf("%s: GET %s: %v", name, path, err)
			}
			if err == nil {
				res.Body.Close()
			}
		}
	}
}

func TestTheCommandsSpeakTLSAndShowACertificate(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	callers := newAuthority(t, "callers")
	s, a := startTLS(t, noModel, "--tls-client-ca="+write(t, filepath.Join(folder, "callers.pem"), callers.pem))
	ca := write(t, filepath.Join(folder, "ca.pem"), a.pem)
	cert, key := callers.issue().files(t, folder)
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"all":                   {[]string{"--ca=" + ca, "--client-cert=" + cert, "--client-key=" + key}, exitDone, ""},
		"no certificate":        {[]string{"--ca=" + ca}, exitFailed, "did not answer"},
		"an unknown authority":  {[]string{"--client-cert=" + cert, "--client-key=" + key}, exitFailed, "unknown authority"},
		"half a pair":           {[]string{"--ca=" + ca, "--client-cert=" + cert}, exitFailed, "--client-cert and --client-key go together"},
		"a key that is no key":  {[]string{"--ca=" + ca, "--client-cert=" + cert, "--client-key=" + cert}, exitFailed, "--client-cert and --client-key: "},
		"authorities of no use": {[]string{"--ca=" + key}, exitFailed, "--ca: holds PRIVATE KEY"},
	} {
		code, out, errs := command(t, append([]string{"list", "--server=" + s.url, "--key=" + s.keys["analyst"]}, c.args...)...)
		if code != c.code || !strings.Contains(out+errs, c.says) {
			t.Errorf("%s: exit %d, %s%s; want %d …%s…", name, code, out, errs, c.code, c.says)
		}
	}
}

func TestCertificatesOfNoUseAreToldByTheirFlags(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	a := newAuthority(t, "authority")
	cert, key := a.issue().files(t, folder)
	other := write(t, filepath.Join(folder, "other.pem"), a.issue().key)
	cut := write(t, filepath.Join(folder, "cut.pem"), a.pem[:len(a.pem)-30])
	text := write(t, filepath.Join(folder, "text.pem"), []byte("no PEM"))
	serve := func(flags ...string) []string {
		return append([]string{"serve", "--data=" + t.TempDir(), "--listen=127.0.0.1:0", "--admin-listen="}, flags...)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		says []string
	}{
		"another's key":    {serve(noModel, "--tls-cert="+cert, "--tls-key="+other), exitFailed, []string{"--tls-cert and --tls-key: ", "does not match"}},
		"two at once":      {serve(noModel, "--tls-cert="+text, "--tls-key="+key, "--tls-client-ca="+cut), exitFailed, []string{"--tls-cert: holds no PEM", "--tls-client-ca: is damaged, or cut short"}},
		"a folder":         {serve(noModel, "--tls-cert="+folder, "--tls-key="+key), exitUsage, []string{"--tls-cert"}},
		"CA alone":         {serve(noModel, "--tls-client-ca="+cert), exitUsage, []string{"--tls-client-ca needs --tls-cert"}},
		"predictor's":      {serve("--predictor=https://127.0.0.1:1", "--predictor-ca="+key, "--predictor-cert="+cert, "--predictor-key="+other), exitFailed, []string{"--predictor-ca: holds PRIVATE KEY", "--predictor-cert and --predictor-key: "}},
		"predictor's half": {serve("--predictor=https://127.0.0.1:1", "--predictor-cert="+cert), exitUsage, []string{"--predictor-cert and --predictor-key go together"}},
		"no TLS to hosts":  {serve("--predictor=http://127.0.0.1:1", "--predictor-ca="+cert), exitUsage, []string{"--predictor names none"}},
	} {
		code, _, errs := command(t, c.args...)
		for _, says := range c.says {
			if code != c.code || !strings.Contains(errs, says) {
				t.Errorf("%s: exit %d, %s; want %d …%s…", name, code, errs, c.code, says)
			}
		}
		if strings.Contains(errs, "other.pem") || strings.Contains(errs, "PRIVATE KEY-") {
			t.Errorf("%s: tells more than the flag: %s", name, errs)
		}
	}
}

// TestWhatIsDoubtfulIsServedWithAWarning: it may be all that there is, and
// clients decide.
func TestWhatIsDoubtfulIsServedWithAWarning(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, "authority")
	cert, key := a.issue(expired).files(t, t.TempDir())
	if err := exec.Command("chmod", "0644", key).Run(); err != nil {
		t.Fatal(err)
	}
	log := &spoken{}
	app, err := parseServe(t, t.TempDir(), noModel, "--tls-cert="+cert, "--tls-key="+key, "--admin-listen=0.0.0.0:0").start(t.Context(), log.logger())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { app.close(time.Second) })
	for _, says := range []string{"certificate has expired", "can be read by others", "--admin-listen can be reached"} {
		if !strings.Contains(log.String(), says) {
			t.Errorf("the log lacks %q:\n%s", says, log.String())
		}
	}
	if state := app.certs.State(); len(state.Certificates) != 1 || state.Certificates[0].Flag != "--tls-cert" || state.Err != nil {
		t.Errorf("%+v", state)
	}
	for address, warns := range map[string]bool{"127.0.0.1:1": false, "[::1]:1": false, "localhost:1": false, ":1": true, "0.0.0.0:1": true, "10.0.0.1:1": true, net.JoinHostPort("metrics.example", "1"): true} {
		log := &spoken{}
		warnOfPlain(log.logger(), address, address, false)
		for _, flag := range []string{"--listen can be reached", "--admin-listen can be reached"} {
			if strings.Contains(log.String(), flag) != warns {
				t.Errorf("%s, %s: %q", flag, address, log.String())
			}
		}
		log = &spoken{}
		if warnOfPlain(log.logger(), address, "", true); log.String() != "" {
			t.Errorf("%s over TLS: %q", address, log.String())
		}
	}
}
