package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// serveProcess starts brrr serve as a process of its own, and returns once it
// listens or has ended, with what it said until then.
func serveProcess(t *testing.T, data string) (server *exec.Cmd, said string) {
	t.Helper()
	server = exec.Command(filepath.Join(binFolder(t), "brrr"), "serve", "--data="+data, "--listen=127.0.0.1:0", "--admin-listen=", noModel)
	output, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
	})
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		said += lines.Text() + "\n"
		if strings.Contains(lines.Text(), `"listening"`) {
			break
		}
	}
	go io.Copy(io.Discard, output)
	return server, said
}

func TestTwoServersCannotHaveOneDataFolder(t *testing.T) {
	data, backup := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	first, said := serveProcess(t, data)
	if !strings.Contains(said, `"listening"`) {
		t.Fatalf("it does not start: %s", said)
	}
	_, said = serveProcess(t, data)
	want := fmt.Sprintf("brrr: %s is in use by brrr serve (process %d at http://127.0.0.1:", data, first.Process.Pid)
	if !strings.Contains(said, want) || strings.Contains(said, `"listening"`) {
		t.Errorf("the second says %s; want %s…", said, want)
	}
	rows := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(rows, []byte("transaction_id,account_id,amount,time\na,b,1,1700000000\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{ // what goes on beside a server
		{"keys", "create", "--name=shop", "--role=client", "--data=" + data},
		{"keys", "list", "--data=" + data},
		{"import", rows, "--data=" + data},
		{"backup", backup, "--data=" + data},
		{"doctor", "--data=" + data},
	} {
		if code, out, errs := command(t, args...); code != exitDone {
			t.Errorf("%v beside a server: exit %d\n%s%s", args, code, out, errs)
		}
	}
	if code, _, errs := command(t, "restore", backup, "--data="+data, "--force"); code != exitFailed || !strings.Contains(errs, "is in use by brrr serve") {
		t.Errorf("restore beside a server: exit %d, %s", code, errs)
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	first.Wait()
	if _, said := serveProcess(t, data); !strings.Contains(said, `"listening"`) {
		t.Errorf("after the first was killed: %s", said)
	}
}
