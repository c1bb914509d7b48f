package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// writeModels makes a folder of models with a manifest each; text for "" is no
// file. The file active names the one given, if any.
func writeModels(t *testing.T, active string, manifests map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range manifests {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if text != "" {
			writeTo(t, filepath.Join(dir, name, "manifest.json"), text)
		}
	}
	if active != "" {
		writeTo(t, filepath.Join(dir, "active"), active+"\n")
	}
	return dir
}

func writeTo(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// squeeze makes columns comparable: one space between words.
func squeeze(table string) string {
	var lines []string
	for line := range strings.Lines(table) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}

func TestModelListMarksTheActiveOneAndSaysWhatIsBroken(t *testing.T) {
	dir := writeModels(t, "b-1", map[string]string{
		"a-1": `{"version":"a-1","trained_at":"2026-01-02T03:04:05+00:00","metrics":{"average_precision":0.81204,"brier":0.0037644}}`,
		"b-1": `{"version":"b-1","trained_at":"2026-02-02T03:04:05+00:00","metrics":{}}`,
		"c":   "", "d": "{", "e": `{"trained_at":"x"}`, ".building-x": "",
	})
	list := func() string {
		t.Helper()
		code, out, errs := command(t, "model", "list", "--models="+dir)
		if code != exitDone {
			t.Fatalf("exit %d, %s", code, errs)
		}
		return squeeze(out)
	}
	want := `NAME VERSION TRAINED (UTC) AVERAGE PRECISION BRIER NOTE
a-1 a-1 2026-01-02 03:04:05 0.812 0.003764
b-1 b-1 2026-02-02 03:04:05 - - active
c - - - - broken: manifest.json is missing
d - - - - broken: manifest.json: unexpected end of JSON input
e - - - - broken: manifest.json: has no version`
	if got := list(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	writeTo(t, filepath.Join(dir, "active"), "gone")
	if got := list(); !strings.HasSuffix(got, "\ngone - - - - active, broken: manifest.json is missing") {
		t.Errorf("active names nothing:\n%s", got)
	}
	if err := os.Remove(filepath.Join(dir, "active")); err != nil {
		t.Fatal(err)
	}
	if got := list(); strings.Contains(got, "active") {
		t.Errorf("nothing is active:\n%s", got)
	}
}

func TestModelCommandsSayWhatIsWrongWithAFolderOrName(t *testing.T) {
	dir := writeModels(t, "a", map[string]string{"a": `{"version":"a"}`, "b": "", "c": "not JSON"})
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no such folder":    {[]string{"list", "--models=" + filepath.Join(dir, "none")}, "no such file or directory"},
		"a single model":    {[]string{"list", "--models=" + filepath.Join(dir, "a")}, "is a single model; give the folder that it is in"},
		"activate in it":    {[]string{"activate", "a", "--models=" + filepath.Join(dir, "a")}, "is a single model"},
		"no such model":     {[]string{"activate", "none", "--models=" + dir}, "none: manifest.json is missing"},
		"no manifest":       {[]string{"activate", "b", "--models=" + dir}, "b: manifest.json is missing"},
		"broken manifest":   {[]string{"activate", "c", "--models=" + dir}, "c: manifest.json: invalid character"},
		"this folder":       {[]string{"activate", ".", "--models=" + dir}, "is not the name of a model"},
		"the folder above":  {[]string{"activate", "..", "--models=" + dir}, "is not the name of a model"},
		"a path":            {[]string{"activate", "../a", "--models=" + dir}, "is not the name of a model"},
		"a server, no key":  {[]string{"activate", "a", "--models=" + dir, "--server=http://127.0.0.1:1"}, "no key"},
		"nowhere to be had": {[]string{"list"}, "--predictor-root"},
	} {
		code, out, errs := command(t, append([]string{"model"}, c.args...)...)
		if code != exitFailed || !strings.Contains(errs, c.says) {
			t.Errorf("%s: exit %d, %s%s; want …%s…", name, code, out, errs, c.says)
		}
	}
	if got := readFile(t, filepath.Join(dir, "active")); got != "a\n" {
		t.Errorf("active is now %q", got)
	}
}

func TestActivateWithoutAServiceNamesTheModelAndSaysThatNobodyWasAsked(t *testing.T) {
	dir := writeModels(t, "", map[string]string{"a": `{"version":"a"}`})
	code, out, errs := command(t, "model", "activate", "a", "--models="+dir)
	if code != exitDone || !strings.Contains(out, "a is active. No service was asked") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	if got := readFile(t, filepath.Join(dir, "active")); got != "a\n" {
		t.Errorf("active is now %q", got)
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("left %v", left)
	}
}

// startWatching starts a server whose host loads what active names, as the
// Python one does. It refuses "bad" and never gets round to "slow".
func startWatching(t *testing.T) (s *testServer, dir string) {
	t.Helper()
	dir = writeModels(t, "old", map[string]string{"old": `{"version":"v-old"}`, "new": `{"version":"v-new"}`,
		"bad": `{"version":"v-bad"}`, "slow": `{"version":"v-slow"}`})
	host := &modelHost{about: func() *fraud_detection.GetModelResponse {
		about := describeHost("v-old")
		switch active, _ := readActive(dir); active {
		case "new":
			about.Version = "v-new"
		case "bad":
			about.RefusedReplacement = "bad/golden.csv: line 2 scores 0.4, not 0.5"
		}
		return about
	}}
	s = startServer(t, "--predictor="+startHost(t, host))
	s.awaitModel(t)
	t.Setenv("BRRR_SERVER", s.url)
	t.Setenv("BRRR_KEY", s.keys["analyst"])
	return s, dir
}

func TestActivateWaitsForTheServiceAndTellsWhatBecameOfIt(t *testing.T) {
	s, dir := startWatching(t)
	for _, step := range []struct {
		name   string
		args   []string
		code   int
		says   string
		active string
	}{
		{"refused", []string{"bad"}, exitFailed, "bad is refused: bad/golden.csv: line 2 scores 0.4, not 0.5; v-old still serves. " +
			"With bad active the model would not start anew; brrr model activate old puts back what was active before", "bad"},
		{"refused again", []string{"bad", "--wait=1s"}, exitFailed, "bad is refused: bad/golden.csv", "bad"},
		{"back", []string{"old"}, exitDone, "serving v-old\n", "old"},
		{"another", []string{"new"}, exitDone, "serving v-new\n", "new"},
		{"never", []string{"slow", "--wait=1s"}, exitFailed, "slow is active, but the service still serves v-", "slow"},
		{"may not ask", []string{"old", "--key=" + s.keys["client"]}, exitFailed, "READ", "slow"},
		{"nobody answers", []string{"old", "--server=http://127.0.0.1:1", "--wait=1s"}, exitFailed, "old is active, but the service does not serve it after 1s: the service did not answer", "old"},
	} {
		code, out, errs := command(t, append([]string{"model", "activate", "--models=" + dir}, step.args...)...)
		if code != step.code || !strings.Contains(out+errs, step.says) {
			t.Errorf("%s: exit %d, %s%s; want %d …%s…", step.name, code, out, errs, step.code, step.says)
		}
		if active, err := readActive(dir); err != nil || active != step.active {
			t.Errorf("%s: %q is active, %v", step.name, active, err)
		}
	}
}

func TestModelShowHoldsTrainingAgainstLife(t *testing.T) {
	host := &modelHost{about: func() *fraud_detection.GetModelResponse {
		about := describeHost("host-1")
		about.Metrics = map[string]float64{"average_precision": 0.85, "average_precision.low": 0.83, "average_precision.high": 0.87,
			"brier": 0.0037644, "precision_at_threshold": 0.65572, "rows": 92724, "rows.low": 90301.4, "rows.high": 94740.2, "alone.low": 0.5}
		about.TrainedAt, about.TrainingRows = &timestamppb.Timestamp{Seconds: 1_700_000_000}, 169994
		about.Calibration = []*fraud_detection.CalibrationBin{{To: 0.1, Rows: 900, MeanFraudProbability: 0.02, FraudRate: 0.01}, {From: 0.1, To: 1}}
		about.RefusedReplacement = "worse/model.txt: is cut short"
		return about
	}}
	s := startLabelled(t, "--predictor="+startHost(t, host))
	s.label(t, "second", labelLegitimate, fraudactivityv1.OutcomeSource_OUTCOME_SOURCE_ANALYST, at(1_700_300_000))
	code, out, errs := command(t, "model", "show", "--server="+s.url, "--key="+s.keys["analyst"])
	want := `Replacement refused: worse/model.txt: is cut short (this model still serves)

MODEL
version host-1
facts amount
threshold 5.00 %
explains false
trained 2023-11-14 22:13:20 UTC, on 169994 rows
live 2 labelled that it assessed, 1 of them frauds; 2 flagged, 1 of them frauds

FIGURE TRAINING INTERVAL LIVE
alone.low 0.5 - -
average_precision 0.85 0.83–0.87 -
brier 0.003764 - 0.4349
brier_of_constant_rate - - 0.25
expected_calibration_error - - 0.43
flagged_rate - - 1
fraud_rate - - 0.5
precision_at_threshold 0.6557 - 0.5
recall_at_threshold - - 1
rows 92724 90301–94740 2

Promised is the mean score of a bin's rows, seen is how many of them were fraud:
SCORES PROMISED SEEN ROWS LIVE PROMISED LIVE SEEN LIVE ROWS
0 to 10 % 2.00 % 1.00 % 900 7.00 % 50.00 % 2
10 to 20 % - - - - - 0
`
	if got := squeeze(out); code != exitDone || !strings.HasPrefix(got, want) || !strings.Contains(got, "\n10 to 100 % - - 0 - - -\n") {
		t.Errorf("exit %d, %s\n%s\nwant\n%s…", code, errs, got, want)
	}
}

// copyModel copies the default model into a folder of models under another
// name, which its version takes on too.
func copyModel(t *testing.T, dir, name string) {
	t.Helper()
	models := modelsIn(root)
	active, err := readActive(models)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(models, active))); err != nil {
		t.Fatal(err)
	}
	about, err := readManifest(filepath.Join(models, active))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name, manifestFile)
	before, decides, _ := strings.Cut(about.Version, "-") // behind it stands a fingerprint
	writeTo(t, path, strings.Replace(readFile(t, path), `"`+before+"-"+decides+`"`, `"`+name+"-"+decides+`"`, 1))
}

