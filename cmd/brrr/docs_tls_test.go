package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestWhatTheOperationsPageOnTLSSaysWorks pastes every line of that section, on
// ports that are free here.
func TestWhatTheOperationsPageOnTLSSaysWorks(t *testing.T) {
	withoutRace(t)
	if _, err := exec.LookPath("openssl"); err != nil {
		missing(t, "openssl", "apt-get install openssl")
	}
	r := newReader(t)
	defer r.stop()
	r.setenv("BRRR_LISTEN", "127.0.0.1:0")
	r.setenv("BRRR_ADMIN_LISTEN", "127.0.0.1:0")
	host := freeAddress(t)
	r.stands = func(r *reader) (forWhat, put []string) {
		return []string{"127.0.0.1:50051", "https://127.0.0.1:8080"}, []string{host, r.url}
	}
	all := readFile(t, filepath.Join(root, "docs/operations.md"))
	_, section, _ := strings.Cut(all, "\n## TLS\n")
	section, _, _ = strings.Cut(section, "\n## ")
	followed := 0
	for _, b := range blocksOf(t, "docs/operations.md") {
		if b.language != "sh" || !strings.Contains(section, b.text) {
			continue
		}
		followed++
		serving, background := strings.CutSuffix(strings.TrimSpace(b.text), " &")
		if !background {
			r.follow(b)
			continue
		}
		own := r.command("bash", "-c", "exec "+r.put(serving))
		if err := own.Start(); err != nil {
			t.Fatal(err)
		}
		defer own.Wait()
		defer own.Process.Signal(syscall.SIGTERM)
	}
	if followed != 5 {
		t.Errorf("%d blocks, want 5", followed)
	}
	for r.log.Scan() && !strings.Contains(r.log.Text(), "certificates changed") {
	}
	if !strings.Contains(r.log.Text(), "--tls-cert") {
		t.Errorf("the new certificate is not taken on: %s", r.log.Text())
	}
}
