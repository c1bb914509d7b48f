package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// ioctl is what the standard library has no call for.
func ioctl(t *testing.T, file *os.File, request uintptr, arg unsafe.Pointer) {
	t.Helper()
	if _, _, failed := syscall.Syscall(syscall.SYS_IOCTL, file.Fd(), request, uintptr(arg)); failed != 0 {
		t.Fatal(failed)
	}
}

// openTerminal opens both ends of a pseudo-terminal of a width.
func openTerminal(t *testing.T, width int) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	var locked, number int32
	ioctl(t, master, syscall.TIOCSPTLCK, unsafe.Pointer(&locked))
	ioctl(t, master, syscall.TIOCGPTN, unsafe.Pointer(&number))
	size := [4]uint16{50, uint16(width)}
	ioctl(t, master, syscall.TIOCSWINSZ, unsafe.Pointer(&size))
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	return master, slave
}

// onTerminal runs brrr on a terminal and returns what that shows.
func onTerminal(t *testing.T, width int, environment []string, args ...string) string {
	t.Helper()
	master, slave := openTerminal(t, width)
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), append([]string{asMain + "=1", "TERM=xterm", "NO_COLOR=", "COLUMNS="}, environment...)...)
	cmd.Stdout = slave
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	shown, _ := io.ReadAll(master) // its end is an error, EIO
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, shown, errs.String())
	}
	return strings.ReplaceAll(string(shown), "\r\n", "\n")
}

// TestEveryTableFitsTheTerminal shows the real thing on terminals of the usual
// widths.
func TestEveryTableFitsTheTerminal(t *testing.T) {
	withoutRace(t)
	s := startServer(t)
	s.awaitModel(t)
	s.recordSome(t)
	s.check(t, "first", "second", demoTransaction)
	where := []string{"--server=" + s.url, "--key=" + s.keys["admin"]}
	for _, c := range []struct {
		args []string
		has  string // at 200 columns
	}{
		{append([]string{"list"}, where...), "MODEL"},
		{append([]string{"check", "first", demoTransaction, "--view=full"}, where...), "MODEL"},
		{append([]string{"check", "first", "--view=explained"}, where...), "REASON"},
		{append([]string{"model", "show"}, where...), "INTERVAL"},
		{[]string{"model", "list", "--predictor-root=" + root}, "BRIER"},
		{[]string{"keys", "list", "--data=" + s.data}, "LAST USED (UTC)"},
		{[]string{"audit", "--data=" + s.data}, "DETAIL"},
	} {
		for _, width := range []int{60, 80, 120, 200} {
			shown := onTerminal(t, width, []string{"NO_COLOR=1"}, c.args...)
			for line := range strings.Lines(shown) {
				if wide := textWidth(strings.TrimSuffix(line, "\n")); wide > width {
					t.Errorf("%v: %d columns in %d: %s", c.args, wide, width, line)
				}
			}
			if told := strings.Contains(shown, "Not shown for want of room"); width == 200 && (told || !strings.Contains(shown, c.has)) {
				t.Errorf("%v: in %d columns it is\n%s", c.args, width, shown)
			}
		}
	}
}

func TestColourIsForTerminalsThatWantIt(t *testing.T) {
	s := startServer(t, "--predictor="+startHost(t, newModelHost("host-1")))
	s.awaitModel(t)
	s.recordSome(t)
	args := []string{"check", "first", "--server=" + s.url, "--key=" + s.keys["client"]}
	for name, c := range map[string]struct {
		environment []string
		coloured    bool
	}{
		"a terminal": {nil, true},
		"NO_COLOR":   {[]string{"NO_COLOR=1"}, false},
		"dumb":       {[]string{"TERM=dumb"}, false},
	} {
		shown := onTerminal(t, 80, c.environment, args...)
		if strings.Contains(shown, "\x1b[1;31mFRAUD\x1b[0m") != c.coloured || strings.Contains(shown, "\x1b") != c.coloured {
			t.Errorf("%s: %q", name, shown)
		}
	}
	if shown := onTerminal(t, 200, []string{"COLUMNS=40", "NO_COLOR=1"}, append(args, "--view=full")...); !strings.Contains(shown, "Not shown for want of room: AMOUNT") {
		t.Errorf("COLUMNS is not heeded:\n%s", shown)
	}
}

// TestAPipeThatBreaksEndsItQuietly is brrr list | head -1.
func TestAPipeThatBreaksEndsItQuietly(t *testing.T) {
	s := startServer(t, noModel)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read.Close()
	defer write.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "list", "--server="+s.url, "--key="+s.keys["admin"])
	cmd.Env = append(os.Environ(), asMain+"=1")
	cmd.Stdout = write
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Run(); err == nil || cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGPIPE || errs.Len() > 0 {
		t.Errorf("%v, %s", err, errs.String())
	}
}
