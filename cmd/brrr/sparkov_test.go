package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// sparkov finds the data set, which is not kept in this repository.
func sparkov(t *testing.T) (transactions, accounts string) {
	t.Helper()
	if raceDetector {
		t.Skip("400,000 rows take minutes under the race detector; make test runs this in a pass of its own")
	}
	folder := filepath.Join(cmp.Or(os.Getenv("BRRR_TEST_DATA"), filepath.Join(root, "..", "shared", "data")), "sparkov")
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("BRRR_TEST_DATA names no folder that holds sparkov: %v", err)
	}
	return filepath.Join(folder, "transactions.csv.gz"), filepath.Join(folder, "accounts.csv")
}

// TestSparkov imports a whole data set twice, counts every fact for itself, and
// has payments of it assessed.
func TestSparkov(t *testing.T) {
	transactions, accounts := sparkov(t)
	want, recent, ids := countSparkov(t, transactions, accounts)
	data := t.TempDir()
	args := []string{transactions, "--accounts=" + accounts, "--data=" + data}

	r := runImport(t.Context(), t, nil, args...)
	r.check(t, exitDone, fmt.Sprintf("%d recorded, 0 already recorded, %[1]d outcomes, 0 refused in ", len(ids)))
	t.Logf("the first import: %s", lastLine(r.said))
	checkKnown(t, data, want)
	checkRecent(t, data, recent, ids)
	before := digest(t, data)

	r = runImport(t.Context(), t, nil, args...)
	r.check(t, exitDone, fmt.Sprintf("0 recorded, %d already recorded, %[1]d outcomes, 0 refused in ", len(ids)))
	t.Logf("the second: %s", lastLine(r.said))
	if digest(t, data) != before {
		t.Error("the second import changed the store")
	}
	checkSparkov(t, data, ids)
}

// checkSparkov has a hundred payments assessed, from all over the data.
func checkSparkov(t *testing.T, data string, ids []string) {
	t.Helper()
	const n = 100
	s := &testServer{app: startOn(t, data), data: data}
	s.awaitModel(t)
	args := []string{"check", "-o", "json", "--server=" + s.url, "--key=" + newKey(t, s.store, "client")}
	for i := range n {
		args = append(args, ids[i*len(ids)/n])
	}
	var out, said bytes.Buffer
	if code := run(t.Context(), args, streams{nil, &out, &said}); code != exitDone {
		t.Fatalf("brrr check: exit code %d\n%s", code, said.String())
	}
	flagged, answers := 0, json.NewDecoder(&out)
	for i := range n {
		var a struct {
			TransactionID    string   `json:"transaction_id"`
			PredictedLabel   bool     `json:"predicted_label"`
			FraudProbability *float64 `json:"fraud_probability"`
		}
		if err := answers.Decode(&a); err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		if a.TransactionID != ids[i*len(ids)/n] || a.FraudProbability == nil || !(*a.FraudProbability >= 0 && *a.FraudProbability <= 100) {
			t.Errorf("answer %d: %+v", i, a)
		}
		if a.PredictedLabel {
			flagged++
		}
	}
	if answers.More() {
		t.Errorf("there are more than %d answers", n)
	}
	t.Logf("%d of %d payments are flagged", flagged, n)
}

// recentFacts are those of an account's last payments. Amounts are in cents.
type recentFacts struct {
	since, hour, day, week int64
	number                 int32
}

// sparkovAccount is what arrived of an account so far, in order of time.
type sparkovAccount struct{ times, cents []int64 }

// add counts by the rules alone what a payment must be known by.
func (a *sparkovAccount) add(at, cents, age int64) (number int, r recentFacts) {
	place, _ := slices.BinarySearch(a.times, at+1)
	r = recentFacts{since: age, hour: cents, day: cents, week: cents, number: 1}
	if place > 0 {
		r.since = at - a.times[place-1]
	}
	for i := place - 1; i >= 0 && at-a.times[i] < 7*86_400; i-- {
		r.number++
		r.week += a.cents[i]
		if at-a.times[i] < 86_400 {
			r.day += a.cents[i]
		}
		if at-a.times[i] < 3_600 {
			r.hour += a.cents[i]
		}
	}
	a.times, a.cents = slices.Insert(a.times, place, at), slices.Insert(a.cents, place, cents)
	return place + 1, r
}

// checkRecent compares with what a store knows. Its sums are of doubles, which
// are not quite the cents that they stand for.
func checkRecent(t *testing.T, data string, want []recentFacts, ids []string) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	wrong := 0
	for first := 0; first < len(ids); first += maxItems {
		some := ids[first:min(first+maxItems, len(ids))]
		found, err := store.LookUp(t.Context(), some, "")
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range found {
			f, cents := r.Transaction.Facts, func(sum float64) int64 { return int64(math.Round(100 * sum)) }
			got := recentFacts{int64(f.SecondsSincePrevious), cents(f.AmountLastHour), cents(f.AmountLastDay), cents(f.AmountLastWeek), f.TransactionsLastWeek}
			if got != want[first+i] {
				if wrong++; wrong <= 5 {
					t.Errorf("%s has %+v, not %+v", some[i], got, want[first+i])
				}
			}
		}
	}
	if wrong > 5 {
		t.Errorf("%d of %d have other recent facts than they should", wrong, len(ids))
	}
}

// countSparkov counts by the rules alone what a store must know of every row.
// The IDs are in the order of the file, and so are the recent facts.
func countSparkov(t *testing.T, transactions, accounts string) (want map[string]string, recent []recentFacts, ids []string) {
	t.Helper()
	opened := map[string]int64{}
	for _, fields := range readCSV(t, accounts, false, "account_id,opened_at") {
		opened[fields[0]] = integer(t, fields[1])
	}
	seen := map[string]*sparkovAccount{}
	want = map[string]string{}
	for _, fields := range readCSV(t, transactions, true, "transaction_id,account_id,amount,time,category,label") {
		id, account, at := fields[0], fields[1], integer(t, fields[3])
		amount, err := strconv.ParseFloat(fields[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		if _, known := opened[account]; !known {
			opened[account] = at
		}
		if seen[account] == nil {
			seen[account] = &sparkovAccount{}
		}
		age := min(max(at-opened[account], 0), math.MaxInt32)
		number, last := seen[account].add(at, int64(math.Round(100*amount)), age)
		label := map[string]int{"1": 1, "0": 2}[fields[5]]
		want[id] = fmt.Sprintf("%s %v at %d.000000 age %d number %d, label %d source 4 at %[3]d.000000",
			account, amount, at, age, number, label)
		ids, recent = append(ids, id), append(recent, last)
	}
	if len(ids) != 405_777 || len(want) != len(ids) {
		t.Fatalf("%d rows with %d IDs", len(ids), len(want))
	}
	return want, recent, ids
}

func readCSV(t *testing.T, path string, zipped bool, head string) [][]string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var from io.Reader = file
	if zipped {
		if from, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := csv.NewReader(from).ReadAll()
	if err != nil || strings.Join(rows[0], ",") != head {
		t.Fatalf("%s: %v, %v", path, rows[0], err)
	}
	return rows[1:]
}

func integer(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
