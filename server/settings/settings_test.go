package settings_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/wassef911/grpcgoesbrrr/server/settings"
)

// command has a flag of each type.
type command struct {
	Config   string            `notinfile:""`
	Address  string            `help:"Where." default:"here"`
	MaxWait  time.Duration     `help:"How long." default:"50ms" reload:""`
	Calls    int               `help:"How many." default:"3" reload:""`
	Rate     float64           `default:"0"`
	Demo     bool              `help:"Show."`
	Origin   []string          `help:"From where." reload:""`
	Labels   map[string]string `help:"What it is called."`
	Form     string            `enum:"json,text" default:"json"`
	Cert     string            `help:"A file." type:"existingfile"`
	Output   string            `short:"o" notinfile:"" default:"table"`
	refusals []error
}

func (c *command) Validate() error {
	return errors.Join(append(c.refusals, unless(c.Calls > 0, "--calls must be above 0"), unless(c.Rate >= 0, "--rate must be at least 0"))...)
}

func unless(holds bool, mistake string) error {
	if holds {
		return nil
	}
	return errors.New(mistake)
}

// read reads a file of these lines, and arguments behind it.
func read(t *testing.T, lines string, args ...string) (*command, *settings.Settings, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	var all struct {
		Run command `cmd:""`
	}
	parser, err := kong.New(&all, kong.DefaultEnvars("BRRR"))
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{"--config=" + path}, args...)
	got, err := settings.Read(parser.Model, parser.Model.Children[0], args)
	if err != nil {
		return nil, nil, errors.New(strings.ReplaceAll(err.Error(), path, "c.yaml"))
	}
	// And so does kong, which sets the flags before the command runs.
	if err := errors.Join(kong.Resolvers(got).Apply(parser)); err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"run"}, args...)); err != nil {
		t.Fatalf("kong: %v", err)
	}
	for _, s := range got.All {
		s.Origin = strings.ReplaceAll(s.Origin, path, "c.yaml")
		if shown := s.Flag.Target.Interface(); !equal(shown, s.Value) {
			t.Errorf("%s: kong sets %v, and is to set %v", s.Key(), shown, s.Value)
		}
	}
	return &all.Run, got, nil
}

func TestFlagsComeBeforeTheEnvironmentBeforeTheFileBeforeDefaults(t *testing.T) {
	file := "address: file\nmax-wait: 1s\ncalls: 7\n"
	t.Setenv("BRRR_ADDRESS", "environment")
	t.Setenv("BRRR_MAX_WAIT", "2s")
	c, got, err := read(t, file, "--address", "flag")
	if err != nil {
		t.Fatal(err)
	}
	if c.Address != "flag" || c.MaxWait != 2*time.Second || c.Calls != 7 || c.Form != "json" {
		t.Errorf("%+v", c)
	}
	for key, want := range map[string]string{"address": "--address", "max-wait": "BRRR_MAX_WAIT", "calls": "c.yaml:3", "form": "default"} {
		if from := got.Of(key).Origin; from != want {
			t.Errorf("%s is from %s, want %s", key, from, want)
		}
	}
}

func TestEachTypeIsReadAsOnTheCommandLine(t *testing.T) {
	for _, form := range []struct{ file, args string }{
		{file: "origin: [https://a, 'b,c']\nlabels: {a: x=y, b: 'p;q'}\ndemo: true\nrate: 1.5\n"},
		{file: "origin: https://a,b\\,c\nlabels: a=x=y;b=p\\;q\ndemo: yes\nrate: '1.5'\n"},
		{file: "origin:\n  - &a https://a\n  - b,c\nlabels:\n  a: x=y\n  b: p;q\ndemo: 1\nrate: 15e-1\n"},
		{args: `--origin=https://a --origin=b\,c --labels=a=x=y;b=p\;q --demo --rate 1.5`},
	} {
		c, _, err := read(t, form.file, strings.Fields(form.args)...)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(c.Origin, []string{"https://a", "b,c"}) || c.Labels["a"] != "x=y" || c.Labels["b"] != "p;q" || !c.Demo || c.Rate != 1.5 {
			t.Errorf("%q: %+v", form, c)
		}
	}
}

