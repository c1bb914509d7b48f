package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// TestEveryFormatReadsAlike imports the same three payments.
func TestEveryFormatReadsAlike(t *testing.T) {
	const plain = `transaction_id,account_id,amount,time,currency,account_opened_at,label
one,a,10.5,1546300800,EUR,1546300000,1
two,b,0.01,1546300801.25,,,
three,a,1e3,1546300802,USD,,0
`
	const objects = `{"transaction_id":"one","account_id":"a","amount":10.5,"time":1546300800,"currency":"EUR","account_opened_at":1546300000,"label":1}
{"transaction_id":"two","account_id":"b","amount":0.01,"time":1546300801.25}
{"transaction_id":"three","account_id":"a","amount":1e3,"time":1546300802,"currency":"USD","account_opened_at":null,"label":0}
`
	const want = `one of a: 10.5EUR at 1546300800.000000, opened at 1546300000.000000
two of b: 0.01 at 1546300801.250000
one: OUTCOME_LABEL_FRAUD by OUTCOME_SOURCE_IMPORT at 1546300800.000000
three of a: 1000USD at 1546300802.000000
three: OUTCOME_LABEL_LEGITIMATE by OUTCOME_SOURCE_IMPORT at 1546300802.000000`
	const bom = "\xef\xbb\xbf"
	for name, content := range map[string]string{
		"CSV":                       plain,
		"CSV.gz":                    gzipped(t, plain),
		"CSV.gz of two parts":       gzipped(t, plain[:100]) + gzipped(t, plain[100:]),
		"NDJSON":                    objects,
		"NDJSON.gz":                 gzipped(t, objects),
		"CSV, byte order mark":      bom + plain,
		"CSV.gz, byte order mark":   gzipped(t, bom+plain),
		"NDJSON, byte order mark":   bom + objects,
		"CSV, CRLF":                 strings.ReplaceAll(plain, "\n", "\r\n"),
		"NDJSON, CRLF":              strings.ReplaceAll(objects, "\n", "\r\n"),
		"CSV, no final newline":     strings.TrimSuffix(plain, "\n"),
		"NDJSON, no final newline":  strings.TrimSuffix(objects, "\n"),
		"CSV, blank lines":          "\n \n" + strings.ReplaceAll(plain, "\n", "\n\n\t\r\n"),
		"NDJSON, blank lines":       "\n" + strings.ReplaceAll(objects, "\n", "\n\n"),
		"NDJSON, indented":          " \t" + strings.ReplaceAll(objects, "\n", "\n  "),
		"CSV, quoted fields":        quoted(plain),
		"CSV, columns turned round": turned(plain),
		"CSV, further columns": strings.NewReplacer("\n", ",\"a, \"\"quoted\"\" word\"\n", "label\n", "label,note\n").
			Replace(plain),
		"CSV, further columns without a name": strings.ReplaceAll(plain, "\n", ",,\n"),
		"NDJSON, further fields": strings.ReplaceAll(objects, `{"transaction_id"`,
			`{"note":{"of":["a","person"]},"note":[[]],"transaction_id"`),
		"NDJSON, numbers as strings": strings.NewReplacer(`10.5`, `"10.5"`, `1546300800`, `"1546300800"`, `:1}`, `:"fraud"}`,
			`:0}`, `:false}`).Replace(objects),
		"CSV, RFC 3339": strings.NewReplacer("1546300801.25", "2019-01-01T01:00:01.25+01:00", "1546300800", "2019-01-01T00:00:00Z",
			"1546300000", "2018-12-31T23:46:40Z").Replace(plain),
		"CSV, fractions beyond microseconds": strings.NewReplacer("801.25", "801.2500009999", "800,", "800.,", "802,", "802.0000001,").Replace(plain),
		"CSV, labels as words":               strings.NewReplacer("000,1\n", "000,FRAUD\n", ",0\n", ",Legitimate\n").Replace(plain),
		"CSV, labels as doubles":             strings.NewReplacer("000,1\n", "000,1.0\n", ",0\n", ",0.0\n").Replace(plain),
	} {
		t.Run(name, func(t *testing.T) {
			for from, path := range map[string]string{"file": writeFile(t, "rows", content), "pipe": "-"} {
				to := &collector{}
				job := &importJob{to: to, rejects: &rejectFile{path: filepath.Join(t.TempDir(), "rejects")}}
				if err := job.file(t.Context(), path, streams{strings.NewReader(content), io.Discard, io.Discard}); err != nil {
					t.Fatalf("from a %s: %v", from, err)
				}
				if got := strings.Join(to.rows, "\n"); got != want {
					t.Errorf("from a %s it reads\n%s, not\n%s", from, got, want)
				}
			}
		})
	}
}

