package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	importHead = "transaction_id,account_id,amount,time,label\n"
	badID      = "does not match regex pattern `^[A-Za-z0-9._:-]*$`"
	badTime    = "must be epoch seconds or RFC 3339, not "
)

// badRow is a line, and what the rejects file says of it.
type badRow struct{ name, line, id, reason, message string }

var badCSV = []badRow{
	{"amount is NaN", "x,a,NaN,1,", "x", "INVALID_ARGUMENT", "amount: must be finite"},
	{"amount is infinite", "x,a,-Inf,1,", "x", "INVALID_ARGUMENT", "amount: must be finite"},
	{"amount is negative", "x,a,-1,1,", "x", "INVALID_ARGUMENT", "amount: must be greater than 0"},
	{"amount is zero", "x,a,0,1,", "x", "INVALID_ARGUMENT", "amount: must be greater than 0"},
	{"amount is too small to tell", "x,a,1e-400,1,", "x", "INVALID_ARGUMENT", "amount: must be greater than 0"},
	{"amount is too large", "x,a,1e400,1,", "x", "INVALID_ARGUMENT", `amount: "1e400" is too large`},
	{"amount is a word", "x,a,abc,1,", "x", "INVALID_ARGUMENT", `amount: must be a number, not "abc"`},
	{"amount is hexadecimal", "x,a,0x1p4,1,", "x", "INVALID_ARGUMENT", `amount: must be a number, not "0x1p4"`},
	{"amount is missing", "x,a,,1,", "x", "INVALID_ARGUMENT", `amount: must be a number, not ""`},
	{"time in milliseconds", "x,a,1,1546300933000,", "x", "INVALID_ARGUMENT", `time: must not be after 9999, as "1546300933000" is in seconds (are these milliseconds?)`},
	{"time is negative", "x,a,1,-0.5,", "x", "INVALID_ARGUMENT", `time: must not be before 1970, as "-0.5" is`},
	{"time is before 1970", "x,a,1,1969-12-31T23:59:59Z,", "x", "INVALID_ARGUMENT", `time: must not be before 1970, as "1969-12-31T23:59:59Z" is`},
	{"time lacks its zone", "x,a,1,2019-01-01T00:00:00,", "x", "INVALID_ARGUMENT", "time: " + badTime + `"2019-01-01T00:00:00"`},
	{"time has lost digits", "x,a,1,1.5463e9,", "x", "INVALID_ARGUMENT", "time: " + badTime + `"1.5463e9"`},
	{"label is a word", "x,a,1,1,maybe", "x", "INVALID_ARGUMENT", `label: must be 1, 0, fraud, legitimate or empty, not "maybe"`},
	{"id is empty", ",a,1,1,", "", "INVALID_ARGUMENT", "transaction_id: must be at least 1 characters"},
	{"id is too long", strings.Repeat("x", 129) + ",a,1,1,", strings.Repeat("x", 129), "INVALID_ARGUMENT", "transaction_id: must be at most 128 characters"},
	{"id has a bad character", "x y,a,1,1,", "x y", "INVALID_ARGUMENT", "transaction_id: " + badID},
	{"account has a bad character", "x,ä,1,1,", "x", "INVALID_ARGUMENT", "account_id: " + badID},
	{"invalid UTF-8", "x,a\xff,1,1,", "", "INVALID_ARGUMENT", "the line is not valid UTF-8"},
	{"a field too few", "x,a,1,1", "", "INVALID_ARGUMENT", "the line has 4 fields, the header 5"},
	{"a field too many", "x,a,1,1,,", "", "INVALID_ARGUMENT", "the line has 6 fields, the header 5"},
	{"broken quote", `x,"a,1,1,`, "", "INVALID_ARGUMENT", `extraneous or missing " in quoted-field`},
	{"line over 64 KiB", "x,a,1,1," + strings.Repeat(" ", 200<<10), "", "INVALID_ARGUMENT", "the line is longer than 65536 bytes"},
	{"the same id with other facts", "good-0,a,3,1000,1", "good-0", "FACTS_DIFFER", `transaction "good-0" is already recorded with different facts; nothing was changed`},
}

