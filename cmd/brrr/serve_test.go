package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// command runs brrr as from a terminal and returns what it printed.
func command(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), args, streams{strings.NewReader(""), &stdout, &stderr})
	return code, stdout.String(), stderr.String()
}

func TestTheFirstStartPrintsOneAdminsKeyOnce(t *testing.T) {
	data := t.TempDir()
	serve := func() string {
		ctx, stop := context.WithCancel(t.Context())
		var out bytes.Buffer
		stderr, logged := io.Pipe()
		done := make(chan int)
		go func() {
			done <- run(ctx, []string{"serve", "--data", data, "--listen=127.0.0.1:0", "--admin-listen=", noModel}, streams{nil, &out, logged})
			logged.Close()
		}()
		lines := bufio.NewScanner(stderr)
		for lines.Scan() && !strings.Contains(lines.Text(), `"listening"`) { // then the key is printed, if ever
		}
		stop()
		go io.Copy(io.Discard, stderr)
		if code := <-done; code != exitDone {
			t.Errorf("exit %d", code)
		}
		return out.String()
	}
	if out := serve(); strings.Count(out, "\nbrrr_") != 1 || strings.Count(out, "/#key=brrr_") != 1 || strings.Count(out, "brrr_") != 2 {
		t.Errorf("first start: %q", out)
	}
	if out := serve(); out != "" {
		t.Errorf("second start: %q", out)
	}
}

func TestARevokedKeyStopsOpeningARunningServer(t *testing.T) {
	s := startServer(t, noModel)
	code, out, errs := command(t, "keys", "create", "--name=shop", "--role=analyst", "--data="+s.data, "--expires=90d")
	if code != exitDone || strings.Count(out, "\n") != 1 {
		t.Fatalf("create: exit %d, %q, %q; want the key alone", code, out, errs)
	}
	key := strings.TrimSpace(out)
	list := func() error {
		_, err := client.New(s.url, key).ListFraudActivity(t.Context(), &fraudactivityv1.ListFraudActivityRequest{})
		return err
	}
	if err := list(); err != nil {
		t.Fatalf("a key made just now: %v", err)
	}
	if code, _, errs := command(t, "keys", "revoke", strings.Split(key, "_")[1], "--data="+s.data); code != exitDone {
		t.Fatalf("revoke: exit %d, %s", code, errs)
	}
	for list() == nil { // within a second; the bound itself is proven on fake time
	}
	wantReason(t, list(), connect.CodeUnauthenticated, "UNAUTHENTICATED")
	_, out, _ = command(t, "keys", "list", "--data="+s.data)
	if !strings.Contains(out, "revoked") || strings.Contains(out, strings.Split(key, "_")[2]) {
		t.Errorf("list:\n%s", out)
	}
	if code, _, errs := command(t, "keys", "revoke", "nosuchkey", "--data="+s.data); code != exitFailed || !strings.Contains(errs, "nosuchkey") {
		t.Errorf("revoke unknown: exit %d, %s", code, errs)
	}
}

