package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
)

func TestSlowBodiesAreCutOff(t *testing.T) {
	v := startTarget(t, shortly)
	for name, head := range map[string]string{
		"with a length": seedHead(v.keys["client"], "Content-Length: 100") + "{",
		"in chunks":     seedHead(v.keys["client"], "Transfer-Encoding: chunked") + "1\r\n{\r\n",
		"awaited":       seedHead(v.keys["client"], "Content-Length: 100", "Expect: 100-continue"),
	} {
		var slow []net.Conn
		for range 100 {
			slow = append(slow, v.dial(head))
		}
		v.bounded()
		v.honest("meanwhile")
		for _, conn := range slow {
			said := strings.TrimPrefix(v.gone(conn), "HTTP/1.1 100 Continue\r\n\r\n")
			if !strings.HasPrefix(said, "HTTP/1.1 504 ") || !strings.Contains(said, `"reason":"DEADLINE_EXCEEDED"`) || strings.Contains(said, "127.0.0.1") {
				t.Fatalf("%s: want a refusal with its reason and nothing of ours, got %q", name, said)
			}
		}
	}
	v.over()
}

func TestASlowAnswerIsNotCutOffByTheTimeForItsRequest(t *testing.T) {
	host := &slowHost{asked: make(chan struct{}), release: make(chan struct{})}
	s := startServer(t, "--predictor="+startHost(t, host))
	s.awaitModel(t)
	s.recordSome(t)
	settings := newHTTPSettings(0, defaultConnections)
	shortly(&settings)
	settings.answer = 0
	address, err := s.serveWith(settings, "127.0.0.1:0", s.servers[0].Handler, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &target{testServer: s, t: t, address: address.String()}
	body := `{"transaction_id":"first"}`
	call := v.dial(seedHead(s.keys["client"], fmt.Sprint("Content-Length: ", len(body))) + body)
	<-host.asked
	late := v.dial(seedHead(s.keys["client"], "Content-Length: 100") + "{") // whose time ends after that call's
	v.gone(late)
	close(host.release)
	if got := statusOf(t, bufio.NewReader(call)); got != 200 {
		t.Errorf("the call whose model was slow: %d", got)
	}
}

func TestAnEndlessBodyIsNotReadOn(t *testing.T) {
	const most = 16 << 20 // bytes that are taken of it, what sockets hold included
	v := startTarget(t, nil)
	for name, key := range map[string]string{"without a key": "", "with a key": v.keys["client"]} {
		for kind, line := range map[string]string{"in chunks": "Transfer-Encoding: chunked", "with a length": "Content-Length: 1000000000000"} {
			conn := v.dial(seedHead(key, line))
			chunk := []byte(strings.Repeat(" ", 64<<10))
			if kind == "in chunks" {
				chunk = fmt.Appendf(nil, "%x\r\n%s\r\n", len(chunk), chunk)
			}
			sent := 0
			for {
				n, err := conn.Write(chunk)
				sent += n
				if err != nil {
					break
				}
				if sent > most {
					t.Fatalf("%s, %s: %d bytes of the body were taken", name, kind, sent)
				}
			}
			if said := v.gone(conn); said != "" && !strings.HasPrefix(said, "HTTP/1.1 4") { // which a reset may lose
				t.Errorf("%s, %s: %.200q", name, kind, said)
			}
			v.bounded()
			v.honest("meanwhile")
		}
	}
	v.over()
}

// bomb is what inflates to so many MiB of spaces.
func bomb(t *testing.T, mebibytes int) string {
	t.Helper()
	var packed bytes.Buffer
	zip, spaces := gzip.NewWriter(&packed), bytes.Repeat([]byte(" "), 1<<20)
	for range mebibytes {
		if _, err := zip.Write(spaces); err != nil {
			t.Fatal(err)
		}
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.String()
}

func TestGzipBombs(t *testing.T) {
	v := startTarget(t, nil)
	body, calls := bomb(t, 64), 10
	for name, c := range map[string]struct {
		key       string
		status    int
		bytesCall uint64 // that may be allocated for each call, on both sides
	}{
		"are not inflated without a key":        {"", 401, 512 << 10},
		"are inflated up to 2 MiB, and refused": {v.keys["client"], 429, 32 << 20}, // buffers that double; under -race their pool loses some
	} {
		t.Run(name, func(t *testing.T) {
			head := seedHead(c.key, "Connection: close", "Content-Encoding: gzip", fmt.Sprint("Content-Length: ", len(body)))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range calls {
				conn := v.throw(head + body)
				if said := v.gone(conn); !strings.HasPrefix(said, fmt.Sprintf("HTTP/1.1 %d ", c.status)) || strings.Contains(said, fmt.Sprint(64<<20)) {
					t.Fatalf("want %d, and not how much it would inflate to: %q", c.status, said)
				}
			}
			runtime.ReadMemStats(&after)
			if each := (after.TotalAlloc - before.TotalAlloc) / uint64(calls); each > c.bytesCall {
				t.Errorf("each cost %d bytes", each)
			}
			v.bounded()
			v.honest("meanwhile")
		})
	}
	v.over()
}
