package certs

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestAKeyIsOpenToOthersByItsModeAndItsOwner(t *testing.T) {
	const somebody = 1
	for name, file := range map[string]struct {
		mode  fs.FileMode
		owner int
		want  bool
	}{
		"ours alone":                     {0o600, os.Geteuid(), false},
		"ours, and a group's":            {0o640, os.Geteuid(), true},
		"everybody's":                    {0o604, os.Geteuid(), true},
		"somebody's, and our group's":    {0o440, somebody, false},
		"somebody's, and so everybody's": {0o444, somebody, true},
	} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, nil, file.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, file.mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
		if err := os.Chown(path, file.owner, -1); err != nil {
			if file.owner == somebody {
				continue // root alone may give files away
			}
			t.Fatal(err)
		}
		if got := readableByOthers(path); got != file.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
