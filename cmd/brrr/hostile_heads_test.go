package main

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

func TestSlowHeadersAreCutOff(t *testing.T) {
	v := startTarget(t, shortly)
	var slow []net.Conn
	for i := range 200 {
		slow = append(slow, v.dial(fmt.Sprintf("POST /api/FraudActivity HTTP/1.1\r\nHost: a\r\nX-%d: ", i)))
	}
	v.bounded()
	v.honest("meanwhile")
	for _, conn := range slow {
		if said := v.gone(conn); said != "" {
			t.Fatalf("half a head was answered: %q", said)
		}
	}
	v.over()
}

func TestAHeaderFloodIsRefusedAfter32KiB(t *testing.T) {
	v := startTarget(t, nil)
	for name, header := range map[string]string{
		"one huge line":  "X-A: " + strings.Repeat("a", 1<<20),
		"many lines":     strings.Repeat("X-A: a\r\n", 100_000),
		"many names":     strings.Join(numbered("X-%d: a", 50_000), "\r\n"),
		"an endless URL": "",
	} {
		text := "GET /healthz HTTP/1.1\r\nHost: a\r\n" + header
		if header == "" {
			text = "GET /" + strings.Repeat("a", 1<<20)
		}
		for range 20 {
			if said := v.gone(v.throw(text)); said != "" && !strings.HasPrefix(said, "HTTP/1.1 431 ") {
				t.Errorf("%s: %.100q", name, said)
			}
		}
		v.bounded()
		v.honest("meanwhile")
	}
	v.over()
}

func numbered(format string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(format, i)
	}
	return all
}

func TestGarbageOnThePortIsRefused(t *testing.T) {
	v := startTarget(t, shortly)
	var conns []net.Conn
	var names []string
	for name, garbage := range map[string]string{
		"zeros":          strings.Repeat("\x00", 1000),
		"a TLS hello":    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x5a", 600),
		"ff":             strings.Repeat("\xff", 100_000),
		"lines":          strings.Repeat("\r\n", 1000) + "?",
		"half a preface": "PRI * HTTP/2.0\r\n\r\nSM",
		"no version":     "GET /healthz\r\n\r\n",
		"version 9":      "GET /healthz HTTP/9.9\r\nHost: a\r\n\r\n",
		"preface, then":  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + strings.Repeat("\xfe", 1000),
	} {
		for range 20 {
			conns = append(conns, v.throw(garbage))
			names = append(names, name)
		}
	}
	v.bounded()
	v.honest("meanwhile")
	for i, conn := range conns {
		if said := v.gone(conn); strings.Contains(said, " 200 ") || strings.Contains(said, ".go") {
			t.Errorf("%s: %q", names[i], said)
		}
	}
	v.over()
}

func TestHeadsThatTwoServersWouldReadDifferentlyAreRefused(t *testing.T) {
	v := startTarget(t, shortly)
	smuggled := "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
	for name, c := range map[string]struct{ head, body string }{
		"two lengths":          {seedHead("", "Content-Length: 2", "Content-Length: 4"), "{}" + smuggled},
		"lengths in a list":    {seedHead("", "Content-Length: 2, 4"), "{}" + smuggled},
		"a signed length":      {seedHead("", "Content-Length: +2"), "{}" + smuggled},
		"a length in hex":      {seedHead("", "Content-Length: 0x2"), "{}" + smuggled},
		"an odd coding":        {seedHead("", "Transfer-Encoding: xchunked"), "0\r\n\r\n" + smuggled},
		"chunked twice":        {seedHead("", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), "0\r\n\r\n" + smuggled},
		"a space before colon": {seedHead("", "Content-Length : 2"), "{}" + smuggled},
		"two hosts":            {seedHead("", "Host: b", "Content-Length: 2"), "{}" + smuggled},
		"a bare return":        {seedHead("", "X-A: b\rContent-Length: 2"), smuggled},
		"a broken chunk":       {seedHead("", "Transfer-Encoding: chunked"), "zz\r\n{}\r\n0\r\n\r\n" + smuggled},
		"length and chunked":   {seedHead("", "Content-Length: 4", "Transfer-Encoding: chunked"), "0\r\n\r\n" + smuggled},
	} {
		t.Run(name, func(t *testing.T) {
			said := v.gone(v.dial(c.head + c.body))
			if strings.Count(said, "HTTP/1.1 ") != 1 || !strings.HasPrefix(said, "HTTP/1.1 4") && !strings.HasPrefix(said, "HTTP/1.1 5") {
				t.Errorf("want one refusal and the connection closed, got %q", said)
			}
		})
	}
	v.over()
}
