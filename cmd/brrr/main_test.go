package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/store/pgtest"
)

// asMain makes the binary of the tests be brrr.
const asMain = "BRRR_TEST_AS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
	}
	followDialed()
	code := pgtest.Main(m)
	for what, seen := range map[string]*seeker{"A server logged": logged, "Spans carried": traced} {
		for _, secret := range seen.verdict() {
			fmt.Fprintln(os.Stderr, what, "a secret:", secret)
			code = exitFailed
		}
	}
	os.Exit(code)
}

// binFolder is a folder with brrr in it, of this very tree, for shells to run.
func binFolder(t *testing.T) string {
	t.Helper()
	tests, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "bin")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\n" + asMain + "=1 exec '" + tests + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(folder, "brrr"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}