var badNDJSON = []badRow{
	{"nested amount", `{"transaction_id":"x","account_id":"a","amount":[1],"time":1}`, "", "INVALID_ARGUMENT", "amount: must be a string or a number"},
	{"nested label", `{"transaction_id":"x","account_id":"a","amount":1,"time":1,"label":{}}`, "", "INVALID_ARGUMENT", "label: must be a string or a number"},
	{"amount is null", `{"transaction_id":"x","account_id":"a","amount":null,"time":1}`, "x", "INVALID_ARGUMENT", `amount: must be a number, not ""`},
	{"amount is true", `{"transaction_id":"x","account_id":"a","amount":true,"time":1}`, "x", "INVALID_ARGUMENT", `amount: must be a number, not "true"`},
	{"amount is too large", `{"transaction_id":"x","account_id":"a","amount":1e400,"time":1}`, "x", "INVALID_ARGUMENT", `amount: "1e400" is too large`},
	{"time is missing", `{"transaction_id":"x","account_id":"a","amount":1}`, "x", "INVALID_ARGUMENT", "time: " + badTime + `""`},
	{"a field twice", `{"transaction_id":"x","amount":1,"amount":2}`, "", "INVALID_ARGUMENT", "amount: stands twice"},
	{"an array", `["x","a",1,1]`, "", "INVALID_ARGUMENT", "must be a JSON object"},
	{"a word", `hello`, "", "INVALID_ARGUMENT", "must be a JSON object"},
	{"cut off", `{"transaction_id":"x","accou`, "", "INVALID_ARGUMENT", "the JSON object does not end in its line"},
	{"broken", `{"transaction_id":"x",,}`, "", "INVALID_ARGUMENT", "not JSON: invalid character ',' looking for beginning of object key string"},
	{"two objects", `{} {}`, "", "INVALID_ARGUMENT", "something follows the JSON object in its line"},
	{"invalid UTF-8", "{\"transaction_id\":\"\xff\"}", "", "INVALID_ARGUMENT", "the line is not valid UTF-8"},
}

// TestABadRowIsRefusedAlone puts each bad line behind a good one.
func TestABadRowIsRefusedAlone(t *testing.T) {
	for name, test := range map[string]struct {
		head, good string
		bad        []badRow
	}{
		"CSV":    {importHead, "good-%d,a,1,1000,\n", badCSV},
		"NDJSON": {"", `{"transaction_id":"good-%d","account_id":"a","amount":1,"time":1000}` + "\n", badNDJSON},
	} {
		content, want := test.head, map[string]string{"x": "TRANSACTION_UNKNOWN"}
		for i, bad := range test.bad {
			content += fmt.Sprintf(test.good, i) + bad.line + "\n"
			want[fmt.Sprintf("good-%d", i)] = fmt.Sprintf("a 1 at 1000.000000 age 0 number %d", i+1)
		}
		path, data := writeFile(t, "rows", content), t.TempDir()
		r := runImport(t.Context(), t, nil, path, "--data="+data)
		r.check(t, exitRejects, fmt.Sprintf("%d recorded, 0 already recorded, 0 outcomes, %[1]d refused", len(test.bad)))
		checkKnown(t, data, want)
		if len(r.refused) != len(test.bad) {
			t.Fatalf("%d rows are refused, not %d", len(r.refused), len(test.bad))
		}
		for i, bad := range test.bad {
			t.Run(name+", "+bad.name, func(t *testing.T) {
				line := strings.Count(test.head, "\n") + 2*i + 2
				if want := []string{path, fmt.Sprint(line), bad.id, bad.reason, bad.message}; !slices.Equal(r.refused[i], want) {
					t.Errorf("refused %q, not %q", r.refused[i], want)
				}
				if said := fmt.Sprintf("%s:%d: %s (%s)\n", path, line, bad.message, bad.reason); strings.Contains(r.said, said) != (i < firstRefusals) {
					t.Errorf("of the first %d alone it says %q", firstRefusals, said)
				}
			})
		}
	}
}

