package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeSettings is a file of settings.
func writeSettings(t *testing.T, lines string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "brrr.yaml")
	if err := os.WriteFile(path, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConfigCheckNamesAllThatServeWouldRefuse(t *testing.T) {
	t.Setenv("BRRR_KEY_STREAMS", "-1")
	file := writeSettings(t, "max-wait: 0s\ntls-cert: "+filepath.Join(root, "go.mod")+"\nlisten: [a]\n")
	for _, words := range [][]string{{"config", "check"}, {"config", "show"}, {"serve"}} {
		code, _, errs := command(t, append(words, "--config="+file, "--drain-timeout=never")...)
		for _, want := range []string{"--drain-timeout: expected duration", "brrr.yaml:3: listen: must be one value", "--max-wait must be above 0 (", "--tls-cert and --tls-key go together", "limits of keys must be at least 0"} {
			if code != exitUsage || !strings.Contains(errs, want) {
				t.Errorf("%v: exit %d, want %d and …%s… in\n%s", words, code, exitUsage, want, errs)
			}
		}
	}
}

func TestConfigCheckLooksForWhatAStartNeeds(t *testing.T) {
	pem := filepath.Join(root, "go.mod")
	for says, flags := range map[string][]string{
		"ok":                              {"--predictor-root=" + root},
		"--tls-cert: holds no PEM":        {"--predictor=unix:/x", "--tls-cert=" + pem, "--tls-key=" + pem},
		"--oidc-ca: ":                     {"--predictor=unix:/x", "--oidc-issuer=https://x", "--oidc-audience=a", "--oidc-ca=" + pem},
		"line 1 must be NAME: VALUE":      {"--predictor=unix:/x", "--trace-endpoint=http://x:1", "--trace-headers-file=" + pem},
		"--models: stat /nowhere":         {"--predictor-root=" + root, "--models=/nowhere"},
		"--predictor-python: stat /pyth":  {"--predictor-root=" + root, "--predictor-python=/python"},
		"open /nowhere.yaml: no such":     {"--config=/nowhere.yaml"},
		"warning: unknown variable BRRR_": {"--predictor-root=" + root}, // the tests' own
	} {
		t.Setenv("BRRR_SOMETHING", "x")
		code, out, errs := command(t, append([]string{"config", "check"}, flags...)...)
		if ok := says == "ok" || strings.Contains(says, "warning"); ok != (code == exitDone) || !strings.Contains(out+errs, says) || !ok && code != exitUsage {
			t.Errorf("%v: exit %d, %s%s; want …%s…", flags, code, out, errs, says)
		}
	}
}

func TestConfigShowTellsOriginsAndHidesSecrets(t *testing.T) {
	t.Setenv("BRRR_KEY_CALLS", "7")
	file := writeSettings(t, "# first\npredictor: http://user:pass@127.0.0.1:1\n")
	code, out, errs := command(t, "config", "show", "-o", "json", "--config="+file, "--max-wait=1m")
	if code != exitDone {
		t.Fatal(errs)
	}
	origins := map[string]string{}
	for line := range strings.Lines(out) {
		var s struct{ Key, Origin string }
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatal(err)
		}
		origins[s.Key] = s.Origin
	}
	for key, want := range map[string]string{"key-calls": "BRRR_KEY_CALLS", "predictor": file + ":2", "max-wait": "--max-wait", "listen": "default"} {
		if origins[key] != want {
			t.Errorf("%s is from %q, want %q", key, origins[key], want)
		}
	}
	if strings.Contains(out, "pass") || !strings.Contains(out, "http://***@127.0.0.1:1") {
		t.Errorf("a secret is shown:\n%s", out)
	}
}

func TestConfigShowWritesAFileThatSaysTheSame(t *testing.T) {
	args := []string{"config", "show", "-o", "yaml", "--max-wait=1m30s", "--cors-origin=https://a,https://b", "--admin-listen=", "--demo"}
	code, first, errs := command(t, args...)
	if code != exitDone {
		t.Fatal(errs)
	}
	code, second, errs := command(t, "config", "show", "-o", "yaml", "--config="+writeSettings(t, first))
	if code != exitDone || second != first {
		t.Errorf("exit %d %s\n%s\nbecame\n%s", code, errs, first, second)
	}
}

// TestTheSampleHasEverySetting holds deploy/brrr.yaml to the flags: `make sample`
// renews it.
func TestTheSampleHasEverySetting(t *testing.T) {
	sample := filepath.Join(root, "deploy/brrr.yaml")
	if _, out, _ := command(t, "config", "sample"); out != readFile(t, sample) {
		t.Error("deploy/brrr.yaml is out of date: make sample")
	}
	code, out, errs := command(t, "config", "show", "-o", "json", "--config="+sample)
	if code != exitDone {
		t.Fatal(errs)
	}
	_, defaults, _ := command(t, "config", "show", "-o", "json")
	for i, line := range strings.Split(defaults, "\n") {
		value, _, _ := strings.Cut(line, `,"origin"`)
		if got, _, _ := strings.Cut(strings.Split(out, "\n")[i], `,"origin"`); got != value {
			t.Errorf("the sample says %s, and the default is %s", got, value)
		}
	}
}

func TestWhatTheProgramSaysHidesSecrets(t *testing.T) {
	_, out, errs := command(t, "serve", "--data="+t.TempDir(), "--listen=127.0.0.1:0", "--admin-listen=", "--predictor=ftp://user:pass@x")
	if strings.Contains(out+errs, "pass") || !strings.Contains(errs, "ftp://***@x") {
		t.Errorf("%s%s", out, errs)
	}
}
