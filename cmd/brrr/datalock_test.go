package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestADataFolderIsTakenByOneAtATime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first, err := lockData(dir, "serve")
	if err != nil {
		t.Fatal(err)
	}
	refused := func(want string) {
		t.Helper()
		if second, err := lockData(dir, "restore"); err == nil {
			t.Error("it is taken twice")
			second.release()
		} else if err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	message := func(who string) string {
		return dir + " is in use by " + who + ": stop it, or give --data another folder"
	}
	refused(message(fmt.Sprintf("brrr serve (process %d)", os.Getpid())))
	if err := first.listens("http://127.0.0.1:8080"); err != nil {
		t.Fatal(err)
	}
	refused(message(fmt.Sprintf("brrr serve (process %d at http://127.0.0.1:8080)", os.Getpid())))
	if err := os.WriteFile(filepath.Join(dir, dataLockName), []byte("brrr ser"), 0o600); err != nil { // as it begins
		t.Fatal(err)
	}
	refused(message("another brrr"))
	if other, err := lockData(t.TempDir(), "serve"); err != nil {
		t.Errorf("another folder: %v", err)
	} else {
		other.release()
	}
	if err := first.release(); err != nil {
		t.Fatal(err)
	}
	third, err := lockData(dir, "serve")
	if err != nil {
		t.Fatalf("once it is given back: %v", err)
	}
	third.release()
}

func TestAFolderThatCannotBeLockedIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := lockData(file, "serve"); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v", err)
	}
}
