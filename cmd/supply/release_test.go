package main

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func TestWhatNamesNoReleaseIsRefused(t *testing.T) {
	for _, version := range []string{"v1.2.3", "v0.0.0-rc.1"} {
		if err := (&releaseCmd{Version: version, Only: []string{"linux-arm64", "darwin-arm64"}}).Validate(); err != nil {
			t.Error(err)
		}
	}
	for _, version := range []string{"", "1.2.3", "v1.2", "v1.2.3 -X main.commit=x", "v1.2.3/../x", "v1.2.3-"} {
		wantError(t, (&releaseCmd{Version: version}).Validate(), "--version must be such as v1.2.3")
	}
	wantError(t, (&releaseCmd{Version: "v1.2.3", Only: []string{"linux-amd46"}}).Validate(), "--only must be of [linux-amd64 linux-arm64 darwin-arm64], not \"linux-amd46\"")
}

func TestAReleaseIsOfACommitAndNothingElse(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("GIT_COMMITTER_DATE", "2026-01-02T03:04:05+02:00")
	writeFile(t, "file", "as committed")
	for _, args := range [][]string{
		{"init", "--quiet"},
		{"add", "file"},
		{"-c", "user.name=n", "-c", "user.email=n@example.com", "commit", "--quiet", "--message", "first"},
	} {
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	from, err := cleanCommit()
	if err != nil || len(from.id) != 40 || !from.when.Equal(time.Date(2026, 1, 2, 1, 4, 5, 0, time.UTC)) {
		t.Errorf("%+v, %v", from, err)
	}
	writeFile(t, filepath.Join("folder", "new"), "not committed")
	_, err = cleanCommit()
	wantError(t, err, "these files differ from it:\n?? folder/")
}