func TestAllMistakesAreNamedAtOnce(t *testing.T) {
	t.Setenv("BRRR_MAX_WAIT", "soon")
	t.Setenv("BRRR_CALLS", "-1")
	_, _, err := read(t, `addres: x
address: [a]
address: b
form: xml
calls: many
origin: {a: b}
labels: [a]
cert: /nowhere
demo:
config: other.yaml
`, "--rat=1", "--form=yaml", "stray", "--rate")
	if err == nil {
		t.Fatal("nothing was refused")
	}
	got := strings.Split(err.Error(), "\n")
	for i, want := range []string{
		`unknown flag --rat; did you mean --rate?`, `unexpected argument "stray"`, `--rate: needs a value`, `--form: must be one of json, text, not "yaml"`,
		`BRRR_MAX_WAIT: expected duration but got "soon"`,
		`c.yaml:1: addres: unknown key; did you mean address?`,
		`c.yaml:2: address: must be one value, not several`,
		`c.yaml:3: address: is already given in line 2`,
		`c.yaml:4: form: must be one of json, text, not "xml"`,
		`c.yaml:5: calls: expected a valid 64 bit int but got "many" (How many)`,
		`c.yaml:6: origin: must be a list, or text with commas`,
		`c.yaml:7: labels: must be a mapping`,
		`c.yaml:8: cert: stat /nowhere: no such file or directory (A file)`,
		`c.yaml:9: demo: has no value; "" is the empty one`,
		`c.yaml:10: config: unknown key`,
	} {
		if i >= len(got) || !strings.HasPrefix(got[i], want) {
			t.Errorf("mistake %d of\n%v\nwant %s", i, err, want)
		}
	}
	if len(got) != 15 { // --calls is wrong in the file: that -1 is below 1 follows
		t.Errorf("%d mistakes:\n%v", len(got), err)
	}
}

func TestFilesThatAreNoSettingsAreRefused(t *testing.T) {
	for file, want := range map[string]string{
		"- a\n":                       "must be lines of key: value",
		"calls: [1\n":                 "did not find expected",
		"calls: 1\n---\ncalls: 2\n":   "more than one document",
		"calls: 0\n":                  "--calls must be above 0 (c.yaml:1)",
		strings.Repeat("# x\n", 1e6):  "larger than",
		"address: &a [*a]\n":          "one value",
		"origin: [[x]]\n":             "lists or mappings of its own",
		"cert: https://u:pw@h/nope\n": "https:/***@h/nope", // as a path, cleaned

	} {
		if _, _, err := read(t, file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v, want %s", file, err, want)
		}
	}
	for _, nothing := range []string{"", "# only words\n", "---\n", "{}\n"} {
		if _, _, err := read(t, nothing); err != nil {
			t.Errorf("%q: %v", nothing, err)
		}
	}
}

func TestWhatIsShownAsYAMLIsReadAgainAsItWas(t *testing.T) {
	for _, file := range []string{"", "address: ''\ncalls: 9\nmax-wait: 90s\norigin: ['a,b', \"c\\nd\"]\nlabels: {a: 'x: y', b: '#'}\ndemo: true\nrate: 0.25\n"} {
		was, first, err := read(t, file)
		if err != nil {
			t.Fatal(err)
		}
		is, second, err := read(t, first.YAML())
		if err != nil {
			t.Fatalf("%v in\n%s", err, first.YAML())
		}
		if changes := settings.Changes(first, second); len(changes) > 0 || is.Address != was.Address {
			t.Errorf("%+v by\n%s", changes, first.YAML())
		}
	}
}

func TestChangesTellWhatMayChangeWithoutARestart(t *testing.T) {
	_, runs, err := read(t, "calls: 1\naddress: http://u:pw@a\n")
	_, next, wrong := read(t, "calls: 2\naddress: http://u:pw@b\norigin: [x]\n")
	if err := errors.Join(err, wrong); err != nil {
		t.Fatal(err)
	}
	want := []settings.Change{{Key: "address", From: "http://***@a", To: "http://***@b"}, {Key: "calls", From: "1", To: "2", Reloadable: true}, {Key: "origin", To: "x", Reloadable: true}}
	if got := settings.Changes(runs, next); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	// What waits for a restart is told again next time, what was taken over is not.
	if got := settings.Changes(next.Running(runs), next); !slices.Equal(got, want[:1]) {
		t.Errorf("afterwards %+v, want %+v", got, want[:1])
	}
}

func TestUnknownVariablesAreToldWithWhatMayBeMeant(t *testing.T) {
	t.Setenv("BRRR_CALS", "1")
	_, got, err := read(t, "")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(got.Unknown, "BRRR_CALS; did you mean BRRR_CALLS?") {
		t.Errorf("%q", got.Unknown)
	}
}

func TestSecretsInAddressesAreHidden(t *testing.T) {
	for text, want := range map[string]string{
		"http://h:1/a@b":                              "http://h:1/a@b",
		"https://user:pass@host/x":                    "https://***@host/x",
		"dial https://token@host, postgres://u:p@h":   "dial https://***@host, postgres://***@h",
		"postgres://u:p@ss@h/db?sslmode=a":            "postgres://***@h/db?sslmode=a",
		"host=h user=u password=p@w dbname=d":         "host=h user=u password=*** dbname=d",
		"https://h/?access_token=abc&x=1":             "https://h/?access_token=***&x=1",
		"http://127.0.0.1:1,unix:/run/a.sock, a@b.ex": "http://127.0.0.1:1,unix:/run/a.sock, a@b.ex",
	} {
		if got := settings.Mask(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
