package main

import (
	"fmt"
	"strings"
	"time"
)

// drillRow is what one fault came to, or several in turn.
type drillRow struct {
	name              string
	times             int
	took              time.Duration
	answers           int
	errors            map[string]int
	recovery, quiet   time.Duration // the longest
	refusal, overtime time.Duration // the longest
	lost, altered     int
	wrong             int
}

func (r *drillRow) count(stage *tally) {
	stage.mu.Lock()
	defer stage.mu.Unlock()
	r.answers += stage.answers
	for reason, n := range stage.errors {
		r.errors[reason] += n
	}
	r.refusal, r.overtime = max(r.refusal, stage.refusal), max(r.overtime, stage.overtime)
}

// join adds another of the same kind.
func (r *drillRow) join(other drillRow) {
	if r.errors == nil {
		r.errors = map[string]int{}
	}
	r.times += other.times
	r.took += other.took
	r.answers += other.answers
	for reason, n := range other.errors {
		r.errors[reason] += n
	}
	r.recovery, r.quiet = max(r.recovery, other.recovery), max(r.quiet, other.quiet)
	r.refusal, r.overtime = max(r.refusal, other.refusal), max(r.overtime, other.overtime)
	r.lost, r.altered, r.wrong = r.lost+other.lost, r.altered+other.altered, r.wrong+other.wrong
}

func (r drillRow) String() string {
	seconds := func(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }
	name := r.name
	if r.times > 1 {
		name = fmt.Sprintf("%s, %d times", name, r.times)
	}
	return "| " + strings.Join([]string{name, fmt.Sprintf("%.1f", r.took.Seconds()), fmt.Sprint(r.answers), told(r.errors), seconds(r.recovery), seconds(r.quiet),
		seconds(r.refusal), fmt.Sprint(r.lost), fmt.Sprint(r.altered), fmt.Sprint(r.wrong)}, " | ") + " |"
}

// drillTable is the report of one part of the drill.
type drillTable struct{ rows []drillRow }

func (d *drillTable) add(r drillRow) { d.rows = append(d.rows, r) }

func (d *drillTable) String() string {
	var all strings.Builder
	for _, row := range d.rows {
		fmt.Fprintln(&all, row)
	}
	return all.String()
}

// drillHead is the head of all of it, ready for docs/operations.md.
const drillHead = "| what broke | seconds | answers | errors by reason | recovery, s | last error, s | slowest refusal, s | lost | altered | wrong |\n|---|--:|--:|---|--:|--:|--:|--:|--:|--:|\n"