// TestActivateExchangesTheModelOfARunningService goes the whole way, with the
// Python process that loads the models.
func TestActivateExchangesTheModelOfARunningService(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"one", "two", "cut"} {
		copyModel(t, dir, name)
	}
	golden := filepath.Join(dir, "cut", "golden.csv")
	writeTo(t, golden, readFile(t, golden)[:20])
	writeTo(t, filepath.Join(dir, activeFile), "one\n")
	s := startServer(t, "--models="+dir)
	s.awaitModel(t)
	s.recordSome(t)
	where := []string{"--models=" + dir, "--server=" + s.url, "--key=" + s.keys["analyst"]}
	for _, step := range []struct {
		name string
		code int
		says []string
	}{
		{"two", exitDone, []string{"serving two-"}},
		{"cut", exitFailed, []string{"cut is refused: ", "golden.csv", "; two-", " still serves", "brrr model activate two puts back"}},
		{"one", exitDone, []string{"serving one-"}},
	} {
		code, out, errs := command(t, append([]string{"model", "activate", step.name}, where...)...)
		for _, says := range step.says {
			if code != step.code || !strings.Contains(out+errs, says) {
				t.Errorf("%s: exit %d, %s%s; want %d …%s…", step.name, code, out, errs, step.code, says)
			}
		}
		if err := get(s, "first"); err != nil {
			t.Errorf("after %s: %v", step.name, err)
		}
	}
}
