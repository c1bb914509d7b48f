package main

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// TestThePasswordOfADatabaseStandsNowhere serves with one on the command line, and
// looks where people look.
func TestThePasswordOfADatabaseStandsNowhere(t *testing.T) {
	t.Parallel()
	store := migrated(t)
	read, err := url.Parse(store)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := read.User.Password()
	known := secrets{"the password": password}
	listen := freeAddress(t)
	gateway := newServer(t, t.TempDir(), t.TempDir(), listen, "--store="+store, "--log-level=debug", noModel)
	gateway.keepAll = true
	gateway.start()
	await(t, "a first key", func() bool { return strings.Contains(gateway.words(), "This is the admin's key") })
	line := readFile(t, fmt.Sprintf("/proc/%d/cmdline", gateway.cmd.Process.Pid))
	if known.findIn(t, "ps", []byte(line)); !strings.Contains(line, "--store=***") {
		t.Errorf("ps shows %q", line)
	}
	leavesNoMemory(t, "a gateway", gateway.cmd.Process.Pid)
	for _, wrong := range []string{
		strings.Replace(store, read.Host, "127.0.0.1:1", 1),
		strings.Replace(store, read.Path, "/nowhere", 1),
		strings.Replace(store, "postgres:"+password, "nobody:"+password, 1),
		store + "&sslmode=nothing",
		store + "&port=0",
	} {
		for _, words := range [][]string{{"keys", "list"}, {"migrate"}, {"config", "show"}, {"serve", "--listen=127.0.0.1:0", "--admin-listen="}} {
			code, out, errs := command(t, append(words, "--store="+wrong)...)
			if known.findIn(t, words[0], []byte(out+errs)); code == exitDone && words[0] != "config" {
				t.Errorf("%s with a wrong URL ends well: %s%s", words, out, errs)
			}
		}
	}
	gateway.stop()
	known.findIn(t, "the log", []byte(gateway.words()))
}
