package storetest

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// A store may find the few probable assessments in another way than the many
// improbable ones. Wherever it draws the line, no list shows it: not on a page
// that holds both, nor among equals on the line itself.
func testImprobable(t *testing.T, s fraud.Store) {
	all := fillAround(t, s)
	edge := edges[1]
	below, above := math.Nextafter(edge, 0), math.Nextafter(edge, 1)
	var queries []fraud.Query
	for _, p := range []float64{0, 0.01, below, edge, above, 0.5, 1} {
		queries = append(queries, fraud.Query{MinProbability: &p}, fraud.Query{MaxProbability: &p},
			fraud.Query{MinProbability: new(0.01), MaxProbability: &p}, fraud.Query{MinProbability: &p, MaxProbability: &p})
	}
	queries = append(queries, fraud.Query{}, fraud.Query{Label: new(false)}, fraud.Query{Outcome: fraud.OutcomeFraud}, fraud.Query{Labelled: new(false)},
		fraud.Query{AccountID: "account"}, fraud.Query{From: start}, fraud.Query{To: start})
	for _, q := range queries {
		q.Order = fraud.OrderProbability
		want := choose(all, q)
		for _, q.Limit = range []int{1, 7, len(all) / 2, len(all)} {
			if !t.Failed() { // one is enough to read
				equal(t, fmt.Sprintf("%+v", q), walk(t, s, q), want)
			}
		}
	}
}

// edges are where a store may draw its line: at 0.05, as SQLite's does, and at
// others that come to mind.
var edges = [...]float64{0.01, 0.05, 0.1, 0.5}

// fillAround records assessments below, on and above each of the edges, each
// several times.
func fillAround(t *testing.T, s fraud.Store) []fraud.Listed {
	t.Helper()
	var all []fraud.Listed
	for round := range 2 {
		for i, edge := range append([]float64{0, 1}, edges[:]...) {
			for j, p := range []float64{edge, math.Nextafter(edge, 0), math.Nextafter(edge, 1), edge} {
				id := fmt.Sprintf("%d.%d.%d", round, i, j)
				record(t, s, payment(id))
				a := assessment(find(t, s, id)[0], "v1", min(p, 1))
				a.AssessedAt = start.Add(time.Duration(j-i) * time.Minute)
				all = append(all, fraud.Listed{Assessment: fromRecord(assess(t, s, a)[0])})
			}
		}
	}
	return all
}
