package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
)

// newServer is brrr serve as a process of its own. temp is where it puts what it
// does not keep.
func newServer(t *testing.T, data, temp, listen string, flags ...string) *process {
	t.Helper()
	tests, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return newProcess(t, func() *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), tests, append([]string{"serve", "--data=" + data, "--listen=" + listen,
			"--admin-listen=", "--predictor-root=" + root}, flags...)...)
		cmd.Env = append(os.Environ(), asMain+"=1", "TMPDIR="+temp)
		return cmd
	})
}

// awaitReadyz waits until a server has had a real score.
func awaitReadyz(t *testing.T, p *process, url string) {
	t.Helper()
	await(t, "readiness of "+url, func() bool {
		if !p.alive() {
			t.Fatalf("the server has ended:\n%s", p.words())
		}
		res, err := http1.Get(url + "/readyz")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// lastPort is the last that freeAddress gave away.
var lastPort atomic.Int64

// freeAddress is a port that is none of those which connections are given, nor of pgtest's,
// so that it stays free while its server is away.
func freeAddress(t *testing.T) string {
	t.Helper()
	lastPort.CompareAndSwap(0, 20_000+int64(os.Getpid()%8_000))
	for port := lastPort.Add(1); port < 32_000; port = lastPort.Add(1) {
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no free port")
	return ""
}