// collector is a sink that writes down what it is given.
type collector struct{ rows []string }

func (*collector) atOnce() int    { return 2 }
func (*collector) String() string { return "" }

func (c *collector) record(_ context.Context, ts []*fraudactivityv1.Transaction) ([]*fraudactivityv1.RecordTransactionsResponse_Result, error) {
	for _, t := range ts {
		row := fmt.Sprintf("%s of %s: %v%s at %s", t.TransactionId, t.AccountId, t.Amount, t.Currency, micros(t.Time))
		if t.AccountOpenedAt != nil {
			row += ", opened at " + micros(t.AccountOpenedAt)
		}
		c.rows = append(c.rows, row)
	}
	return make([]*fraudactivityv1.RecordTransactionsResponse_Result, len(ts)), nil
}

func (c *collector) report(_ context.Context, reports []*fraudactivityv1.ReportOutcomeRequest) ([]*fraudactivityv1.ItemError, error) {
	for _, r := range reports {
		c.rows = append(c.rows, fmt.Sprintf("%s: %s by %s at %s", r.TransactionId, r.Outcome, r.Source, micros(r.OccurredAt)))
	}
	return make([]*fraudactivityv1.ItemError, len(reports)), nil
}

// micros is a time at the precision that is recorded.
func micros(t *timestamppb.Timestamp) string { return fmt.Sprintf("%d.%06d", t.Seconds, t.Nanos/1000) }

// TestLabelsBecomeOutcomes that bear the transaction's time, from a file and
// from a pipe, zipped or not.
func TestLabelsBecomeOutcomes(t *testing.T) {
	const plain = importHead + "f,a,1,1000,1\nl,a,2,2000.5,0\nn,a,3,3000,\n"
	const objects = `{"transaction_id":"f","account_id":"a","amount":1,"time":1000,"label":1}
{"transaction_id":"l","account_id":"a","amount":2,"time":2000.5,"label":"legitimate"}
{"transaction_id":"n","account_id":"a","amount":3,"time":3000,"label":null}`
	want := map[string]string{
		"f": "a 1 at 1000.000000 age 0 number 1, label 1 source 4 at 1000.000000",
		"l": "a 2 at 2000.500000 age 1000 number 2, label 2 source 4 at 2000.500000",
		"n": "a 3 at 3000.000000 age 2000 number 3",
	}
	for name, content := range map[string]string{
		"CSV": plain, "CSV.gz": gzipped(t, plain), "NDJSON": objects, "NDJSON.gz": gzipped(t, objects),
	} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			runImport(t.Context(), t, nil, writeFile(t, "rows", content), "--data="+data).
				check(t, exitDone, "3 recorded, 0 already recorded, 2 outcomes, 0 refused", "rows/s), to "+data)
			checkKnown(t, data, want)
			before := digest(t, data)
			runImport(t.Context(), t, strings.NewReader(content), "-", "--data="+data).
				check(t, exitDone, "0 recorded, 3 already recorded, 2 outcomes, 0 refused")
			if digest(t, data) != before {
				t.Error("the second import changed the store")
			}
		})
	}
}

func quoted(text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = `"` + strings.ReplaceAll(line, ",", `","`) + `"`
	}
	return strings.Join(lines, "\n")
}

func turned(text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		fields := strings.Split(line, ",")
		lines[i] = strings.Join([]string{fields[6], fields[4], fields[3], fields[5], fields[2], fields[0], fields[1]}, ",")
	}
	return strings.Join(lines, "\n")
}

