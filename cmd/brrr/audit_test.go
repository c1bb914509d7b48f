package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// TestEveryAdministrativeActIsAudited does what an administrator may do, by the
// commands, beside a server, and reads who did what.
func TestEveryAdministrativeActIsAudited(t *testing.T) {
	s, models := startWatching(t)
	code, key, errs := command(t, "keys", "create", "--name=night shift", "--role=client", "--data="+s.data)
	if code != exitDone {
		t.Fatal(errs)
	}
	s.keys["night"] = strings.TrimSpace(key)
	id, secret := strings.Split(s.keys["night"], "_")[1], strings.Split(s.keys["night"], "_")[2]
	if _, err := s.client("night").GetCaller(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	s.awaitAct(t, fraud.ActModelServed, "v-old")
	backup, fresh := filepath.Join(t.TempDir(), "copy"), "--data="+t.TempDir()
	here, me := "--data="+s.data, actor()
	for _, step := range []struct {
		name string
		args []string
		says []string
	}{
		{"revoke", []string{"keys", "revoke", id, here}, []string{"is revoked"}},
		{"activate", []string{"model", "activate", "new", "--models=" + models, here}, []string{"serving v-new"}},
		{"back up", []string{"backup", backup, here}, []string{"copy holds"}},
		{"about the key", []string{"audit", "--about=" + id, here}, []string{
			me, "key.created", `name "night shift", role client, expires never`, "key.revoked"}},
		{"about the backup", []string{"audit", "--about=" + backup, here}, []string{me, "store.backed_up"}},
		{"about models", []string{"audit", "--kind=model.activated", "-o", "json", here}, []string{`"actor":"` + me + `"`, `"object":"new"`}},
		{"the newest of all", []string{"audit", "--limit=1", "-o", "json", here}, []string{`"kind":"`}},
		{"restore", []string{"restore", backup, fresh}, nil},
		{"about what was restored", []string{"audit", fresh}, []string{"server.started", "key.created", "key.revoked", "store.restored"}},
		{"the doctor", []string{"doctor", fresh}, []string{"audit log"}},
	} {
		checkCommand(t, step.name, step.args, exitDone, step.says)
	}
	checkCommand(t, "none", []string{"audit", "--limit=0", here}, exitUsage, []string{"--limit must be at least 1"})
	s.awaitAct(t, fraud.ActModelServed, "v-new")
	s.awaitAct(t, fraud.ActKeyUsed, id)
	if _, all, _ := command(t, "audit", here); strings.Contains(all, secret) {
		t.Error("the audit log tells a secret")
	}
}

// awaitAct waits until an act is in the log of a running server's store.
func (s *testServer) awaitAct(t *testing.T, kind fraud.ActKind, object string) {
	t.Helper()
	await(t, string(kind)+" of "+object, func() bool {
		acts, err := s.store.ListActs(t.Context(), fraud.ActQuery{Kind: kind, Object: object, Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		return len(acts) > 0
	})
}

// TestTheLogRepeatsTheAuditLog runs a server to its end: what others did meanwhile
// stands in its log, and both its ends.
func TestTheLogRepeatsTheAuditLog(t *testing.T) {
	var log bytes.Buffer
	app, err := parseServe(t, t.TempDir(), noModel).start(t.Context(), slog.New(slog.NewJSONHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	newKey(t, app.store, "client")
	if err := app.close(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	var told []string
	for line := range bytes.Lines(log.Bytes()) {
		var l struct{ Msg, Act, Actor string }
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatal(err)
		}
		if l.Msg == "audit" {
			told = append(told, l.Act+" by "+l.Actor)
		}
	}
	want := []string{"server.started by server", "key.created by user:test", "server.stopped by server"}
	if !slices.Equal(told, want) {
		t.Errorf("the log tells %q, want %q", told, want)
	}
}
