package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// drillSupervised breaks the Python process that brrr serve starts itself, and
// then brrr serve: nothing of either may be left behind.
func drillSupervised(t *testing.T, s drillSetting) {
	d := startDrill(t, s)
	heard := 0
	signal := func(what syscall.Signal) {
		if err := syscall.Kill(d.server.child(), what); err != nil {
			t.Errorf("process %d: %v", d.server.child(), err)
		}
	}
	listens := func() {
		await(t, "another process that listens", func() bool { return d.server.listened() > heard })
	}
	d.run(fault{name: "supervised model killed", begin: func() { heard = d.server.listened(); signal(syscall.SIGKILL) }, end: listens})
	d.run(fault{name: "supervised model frozen", begin: func() { signal(syscall.SIGSTOP) }, end: func() { signal(syscall.SIGCONT) }})

	d.run(fault{name: "server and its model killed", allowed: withoutDoor, begin: func() {
		child := d.server.child()
		d.server.kill()
		awaitGone(t, child)
		heard = d.server.listened()
		d.server.start()
	}, end: listens})
	d.end()
	child := d.server.child()
	d.server.stop()
	awaitGone(t, child)
	for _, left := range sockets(t, d.temp, d.data) {
		t.Errorf("left behind: %s", left)
	}
}

// awaitGone waits for the end of a process that is no child of ours.
func awaitGone(t *testing.T, pid int) {
	t.Helper()
	gone := func() bool {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)) // empty once it has ended
		return !strings.Contains(string(line), "predictor")
	}
	defer func() {
		if !gone() { // the test has failed by now, and leaves nothing behind itself
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}()
	await(t, fmt.Sprintf("the end of process %d", pid), gone)
}

// sockets are those below folders, and what a supervisor keeps them in.
func sockets(t *testing.T, folders ...string) (found []string) {
	t.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && (entry.Type()&fs.ModeSocket != 0 || entry.IsDir() && strings.HasPrefix(entry.Name(), "brrr-")) {
				found = append(found, path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	return found
}
