package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestWhatIsKeptIsForTheServicesUserAlone looks at every file that a server and a backup
// make, in folders that others may look into.
func TestWhatIsKeptIsForTheServicesUserAlone(t *testing.T) {
	t.Parallel()
	data, out := t.TempDir(), t.TempDir()
	for _, folder := range []string{data, out} {
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s := &testServer{app: startOn(t, data), data: data, keys: map[string]string{}}
	for _, role := range []string{"backend", "client"} {
		s.keys[role] = newKey(t, s.store, role)
	}
	s.awaitModel(t)
	s.recordSome(t)
	if err := get(s, "first"); err != nil {
		t.Fatal(err)
	}
	if code, said, errs := command(t, "backup", filepath.Join(out, "backup.db"), "--data="+data); code != exitDone {
		t.Errorf("exit %d, %s%s", code, said, errs)
	}
	seen := 0
	for _, folder := range []string{data, out} {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || path == folder {
				return err
			}
			info, err := d.Info()
			if err == nil && info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s is open to others: %s", path, info.Mode())
			}
			seen++
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if seen < 7 { // database, log, index, lock, socket and its folder, backup
		t.Errorf("%d files", seen)
	}
}
