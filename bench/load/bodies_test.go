package load

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// bodies collects what is posted.
type bodies struct {
	mu   sync.Mutex
	seen []string
}

func (b *bodies) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // wrk has left in the midst of it
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = append(b.seen, r.URL.Path+" "+string(body))
	_, _ = io.WriteString(w, "{}")
}

func serveOK(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("wrk"); err != nil {
		if strings.Contains(os.Getenv("BRRR_REQUIRE"), "wrk") {
			t.Fatal("wrk is required and missing")
		}
		t.Skip("wrk is missing: apt-get install wrk")
	}
	server := httptest.NewServer(&bodies{})
	t.Cleanup(server.Close)
	return server.URL
}

func TestEveryModeOfTheScriptPostsWholeJSONAndFreshIds(t *testing.T) {
	serveOK(t)
	for _, mode := range []string{"get", "assess", "batch", "mix"} {
		t.Run(mode, func(t *testing.T) {
			var b bodies
			server := httptest.NewServer(&b)
			defer server.Close()
			ids := &IDs{Stride: InOrder, Recorded: 1_000_000, First: 100, Last: 900_000}
			result, err := HTTP{
				Script: "../wrk.lua", URL: server.URL, Callers: 4, For: time.Second, Mode: mode, IDs: ids,
				Words: []string{"path=/get", "assess_path=/assess", "size=3", "prefix=new-1-"},
			}.Run(t.Context())
			if err != nil || result.Failed() > 0 || result.Answers == 0 {
				t.Fatalf("%+v, %v", result, err)
			}
			server.Close() // and with it the calls that wrk left behind
			checkFresh(t, mode, b.seen)
		})
	}
}

// checkFresh fails if a body is not JSON, or asks again without a mix.
func checkFresh(t *testing.T, mode string, seen []string) {
	t.Helper()
	known, again := map[string]bool{}, 0
	for _, line := range seen {
		body := line[len("/get "):]
		if line[1] == 'a' {
			body = line[len("/assess "):]
		}
		if !json.Valid([]byte(body)) {
			t.Fatalf("not JSON: %s", body)
		}
		if known[body] {
			again++
		}
		known[body] = true
	}
	if mode != "mix" && again > 0 {
		t.Errorf("%d of %d were asked twice", again, len(seen))
	}
	if share := float64(again) / float64(len(seen)); mode == "mix" && len(seen) > 20_000 && (share < .02 || share > .06) {
		t.Errorf("a mix asked again in %.3f of calls, want about .05", share)
	}
}