func TestExitCodesAndUsage(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"help":              {[]string{"--help"}, exitDone, "Usage: brrr"},
		"nothing":           {nil, exitDone, "Usage: brrr"},
		"version":           {[]string{"version"}, exitDone, "brrr "},
		"unknown command":   {[]string{"fly"}, exitUsage, "fly"},
		"unknown role":      {[]string{"keys", "create", "--name=n", "--role=root"}, exitUsage, "--role"},
		"bad lifetime":      {[]string{"keys", "create", "--name=n", "--role=client", "--expires=soon"}, exitUsage, "90d"},
		"half of TLS":       {[]string{"serve", "--tls-cert=" + filepath.Join(root, "go.mod")}, exitUsage, "go together"},
		"bad trace flags":   {[]string{"serve", "--trace-endpoint=grpc://x:4317", "--trace-sample=0.5"}, exitUsage, "--trace-endpoint must be http://"},
		"bad trace share":   {[]string{"serve", "--trace-sample=2", "--trace-headers-file=x"}, exitUsage, "--trace-headers-file needs --trace-endpoint"},
		"no headers file":   {[]string{"serve", "--data=" + t.TempDir(), "--trace-endpoint=http://127.0.0.1:1", "--trace-headers-file=/nowhere"}, exitFailed, "--trace-headers-file: headers for the collector"},
		"no key":            {[]string{"check", "x", "--key="}, exitFailed, "BRRR_KEY"},
		"nobody listens":    {[]string{"check", "x", "--server=http://127.0.0.1:1", "--key=brrr_a_b"}, exitFailed, "did not answer"},
		"bad predictor URL": {[]string{"serve", "--data=" + t.TempDir(), "--listen=127.0.0.1:0", "--admin-listen=", "--predictor=ftp://x"}, exitFailed, "none of http://HOST:PORT"},
		"taken port":        {[]string{"serve", "--data=" + t.TempDir(), "--listen=" + takenPort(t), "--admin-listen=", noModel}, exitFailed, "address already in use"},
	} {
		code, out, errs := command(t, c.args...)
		if code != c.code || !strings.Contains(out+errs, c.says) {
			t.Errorf("%s: exit %d, %s%s; want %d …%s…", name, code, out, errs, c.code, c.says)
		}
	}
}

func takenPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

func TestPagesOfOtherOriginsCallOnlyWhereItIsOpened(t *testing.T) {
	s := startServer(t, noModel, "--cors-origin=https://console.example")
	closed := startServer(t, noModel)
	for name, c := range map[string]struct {
		url, origin string
		allowed     bool
	}{
		"opened":       {s.url, "https://console.example", true},
		"other origin": {s.url, "https://evil.example", false},
		"not opened":   {closed.url, "https://console.example", false},
	} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodOptions, c.url+servicePath+"GetFraudActivity", nil)
		req.Header.Set("Origin", c.origin)
		req.Header.Set("Access-Control-Request-Method", "POST")
		req.Header.Set("Access-Control-Request-Headers", "authorization,content-type,traceparent,tracestate,x-grpc-web") // as browsers write it
		res, err := http1.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := res.Header.Get("Access-Control-Allow-Origin") == c.origin; got != c.allowed {
			t.Errorf("%s: %v", name, res.Header)
		}
	}
}

// TestTheDemoShowsACallThatWorksAsPasted is `make run`: it takes what the demo
// prints and pastes it into a shell.
func TestTheDemoShowsACallThatWorksAsPasted(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "brrr")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ctx, stop := context.WithCancel(t.Context())
	stdout, out := io.Pipe()
	done := make(chan int)
	go func() {
		args := []string{"serve", "--demo", "--data", t.TempDir(), "--predictor-root", root, "--listen=127.0.0.1:0", "--admin-listen=", "--log-level=error"}
		done <- run(ctx, args, streams{nil, out, io.Discard})
		out.Close()
	}()
	var said []string
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && !strings.Contains(lines.Text(), "Serving until") {
		said = append(said, lines.Text())
	}
	go io.Copy(io.Discard, stdout)
	pasted := 0
	for _, line := range said {
		shell := strings.ReplaceAll(line, "bin/brrr ", binary+" ")
		if !strings.HasPrefix(line, "curl ") && !strings.HasPrefix(line, "./node_modules") && !strings.HasPrefix(line, "BRRR_SERVER=") {
			continue
		}
		pasted++
		cmd := exec.Command("sh", "-c", shell)
		cmd.Dir = root
		answer, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(answer, []byte(demoTransaction)) || !bytes.Contains(bytes.ToLower(answer), []byte("fraud")) {
			t.Errorf("%s\n%v\n%s", line, err, answer)
		}
	}
	if pasted != 3 {
		t.Errorf("%d lines to paste in\n%s", pasted, strings.Join(said, "\n"))
	}
	if text := strings.Join(said, "\n"); !strings.Contains(text, `"transaction_id":"Y12a34x56"`) || !strings.Contains(text, `"predicted_label":true`) {
		t.Errorf("no flagged first call in\n%s", text)
	}
	stop()
	if code := <-done; code != exitDone {
		t.Errorf("exit %d", code)
	}
}