// TestWhereAnAccountsOpeningComesFrom: the row's own wins over the accounts
// file, and both over the first transaction.
func TestWhereAnAccountsOpeningComesFrom(t *testing.T) {
	const rows = "transaction_id,account_id,amount,time,account_opened_at\nr,own,1,1000,900\nf,file,1,1000,\nn,none,1,1000,\nb,both,1,1000,990\n"
	const accounts = "account_id,opened_at\nfile,800\nboth,1\nunused,1970-01-01T00:00:00.5Z\n"
	for name, accounts := range map[string]string{
		"CSV":             accounts,
		"CSV.gz":          gzipped(t, accounts),
		"byte order mark": "\xef\xbb\xbf" + accounts,
		"CRLF":            strings.ReplaceAll(accounts, "\n", "\r\n"),
		"blank lines":     strings.ReplaceAll(accounts, "\n", "\n\n"),
		"quoted":          quoted(accounts),
		"other columns":   "name,opened_at,account_id\nF,800,file\nB,1,both\n",
		"the same twice":  accounts + "file,800\n",
	} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			runImport(t.Context(), t, nil, writeFile(t, "rows", rows), "--data="+data, "--accounts="+writeFile(t, "accounts", accounts)).
				check(t, exitDone, "4 recorded")
			checkKnown(t, data, map[string]string{
				"r": "own 1 at 1000.000000 age 100 number 1", "f": "file 1 at 1000.000000 age 200 number 1",
				"n": "none 1 at 1000.000000 age 0 number 1", "b": "both 1 at 1000.000000 age 10 number 1"})
		})
	}
}

// TestFilesAreImportedInTheOrderGiven: the facts of each depend on it.
func TestFilesAreImportedInTheOrderGiven(t *testing.T) {
	early := writeFile(t, "early.csv", importHead+"e,a,1,1000,\n")
	late := writeFile(t, "late.ndjson", `{"transaction_id":"l","account_id":"a","amount":2,"time":3000}`)
	between := "time,amount,account_id,transaction_id\n2000,3,a,b\n"
	for name, test := range map[string]struct {
		files []string
		want  map[string]string
	}{
		"early first": {[]string{early, "-", late}, map[string]string{"e": "a 1 at 1000.000000 age 0 number 1",
			"b": "a 3 at 2000.000000 age 1000 number 2", "l": "a 2 at 3000.000000 age 2000 number 3"}},
		"late first": {[]string{late, "-", early}, map[string]string{"e": "a 1 at 1000.000000 age 0 number 1",
			"b": "a 3 at 2000.000000 age 0 number 1", "l": "a 2 at 3000.000000 age 0 number 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			r := runImport(t.Context(), t, strings.NewReader(between), append(test.files, "--data="+data)...)
			r.check(t, exitDone, "3 recorded, 0 already recorded, 0 outcomes, 0 refused")
			checkKnown(t, data, test.want)
		})
	}
}

// TestAHeaderAloneIsDone: an export of a day without payments is no failure.
func TestAHeaderAloneIsDone(t *testing.T) {
	path := writeFile(t, "rows.csv", strings.TrimSpace(importHead))
	runImport(t.Context(), t, nil, path, "--data="+t.TempDir()).check(t, exitDone, "0 recorded, 0 already recorded, 0 outcomes, 0 refused")
}

// TestARefusalNamesItsFile of several, with the line counted from its start.
func TestARefusalNamesItsFile(t *testing.T) {
	good := writeFile(t, "good.csv", importHead+"x,a,1,1,\ny,a,1,1,\n")
	bad := writeFile(t, "bad.ndjson", "\n\n{}\n")
	r := runImport(t.Context(), t, strings.NewReader(importHead+"z,a,1,never,\n"), good, bad, "-", "--data="+t.TempDir())
	r.check(t, exitRejects, "2 recorded, 0 already recorded, 0 outcomes, 2 refused", bad+":3: amount: ", "standard input:2: time: ")
}

// TestOneIDTwiceIsRecordedOnce, in one file or in two.
func TestOneIDTwiceIsRecordedOnce(t *testing.T) {
	path, data := writeFile(t, "rows.csv", importHead+"x,a,1,1000,1\nx,a,1.0,1970-01-01T00:16:40Z,1\n"), t.TempDir()
	want := map[string]string{"x": "a 1 at 1000.000000 age 0 number 1, label 1 source 4 at 1000.000000"}
	runImport(t.Context(), t, nil, path, path, "--data="+data).check(t, exitDone, "1 recorded, 3 already recorded, 4 outcomes, 0 refused")
	checkKnown(t, data, want)
	// Another label of the same time is a correction: the last to arrive stands.
	path = writeFile(t, "rows.csv", importHead+"x,a,1,1000,0\n")
	runImport(t.Context(), t, nil, path, "--data="+data).check(t, exitDone, "0 recorded, 1 already recorded, 1 outcomes, 0 refused")
	corrected := maps.Clone(want)
	corrected["x"] = strings.Replace(want["x"], "label 1", "label 2", 1)
	checkKnown(t, data, corrected)
}
