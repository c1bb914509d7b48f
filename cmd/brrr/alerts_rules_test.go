package main

import (
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

const rulesFile = "deploy/prometheus/brrr.rules.yml"

// promRule is one of the rules that are shipped: an alert, or what is recorded for others.
type promRule struct {
	Alert, Record, Expr, For string
	Labels, Annotations      map[string]string
}

func shippedRules(t *testing.T) (rules []promRule) {
	t.Helper()
	var file struct {
		Groups []struct{ Rules []promRule }
	}
	if err := yaml.Unmarshal([]byte(readFile(t, filepath.Join(root, rulesFile))), &file); err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Groups {
		rules = append(rules, group.Rules...)
	}
	return rules
}

// TestPrometheusTakesTheRulesAndTheyHoldToTheirBounds has promtool check what is shipped,
// and run the unit tests beside it: they feed each alert what is just within its bound
// and what is just beyond.
func TestPrometheusTakesTheRulesAndTheyHoldToTheirBounds(t *testing.T) {
	needPrometheus(t, "promtool")
	for _, words := range [][]string{
		{"check", "config", "prometheus.yml"},
		{"check", "rules", "brrr.rules.yml"},
		{"test", "rules", "brrr.rules.test.yml"},
	} {
		cmd := exec.CommandContext(t.Context(), "promtool", words...)
		cmd.Dir = filepath.Join(root, "deploy/prometheus")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(words, " "), err, out)
		}
	}
}

func TestPrometheusScrapesWhereAServerListensByDefault(t *testing.T) {
	var scrapes struct {
		Configs []struct {
			Job     string                       `yaml:"job_name"`
			Targets []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	var sample struct {
		AdminListen string `yaml:"admin-listen"`
	}
	err := errors.Join(yaml.Unmarshal([]byte(readFile(t, filepath.Join(root, "deploy/prometheus/prometheus.yml"))), &scrapes),
		yaml.Unmarshal([]byte(readFile(t, filepath.Join(root, "deploy/brrr.yaml"))), &sample))
	if err != nil {
		t.Fatal(err)
	}
	only := scrapes.Configs[0]
	if len(scrapes.Configs) != 1 || only.Job != "brrr" || only.Targets[0].Targets[0] != sample.AdminListen {
		t.Errorf("it scrapes %+v, and a server listens at %s", scrapes.Configs, sample.AdminListen)
	}
}

func TestEachAlertSaysWhomItWakesAndWhatToDo(t *testing.T) {
	alerts := 0
	for _, rule := range shippedRules(t) {
		if rule.Alert == "" {
			continue
		}
		alerts++
		if severity := rule.Labels["severity"]; severity != "page" && severity != "ticket" {
			t.Errorf("%s: severity %q", rule.Alert, severity)
		}
		if lasts, err := time.ParseDuration(rule.For); err != nil || lasts < time.Minute {
			t.Errorf("%s: for: %q, want a minute at least: one bad scrape is none of anybody's business", rule.Alert, rule.For)
		}
		if rule.Annotations["summary"] == "" || !strings.Contains(rule.Annotations["description"], "$value") && rule.Alert != "BrrrDown" {
			t.Errorf("%s: annotations %q, want a summary, and a description with the value", rule.Alert, rule.Annotations)
		}
		if want := "https://github.com/wassef911/grpcgoesbrrr/blob/main/docs/operations.md#" + strings.ToLower(rule.Alert); rule.Annotations["runbook_url"] != want {
			t.Errorf("%s: runbook_url %q, want %q", rule.Alert, rule.Annotations["runbook_url"], want)
		}
	}
	if alerts < 20 {
		t.Errorf("%d alerts", alerts)
	}
}

// TestEachAlertHasARunbookAndEachRunbookAnAlert looks for the sections that the alerts
// point at.
func TestEachAlertHasARunbookAndEachRunbookAnAlert(t *testing.T) {
	sections := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^### (Brrr\w+)$`).FindAllStringSubmatch(alertsOfTheManual(t), -1) {
		sections[heading[1]] = true
	}
	alerts := map[string]bool{}
	for _, rule := range shippedRules(t) {
		if alerts[rule.Alert] = true; rule.Alert != "" && !sections[rule.Alert] {
			t.Errorf("%s has no runbook", rule.Alert)
		}
	}
	for section := range sections {
		if !alerts[section] {
			t.Errorf("%s is no alert", section)
		}
	}
}

// alertsOfTheManual is the section with the runbooks.
func alertsOfTheManual(t *testing.T) string {
	t.Helper()
	_, section, _ := strings.Cut(readFile(t, filepath.Join(root, "docs/operations.md")), "\n## Alerts\n")
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

// TestRulesAskForMetricsThatAreServed holds each name against the table of the manual,
// which other tests hold against a real server.
func TestRulesAskForMetricsThatAreServed(t *testing.T) {
	recorded := map[string]bool{}
	for _, rule := range shippedRules(t) {
		recorded[rule.Record] = true
	}
	for _, rule := range shippedRules(t) {
		checkMetrics(t, rule.Alert+rule.Record, rule.Expr, recorded)
	}
}

var metricInQuery = regexp.MustCompile(`\b(?:brrr|go|process)[_:][\w:]+`)

// checkMetrics wants each metric of an expression to be one of ours, of the Go runtime or
// of the process, or to be recorded by a rule.
func checkMetrics(t *testing.T, where, expression string, recorded map[string]bool) {
	t.Helper()
	manual := metricsOfTheManual(t)
	names := metricInQuery.FindAllString(expression, -1)
	if len(names) == 0 && !strings.Contains(expression, "up{") {
		t.Errorf("%s asks for nothing of ours: %s", where, expression)
	}
	for _, name := range names {
		if recorded[name] || strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_") {
			continue
		}
		if _, ok := manual[name]; ok {
			continue
		}
		family := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		if !strings.HasPrefix(manual[family], "histogram") {
			t.Errorf("%s: no server has %s", where, name)
		}
	}
}
