package main

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	rangeInQuery   = regexp.MustCompile(`\[(\w+)\]`)
	foreseenByRule = regexp.MustCompile(`(predict_linear\([^()]*), (\d+) \* 3600\)`)
	lastsByRule    = regexp.MustCompile(`(?m)^(\s+for: )(\w+)$`)
)

// hasten is by how much all times in the rules are shortened for a real Prometheus.
const hasten = 150

// hastened are the rules with these times shorter: how long something must last, how far
// they look back, and how far ahead. All else stays as it is shipped.
func hastened(t *testing.T, rules string) string {
	t.Helper()
	shorter := func(text string) string {
		if days, ok := strings.CutSuffix(text, "d"); ok {
			n, _ := strconv.Atoi(days)
			text = strconv.Itoa(24*n) + "h"
		}
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		return strconv.FormatInt(d.Milliseconds()/hasten, 10) + "ms"
	}
	rules = rangeInQuery.ReplaceAllStringFunc(rules, func(text string) string { return "[" + shorter(strings.Trim(text, "[]")) + "]" })
	rules = lastsByRule.ReplaceAllStringFunc(rules, func(text string) string {
		found := lastsByRule.FindStringSubmatch(text)
		return found[1] + shorter(found[2])
	})
	return foreseenByRule.ReplaceAllStringFunc(rules, func(text string) string {
		found := foreseenByRule.FindStringSubmatch(text)
		hours, _ := strconv.Atoi(found[2])
		return found[1] + ", " + strconv.Itoa(hours*3600/hasten) + ")"
	})
}
