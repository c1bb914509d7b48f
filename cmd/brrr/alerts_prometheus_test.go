package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"testing"
)

// prometheus is one at work, as a process of its own.
type prometheus struct {
	*process
	url string
}

// startPrometheus starts one in a folder that has its prometheus.yml.
func startPrometheus(t *testing.T, folder string) *prometheus {
	t.Helper()
	address := freeAddress(t)
	// Prometheus outlives whoever started it, but not this shell the end of its input.
	const leashed = `"$@" & pid=$!; cat > /dev/null; kill $pid; wait $pid`
	p := &prometheus{url: "http://" + address, process: newProcess(t, func() *exec.Cmd {
		return exec.Command("sh", "-c", leashed, "sh", "prometheus", "--config.file="+filepath.Join(folder, "prometheus.yml"),
			"--storage.tsdb.path="+filepath.Join(folder, "data"), "--web.listen-address="+address, "--log.level=warn")
	})}
	p.start()
	t.Cleanup(func() {
		p.leash.Close()
		await(t, "the end of Prometheus", func() bool { return !p.alive() })
		if t.Failed() {
			t.Logf("Prometheus said last:\n%s", p.words())
		}
	})
	await(t, "Prometheus to be ready", func() bool {
		res, err := http1.Get(p.url + "/-/ready")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return p
}

// ask reads what its API answers into data.
func (p *prometheus) ask(t *testing.T, path string, query url.Values, data any) {
	t.Helper()
	res, err := http1.Get(p.url + "/api/v1/" + path + "?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer := struct {
		Status, Error string
		Data          any
	}{Data: data}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.Status != "success" {
		t.Fatalf("%s %s: %v, %s", path, query, err, answer.Error)
	}
}

// promAlert is one that Prometheus knows of.
type promAlert struct {
	Labels, Annotations map[string]string
	State               string
}

// name tells alerts apart, as some have two severities.
func (a promAlert) name() string { return a.Labels["alertname"] + " " + a.Labels["severity"] }

// firing are those that fire now.
func (p *prometheus) firing(t *testing.T) (firing []promAlert) {
	t.Helper()
	var known struct{ Alerts []promAlert }
	p.ask(t, "alerts", nil, &known)
	for _, alert := range known.Alerts {
		if alert.State == "firing" {
			firing = append(firing, alert)
		}
	}
	return firing
}

// series are the labels of what an expression finds now.
func (p *prometheus) series(t *testing.T, expression string) (labels []map[string]string) {
	t.Helper()
	var found struct {
		Result []struct{ Metric map[string]string }
	}
	p.ask(t, "query", url.Values{"query": {expression}}, &found)
	for _, one := range found.Result {
		labels = append(labels, one.Metric)
	}
	return labels
}

// failedRules are those that Prometheus could not evaluate, with why.
func (p *prometheus) failedRules(t *testing.T) map[string]string {
	t.Helper()
	var all struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError string }
		}
	}
	p.ask(t, "rules", nil, &all)
	failed, rules := map[string]string{}, 0
	for _, group := range all.Groups {
		for _, rule := range group.Rules {
			if rules++; rule.Health != "ok" {
				failed[rule.Name] = rule.Health + " " + rule.LastError
			}
		}
	}
	if rules == 0 {
		t.Error("Prometheus has no rules")
	}
	return failed
}
