package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestChecksumsAreThoseOfSha256sum(t *testing.T) {
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "b"), "second")
	writeFile(t, filepath.Join(folder, "a"), "first")
	writeFile(t, filepath.Join(folder, sumsFile+".sig"), "of other checksums")
	if err := writeSums(folder, []string{"b", "a"}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, sumsFile+".sig")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the signature of other checksums: %v, want it gone", err)
	}
	check := exec.Command("sha256sum", "--check", "--strict", sumsFile)
	check.Dir = folder
	if out, err := check.CombinedOutput(); err != nil || string(out) != "a: OK\nb: OK\n" {
		t.Errorf("%v\n%s", err, out)
	}
	wantError(t, writeSums(folder, []string{"c"}), "c: no such file")
}

// newSigner makes a key, and the file that says so to those who verify.
func newSigner(t *testing.T, folder string) (key string) {
	t.Helper()
	need(t, "ssh-keygen", "openssh-client")
	key = filepath.Join(t.TempDir(), "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	writeFile(t, filepath.Join(folder, "allowed_signers"), readFile(t, "deploy/allowed_signers")+"releases "+readFile(t, key+".pub"))
	return key
}

func TestASignatureIsOfTheseChecksumsByThatKey(t *testing.T) {
	folder := t.TempDir()
	verify := func() (string, error) {
		cmd := exec.Command("ssh-keygen", "-Y", "verify", "-f", "allowed_signers", "-I", "releases", "-n", "file", "-s", sumsFile+".sig")
		cmd.Dir, cmd.Stdin = folder, strings.NewReader(readFile(t, folder, sumsFile))
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	key := newSigner(t, folder)
	writeFile(t, filepath.Join(folder, "a"), "first")
	if err := writeSums(folder, []string{"a"}); err != nil {
		t.Fatal(err)
	}
	if err := sign(folder, key); err != nil {
		t.Fatal(err)
	}
	if said, err := verify(); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
	writeFile(t, filepath.Join(folder, sumsFile), "others")
	if said, err := verify(); err == nil {
		t.Errorf("other checksums: %s", said)
	}
	if err := writeSums(folder, []string{"a"}); err != nil {
		t.Fatal(err)
	}
	if err := sign(folder, newSigner(t, t.TempDir())); err != nil {
		t.Fatal(err)
	}
	if said, err := verify(); err == nil {
		t.Errorf("another's key: %s", said)
	}
	wantError(t, sign(folder, filepath.Join(folder, "no-key")), "ssh-keygen: ")
}
