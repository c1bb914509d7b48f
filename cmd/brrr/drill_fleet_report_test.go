package main

import (
	"fmt"
	"strings"
	"time"
)

// fleetRow is what came of one part of a fleet being away.
type fleetRow struct {
	drillRow
	tried   map[string]int // tries that failed, by reason
	silence time.Duration  // the longest time from one answer of the model to the next
	trouble time.Duration  // from its beginning to the last try that failed
}

func (r fleetRow) String() string {
	refused, cut := map[string]int{}, map[string]int{}
	for reason, n := range r.tried {
		if isReason(reason) {
			refused[reason] = n
		} else {
			cut[strings.TrimPrefix(reason, "connection: ")] = n
		}
	}
	return fmt.Sprintf("| %s | %d | %s | %s | %s | %.2f | %.2f | %d | %d |", r.name, r.answers, told(refused), told(cut), told(r.errors),
		r.silence.Seconds(), r.trouble.Seconds(), r.lost+r.altered, r.wrong)
}

// fleetTable is ready for docs/operations.md.
type fleetTable []fleetRow

func (f fleetTable) String() string {
	all := "| what was away | answers | tries refused | tries that the network failed | calls that failed | longest silence, s | last failed try, s | lost or altered | wrong |\n" +
		"|---|--:|---|---|---|--:|--:|--:|--:|\n"
	for _, row := range f {
		all += fmt.Sprintln(row)
	}
	return all
}
