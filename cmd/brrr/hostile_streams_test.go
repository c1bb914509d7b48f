package main

import (
	"context"
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/net/http2"
	"google.golang.org/protobuf/proto"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
)

// TestStreamsOutliveTheTimesOfCalls watches by every protocol for several times as
// long as a request and its answer may take.
func TestStreamsOutliveTheTimesOfCalls(t *testing.T) {
	v := startTarget(t, func(s *httpSettings) { shortly(s); s.answer = 300 * time.Millisecond })
	viewers := map[string]*viewer{}
	for over := range streamed {
		viewers[over] = v.watch(t, over, &watchRequest{})
	}
	for range 5 { // each takes as long as a request may
		v.gone(v.dial(seedHead(v.keys["client"], "Content-Length: 100") + "{"))
	}
	v.check(t, "second")
	for over, watching := range viewers {
		if got := watching.next(t).GetFraudActivity().GetTransactionId(); got != "second" {
			t.Errorf("%s: got %q", over, got)
		}
	}
}

func TestOneKeyHasSoManyStreamsAndNoMore(t *testing.T) {
	const tried, let = 300, 100 // of --key-streams
	v := startTarget(t, nil)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	service := client.NewWithHTTP(v.h2c, v.url, v.keys["analyst"], connect.WithGRPC(), client.WithRetries(0))
	open := 0
	for range tried {
		stream, err := service.WatchFraudActivity(ctx, &watchRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if stream.Receive() {
			open++
			continue
		}
		limitedFor(t, stream.Err())
		stream.Close()
	}
	if open != let {
		t.Errorf("%d streams are open, want %d", open, let)
	}
	v.bounded()
	v.honest("meanwhile")
	leave()
	v.over()
}

func TestAnswersThatAreNeverReadAreGivenUp(t *testing.T) {
	const most = 64 << 20 // bytes that are taken, what sockets hold included
	v := startTarget(t, func(s *httpSettings) { s.answer = 300 * time.Millisecond })
	conn := v.dial("")
	asked := []byte(strings.Repeat("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 2000))
	for sent, err := 0, error(nil); err == nil; {
		var n int
		if n, err = conn.Write(asked); err == nil && sent > most {
			t.Fatal("requests were taken on and on")
		}
		sent += n
	}
	v.bounded()
	v.over()
}

// TestAnswersThatAreNeverReadOverHTTP2AreGivenUp leaves room in the windows, and
// reads nothing of what fills the sockets.
func TestAnswersThatAreNeverReadOverHTTP2AreGivenUp(t *testing.T) {
	v := startTarget(t, func(s *httpSettings) { s.stall, s.ping = 300*time.Millisecond, time.Hour })
	r := v.raw(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 30})
	r.must(r.WriteWindowUpdate(0, 1<<30))
	ask, err := proto.Marshal(&fraudactivityv1.BatchGetFraudActivityRequest{TransactionIds: numbered(strings.Repeat("x", 100)+"%d", 900)})
	r.must(err)
	envelope := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(ask))), ask...)
	const calls = 200 // of about 200 KB each
	for n := range uint32(calls) {
		_ = r.begin(2*n+1, fraudactivityv1connect.FraudActivityServiceBatchGetFraudActivityProcedure, r.key)
		for rest := envelope; len(rest) > 0; {
			part := rest[:min(len(rest), maxFrame)]
			rest = rest[len(part):]
			_ = r.WriteData(2*n+1, len(rest) == 0, part) // until the server has given up
		}
	}
	_ = r.out.Flush()
	await(t, "the connection's end", func() bool { open, _, _ := v.connections.count(); return open == 0 })
	v.bounded()
	v.over()
}

func TestGarbageOnATLSPortIsRefused(t *testing.T) {
	v := startTarget(t, nil)
	settings := newHTTPSettings(time.Second, defaultConnections)
	shortly(&settings)
	address, err := v.serveWith(settings, "127.0.0.1:0", v.servers[0].Handler, newAuthority(t, "authority").issue().secured(t))
	if err != nil {
		t.Fatal(err)
	}
	secured := &target{testServer: v.testServer, t: t, address: address.String(), connections: settings.connections}
	var conns []net.Conn
	var names []string
	for name, garbage := range map[string]string{
		"a call in plain":  seedHead(v.keys["client"], "Content-Length: 0"),
		"half a hello":     "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"an endless hello": "\x16\x03\x01\x40\x00\x01\xff\xff\xff" + strings.Repeat("\x00", 1<<20),
		"nothing":          "",
		"HTTP/2 in plain":  http2.ClientPreface,
		"ff":               strings.Repeat("\xff", 1000),
	} {
		for range 20 {
			conns = append(conns, secured.throw(garbage))
			names = append(names, name)
		}
	}
	v.bounded()
	v.honest("meanwhile")
	for i, conn := range conns {
		if said := secured.gone(conn); strings.Contains(said, " 200 ") {
			t.Errorf("%s: %q", names[i], said)
		}
	}
	await(t, "the end of all connections", func() bool { open, _, _ := settings.connections.count(); return open == 0 })
	v.over()
}