// TestALabelOfTheFutureIsRefused: the transaction itself is fine.
func TestALabelOfTheFutureIsRefused(t *testing.T) {
	path := writeFile(t, "rows.csv", importHead+"x,a,1,99999999999,1\ny,a,1,1000,1\n")
	data := t.TempDir()
	r := runImport(t.Context(), t, nil, path, "--data="+data)
	r.check(t, exitRejects, "2 recorded, 0 already recorded, 1 outcomes, 1 refused",
		path+":2: recorded, but not its label: occurred_at: must be less than now (INVALID_ARGUMENT)")
	checkKnown(t, data, map[string]string{
		"x": "a 1 at 99999999999.000000 age 0 number 1", "y": "a 1 at 1000.000000 age 0 number 1, label 1 source 4 at 1000.000000"})
}

// TestRefusalsStandInTheOrderOfTheFile, whichever rule refused them, and a
// person is shown the first ones.
func TestRefusalsStandInTheOrderOfTheFile(t *testing.T) {
	content := importHead
	for i := range 4 {
		content += fmt.Sprintf("f%d,a,1,99999999999,1\nn%d,a,NaN,1,\nw%d,a,1,1,maybe\ng%d,a,1,1,\n\n", i, i, i, i)
	}
	path := writeFile(t, "rows.csv", content)
	r := runImport(t.Context(), t, nil, path, "--data="+t.TempDir())
	r.check(t, exitRejects, "8 recorded, 0 already recorded, 0 outcomes, 12 refused", path+":8: amount", "… and 7 more\n")
	var got []string
	for _, line := range r.refused {
		got = append(got, line[1]+line[2])
	}
	want := []string{"2f0", "3n0", "4w0", "7f1", "8n1", "9w1", "12f2", "13n2", "14w2", "17f3", "18n3", "19w3"}
	if !slices.Equal(got, want) {
		t.Errorf("refused %q, not %q", got, want)
	}
}

// TestAFileThatCannotBeReadEndsTheImport, and what stands before is recorded.
func TestAFileThatCannotBeReadEndsTheImport(t *testing.T) {
	var many strings.Builder
	many.WriteString(importHead)
	for i := range 20000 { // so that gzip has more than one block
		fmt.Fprintf(&many, "%d,a,%d,%d,\n", i, i+1, i)
	}
	whole := gzipped(t, many.String())
	damaged := []byte(whole)
	damaged[len(damaged)/2] ^= 0xff
	wrongSum := []byte(whole)
	wrongSum[len(wrongSum)-5] ^= 0xff
	const done = "; the rows before it are done"
	for name, test := range map[string]struct {
		content, accounts string
		says              string
		recorded          bool // whether rows are
	}{
		"empty file":                {"", "", "FILE: the file is empty", false},
		"blank file":                {"\r\n \n\n", "", "FILE: the file is empty", false},
		"missing column":            {"transaction_id,account_id,time\n0,a,1\n", "", `FILE: line 1: header: lacks the column amount; it has "transaction_id,account_id,time"`, false},
		"other separator":           {"transaction_id;account_id;amount;time\n", "", `header: lacks the column transaction_id; it has "transaction_id;account_id;amount;time"`, false},
		"doubled column":            {"transaction_id,account_id,amount,time,amount\n", "", "FILE: line 1: header: the column amount stands twice", false},
		"broken quote in header":    {"\"transaction_id,account_id\n", "", `FILE: line 1: header: extraneous or missing " in quoted-field`, false},
		"header is not UTF-8":       {"transaction_id,\xff\n", "", "FILE: line 1: the line is not valid UTF-8", false},
		"header is too long":        {strings.Repeat("x", 1<<20), "", "FILE: line 1: the line is longer than 65536 bytes", false},
		"JSON array":                {"[{}]", "", "FILE: must be one JSON object a line, not an array", false},
		"gzip cut off":              {whole[:len(whole)*3/4], "", "the gzip data is cut off" + done, true},
		"gzip cut off at its end":   {whole[:len(whole)-4], "", "FILE: line 20002: the gzip data is cut off" + done, true},
		"gzip cut off in its head":  {whole[:5], "", "FILE: the gzip data is cut off\n", false},
		"gzip damaged":              {string(damaged), "", "FILE: the gzip data is damaged: ", false},
		"gzip with a wrong sum":     {string(wrongSum), "", "FILE: the gzip data is damaged: gzip: invalid checksum\n", false},
		"gzip with more behind it":  {whole + "more", "", "FILE: line 20002: the gzip data is cut off" + done, true},
		"accounts, bad time":        {many.String(), "account_id,opened_at\na,1\nb,soon\n", "ACCOUNTS: line 3: opened_at: " + badTime + `"soon"`, false},
		"accounts, negative time":   {many.String(), "account_id,opened_at\na,-1\n", `ACCOUNTS: line 2: opened_at: must not be before 1970, as "-1" is`, false},
		"accounts, milliseconds":    {many.String(), "account_id,opened_at\na,1546300933000\n", "ACCOUNTS: line 2: opened_at: must not be after 9999", false},
		"accounts, missing field":   {many.String(), "account_id,opened_at\na\n", "ACCOUNTS: line 2: the line has 1 fields, the header 2", false},
		"accounts, no id":           {many.String(), "account_id,opened_at\n,1\n", "ACCOUNTS: line 2: account_id: must not be empty", false},
		"accounts, two openings":    {many.String(), "account_id,opened_at\na,1\na,1.0\na,2\n", `ACCOUNTS: line 4: account_id: "a" has another opened_at above`, false},
		"accounts, other columns":   {many.String(), "id,opened\n", "ACCOUNTS: line 1: header: lacks the column account_id", false},
		"accounts, empty":           {many.String(), "\n", "ACCOUNTS: the file is empty", false},
		"accounts, gzip is cut off": {many.String(), gzipped(t, "account_id,opened_at\na,1\n")[:20], "the gzip data is cut off\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, data := writeFile(t, "rows", test.content), t.TempDir()
			args := []string{path, "--data=" + data}
			accounts := writeFile(t, "accounts", test.accounts)
			if test.accounts != "" {
				args = append(args, "--accounts="+accounts)
			}
			r := runImport(t.Context(), t, nil, args...)
			r.check(t, exitFailed, strings.NewReplacer("FILE", path, "ACCOUNTS", accounts).Replace(test.says))
			if n := transactionsIn(t, data); (n > 0) != test.recorded {
				t.Errorf("%d transactions are recorded", n)
			}
			if r.refused != nil {
				t.Errorf("refused %q", r.refused)
			}
		})
	}
}

