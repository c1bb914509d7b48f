package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// watching is brrr watch at work.
type watching struct {
	out  *bufio.Scanner
	errs strings.Builder // to be read once it has ended
	stop context.CancelFunc
	code chan int
}

func startWatch(t *testing.T, s *testServer, args ...string) *watching {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	w := &watching{out: bufio.NewScanner(read), stop: cancel, code: make(chan int, 1)}
	args = append([]string{"watch", "--server=" + s.url, "--key=" + s.keys["analyst"]}, args...)
	go func() {
		w.code <- run(ctx, args, streams{strings.NewReader(""), write, &w.errs})
		write.Close()
	}()
	t.Cleanup(cancel)
	return w
}

// line is the next one that it prints.
func (w *watching) line(t *testing.T) string {
	t.Helper()
	if !w.out.Scan() {
		t.Fatalf("it ended with %d, %s", <-w.code, w.errs.String())
	}
	return w.out.Text()
}

// message is the next line of -o json that is no heartbeat.
func (w *watching) message(t *testing.T) (m struct {
	Activity struct {
		ID string `json:"transaction_id"`
	} `json:"fraud_activity"`
	Outcome struct {
		ID string `json:"transaction_id"`
	}
	Heartbeat *struct{}
	Cursor    string
}) {
	t.Helper()
	for {
		line := w.line(t)
		m.Heartbeat = nil
		if err := json.Unmarshal([]byte(line), &m); err != nil || m.Cursor == "" {
			t.Fatalf("%s: %v", line, err)
		}
		if m.Heartbeat == nil {
			return m
		}
	}
}

// end interrupts it, as Ctrl-C does.
func (w *watching) end(t *testing.T) (errs string) {
	t.Helper()
	w.stop()
	for w.out.Scan() {
	}
	if code := <-w.code; code != exitDone {
		t.Errorf("exit %d, %s", code, w.errs.String())
	}
	return w.errs.String()
}

func TestWatchShowsRowsAsTheyComeAndEndsWithoutFault(t *testing.T) {
	s := startServer(t, "--predictor="+startHost(t, newModelHost("host-1")))
	s.awaitModel(t)
	s.recordSome(t)
	w := startWatch(t, s, "--outcomes")
	if head := squeeze(w.line(t)); head != "TIME (UTC) LABEL PROBABILITY AMOUNT OUTCOME ACCOUNT TRANSACTION" {
		t.Errorf("head: %s", head)
	}
	s.check(t, "first")
	if row := squeeze(w.line(t)); !strings.HasSuffix(row, " FRAUD 7.00 % 10.00 EUR - card-1 first") {
		t.Errorf("row: %s", row)
	}
	s.label(t, "second", labelFraud, fraudactivityv1.OutcomeSource_OUTCOME_SOURCE_ANALYST, at(1_700_300_000))
	if row := w.line(t); !strings.HasSuffix(squeeze(row), " fraud second") {
		t.Errorf("row: %s", row)
	}
	if errs := w.end(t); !strings.Contains(errs, "--cursor ") {
		t.Errorf("it says %s", errs)
	}
}

func TestWatchGoesOnAfterACursorAndFilters(t *testing.T) {
	s := startServer(t, "--predictor="+startHost(t, newModelHost("host-1")))
	s.awaitModel(t)
	s.recordSome(t)
	w := startWatch(t, s, "-o", "json")
	w.line(t) // the stream is open
	s.check(t, "first")
	first := w.message(t)
	w.end(t)
	if first.Activity.ID != "first" {
		t.Errorf("%+v", first)
	}
	s.check(t, "second", demoTransaction)
	w = startWatch(t, s, "-o", "json", "--cursor="+first.Cursor, "--transaction="+demoTransaction)
	if next := w.message(t); next.Activity.ID != demoTransaction {
		t.Errorf("%+v", next)
	}
	w.end(t)
}

// TestWatchOutlivesARestartOfTheService says so, and shows what it would have
// missed.
func TestWatchOutlivesARestartOfTheService(t *testing.T) {
	host, data := "--predictor="+startHost(t, newModelHost("host-1")), t.TempDir()
	start := func(listen string) *testServer {
		app, err := parseServe(t, data, host, "--listen="+listen).start(context.Background(), testLog(t))
		if err != nil {
			t.Fatal(err)
		}
		s := &testServer{app: app, data: data, keys: map[string]string{}}
		t.Cleanup(func() { s.stop(t) })
		for _, role := range []string{"client", "backend", "analyst"} {
			s.keys[role] = newKey(t, app.store, role)
		}
		s.awaitModel(t)
		return s
	}
	s := start("127.0.0.1:0")
	listen := strings.TrimPrefix(s.url, "http://")
	s.recordSome(t)
	w := startWatch(t, s, "-o", "json")
	w.line(t)
	s.check(t, "first")
	w.message(t)
	s.stop(t)
	s = start(listen)
	s.check(t, "second")
	if next := w.message(t); next.Activity.ID != "second" {
		t.Errorf("%+v", next)
	}
	if errs := w.end(t); !strings.Contains(errs, "SHUTTING_DOWN); connecting again in ") {
		t.Errorf("it says %s", errs)
	}
}

func TestWatchIsRefusedWithAReason(t *testing.T) {
	s := startServer(t, noModel)
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no READ":    {[]string{"--key=" + s.keys["client"]}, exitFailed, "READ"},
		"bad rate":   {[]string{"--rate=1001"}, exitFailed, "max_per_second: must be"},
		"bad cursor": {[]string{"--cursor=x"}, exitFailed, "cursor: must be"},
		"bad time":   {[]string{"--from=soon"}, exitUsage, "2026-01-02T15:04:05Z"},
		"both":       {[]string{"--labelled", "--unlabelled"}, exitUsage, "--labelled and --unlabelled"},
	} {
		code, out, errs := command(t, append([]string{"watch", "--server=" + s.url, "--key=" + s.keys["analyst"]}, c.args...)...)
		if code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%s: exit %d, %s%s; want %d …%s…", name, code, out, errs, c.code, c.says)
		}
	}
}
