package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestEachAlertIsFiredByTheFaultItNames has one real Prometheus watch servers that
// each suffer one fault, and one that is well. Of each server exactly those alerts may fire
// that its fate names, and they must stop once the fault is mended. The rules are those
// that are shipped, hastened.
func TestEachAlertIsFiredByTheFaultItNames(t *testing.T) {
	withoutRace(t)
	needPrometheus(t, "prometheus")
	f := newFleet(t)
	began := time.Now()
	f.suffer()
	f.checkEachAlertHasAFate()
	p := f.watched()
	t.Logf("%d servers are ready and watched after %.1f s", len(f.fates), time.Since(began).Seconds())
	for _, one := range f.fates {
		if one.strike != nil {
			one.strike()
		}
	}
	f.awaitFates(p, began)
	for name, why := range p.failedRules(t) {
		t.Errorf("rule %s: %s", name, why)
	}
	checkDashboardAnswers(t, p)
	t.Logf("all is over after %.1f s", time.Since(began).Seconds())
}

// checkEachAlertHasAFate wants each alert of the rules, with each of its severities, to
// be fired by something.
func (f *fleet) checkEachAlertHasAFate() {
	f.Helper()
	fires := map[string]bool{}
	for _, one := range f.fates {
		for _, alert := range one.fires {
			fires[alert] = true
		}
	}
	for _, rule := range shippedRules(f.T) {
		name := rule.Alert + " " + rule.Labels["severity"]
		if rule.Alert != "" && !fires[name] && (f.disk != "" || rule.Alert != "BrrrDiskFills") {
			f.Errorf("nothing is to fire %s", name)
		}
	}
}

// watched starts Prometheus, and returns once it has seen that all servers are well.
func (f *fleet) watched() *prometheus {
	f.Helper()
	folder := f.TempDir()
	var config strings.Builder
	config.WriteString("global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 250ms}\n" +
		"rule_files: [rules.yml]\nscrape_configs:\n  - job_name: brrr\n    static_configs:\n")
	for _, one := range f.fates {
		pace := ""
		if one.slow {
			pace = ", __scrape_interval__: 2s, __scrape_timeout__: 2s"
		}
		fmt.Fprintf(&config, "      - {targets: ['%s'], labels: {fleet: '%s'%s}}\n", one.admin, one.name, pace)
	}
	writeTo(f.T, filepath.Join(folder, "prometheus.yml"), config.String())
	writeTo(f.T, filepath.Join(folder, "rules.yml"), hastened(f.T, readFile(f.T, filepath.Join(root, rulesFile))))
	p := startPrometheus(f.T, folder) // which looks at nothing for some seconds, while servers get ready
	for _, ready := range f.ready {
		ready()
	}
	var well []map[string]string
	var firing []promAlert
	defer func() {
		if f.Failed() {
			f.Logf("well: %v\nfiring: %v", well, firing)
		}
	}()
	pace := time.Tick(100 * time.Millisecond)
	await(f.T, "all servers to be scraped, and to be well", func() bool {
		<-pace
		well = p.series(f.T, "brrr_build_info and on (instance) up == 1 and on (instance) brrr_ready == 1")
		firing = slices.DeleteFunc(p.firing(f.T), f.foreseen)
		return len(well) == len(f.fates) && len(firing) == 0
	})
	return p
}

// foreseen tells whether an alert is what its server's fate names.
func (f *fleet) foreseen(alert promAlert) bool {
	return slices.ContainsFunc(f.fates, func(one *fate) bool {
		return one.name == alert.Labels["fleet"] && slices.Contains(one.fires, alert.name())
	})
}

// awaitFates polls until each server's alerts have fired and stopped.
func (f *fleet) awaitFates(p *prometheus, began time.Time) {
	f.Helper()
	pace := time.Tick(100 * time.Millisecond)
	defer func() {
		for _, one := range f.fates {
			if f.Failed() && !one.over() {
				f.Logf("%v, want %v", one, one.fires)
			}
		}
	}()
	await(f.T, "all alerts to fire, and to stop", func() bool {
		<-pace
		f.note(p.firing(f.T), began)
		waiting := 0
		for _, one := range f.fates {
			switch {
			case one.over():
				continue
			case !one.allFired():
				if one.goOn != nil {
					one.goOn()
				}
			case one.mend != nil && !one.mended:
				one.mend()
				one.mended = true
			}
			waiting++
		}
		return waiting == 0
	})
	for _, one := range f.fates {
		if fired := slices.Sorted(maps.Keys(one.fired)); !slices.Equal(fired, slices.Sorted(slices.Values(one.fires))) {
			f.Errorf("%s: fired %q, want exactly %q", one.name, fired, one.fires)
		}
	}
}

func (f *fate) over() bool {
	return f.allFired() && (f.mend == nil || f.mended && len(f.firing) == 0)
}

// note has each fate know what has fired of it, and fires.
func (f *fleet) note(firing []promAlert, began time.Time) {
	f.Helper()
	byName := map[string]*fate{}
	for _, one := range f.fates {
		byName[one.name] = one
		clear(one.firing)
	}
	for _, alert := range firing {
		name := alert.name()
		one := byName[alert.Labels["fleet"]]
		if one == nil {
			f.Fatalf("%s fires for nobody: %v", name, alert.Labels)
		}
		one.firing[name] = true
		if one.fired[name] {
			continue
		}
		one.fired[name] = true
		f.Logf("%5.1f s  %s: %s: %s", time.Since(began).Seconds(), one.name, name, alert.Annotations["summary"])
		if told := alert.Annotations["summary"] + alert.Annotations["description"]; strings.Contains(told, "no value") || strings.Contains(told, "error ") {
			f.Errorf("%s: annotations %q", name, told)
		}
		if instance, ok := alert.Labels["instance"]; ok && instance != one.admin {
			f.Errorf("%s of %s names %s, want %s", name, one.name, instance, one.admin)
		}
	}
}