// TestAMisspeltCommandRecordsNothing: of two files, the second is not there.
func TestAMisspeltCommandRecordsNothing(t *testing.T) {
	path := writeFile(t, "rows.csv", importHead+"x,a,1,1,\n")
	folder, data := filepath.Dir(path), t.TempDir()
	for name, test := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no file":             {nil, exitUsage, `expected "<file> ..."`},
		"file is not there":   {[]string{path, "nowhere.csv"}, exitFailed, "nowhere.csv: no such file or directory"},
		"file is a folder":    {[]string{path, folder}, exitFailed, folder + ": is a folder, not a file"},
		"accounts not there":  {[]string{path, "--accounts=nowhere.csv"}, exitUsage, "--accounts"},
		"two places to go to": {[]string{path, "--server=http://127.0.0.1:1"}, exitUsage, "--data and --server exclude each other"},
	} {
		t.Run(name, func(t *testing.T) {
			r := runImport(t.Context(), t, nil, append(test.args, "--data="+data)...)
			r.check(t, test.code, test.says)
			if n := transactionsIn(t, data); n > 0 {
				t.Errorf("%d transactions are recorded", n)
			}
		})
	}
}

// TestRefusalsThatCannotBeWrittenEndTheImport: they must not be lost.
func TestRefusalsThatCannotBeWrittenEndTheImport(t *testing.T) {
	path := writeFile(t, "rows.csv", importHead+"x,a,NaN,1,\n")
	rejects := filepath.Join(t.TempDir(), "nowhere", "rejects.csv")
	var said strings.Builder
	code := run(t.Context(), []string{"import", path, "--data=" + t.TempDir(), "--rejects=" + rejects}, streams{nil, os.Stdout, &said})
	importRun{code: code, said: said.String()}.check(t, exitFailed, "brrr: write refused rows: open "+rejects, path+":2: amount: must be finite")
	if strings.Count(said.String(), "write refused rows") != 1 || strings.Contains(said.String(), "their reasons:") {
		t.Errorf("said:\n%s", said.String())
	}
}
