package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// scoringHost scores a row by its amount, so that no two rows are mixed up unseen.
type scoringHost struct{ *modelHost }

func (h scoringHost) PredictFraudBatch(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
	reply, err := h.modelHost.PredictFraudBatch(ctx, req)
	for i, amount := range req.Columns[0].Values {
		reply.FraudProbabilities[i] = amount / (amount + 100)
		reply.PredictedLabels[i] = reply.FraudProbabilities[i] >= reply.Threshold
	}
	return reply, err
}

func startAssessor(t *testing.T) *testServer {
	t.Helper()
	s := startServer(t, "--predictor="+startHost(t, scoringHost{newModelHost("host-1")}))
	s.awaitModel(t)
	return s
}

// bulk is one run of brrr assess.
func (s *testServer) bulk(t *testing.T, input, output string, args ...string) importRun {
	t.Helper()
	return s.bulkWhile(t.Context(), t, input, output, args...)
}

func (s *testServer) bulkWhile(ctx context.Context, t *testing.T, input, output string, args ...string) importRun {
	t.Helper()
	var out, said bytes.Buffer
	rejects := filepath.Join(t.TempDir(), "rejects.csv")
	args = append([]string{"assess", "--server=" + s.url, "--key=" + s.keys["admin"], "--rejects=" + rejects, "--input=" + input, "--output=" + output}, args...)
	r := importRun{code: run(ctx, args, streams{nil, &out, &said}), said: said.String()}
	if out.Len() > 0 {
		t.Errorf("standard output: %q", out.String())
	}
	if text, err := os.ReadFile(rejects); err == nil {
		for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
			r.refused = append(r.refused, strings.Split(line, ","))
		}
	}
	return r
}

// assessedHead is the head of every CSV of answers: the columns that the Python
// side writes as well.
const assessedHead = "transaction_id,predicted_label,fraud_probability,model_version,threshold,assessed_at,reason\n"

// withoutTimes is a CSV of answers, each assessed_at as "then" if it is one.
func withoutTimes(t *testing.T, path string) string {
	t.Helper()
	text, found := strings.CutPrefix(readFile(t, path), assessedHead)
	if !found {
		t.Fatalf("%s begins otherwise:\n%.200s", path, text)
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		fields := strings.Split(line, ",")
		if len(fields) == 7 && fields[5] != "" {
			var at instant
			if err := at.UnmarshalText([]byte(fields[5])); err != nil || !strings.HasSuffix(fields[5], "Z") {
				t.Errorf("assessed_at %q, %v", fields[5], err)
			}
			fields[5] = "then"
		}
		lines[i] = strings.Join(fields, ",")
	}
	return strings.Join(lines, "\n")
}

// parquetAsCSV reads answers from Parquet and writes them as the CSV has them.
func parquetAsCSV(t *testing.T, path string) string {
	t.Helper()
	rows, err := parquet.ReadFile[assessedRow](path)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(assessedHead)
	for _, row := range rows {
		for i, column := range assessedColumns {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString(column.of(row))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestEachRowOfAFileHasItsAnswerInOrder(t *testing.T) {
	s := startAssessor(t)
	input := writeFile(t, "rows.csv", `note,transaction_id,account_id,amount,time,label
,one,a,25,1546300800,maybe
,two,b,word,1546300801,
,three,a,300,2019-01-01T00:00:02Z,
,few
,one,a,26,1546300800,

,one,a,25,1546300800,
,four,a,1,1546300803,
`)
	want := `one,true,20,host-1,5,then,
two,,,,,,INVALID_ARGUMENT
three,true,75,host-1,5,then,
,,,,,,INVALID_ARGUMENT
one,,,,,,FACTS_DIFFER
one,true,20,host-1,5,then,
four,false,0.9900990099,host-1,5,then,
`
	folder := t.TempDir()
	plain, zipped, columns := filepath.Join(folder, "out.csv"), filepath.Join(folder, "out.csv.gz"), filepath.Join(folder, "out.parquet")
	for _, output := range []string{plain, plain, zipped, columns} {
		r := s.bulk(t, input, output)
		r.check(t, exitRejects, "7 rows, 3 of them without an answer, to "+output, `rows.csv:3: amount: must be a number, not "word" (INVALID_ARGUMENT)`, "rows.csv:5: ", "rows.csv:6: ")
		if len(r.refused) != 3 || r.refused[0][1] != "3" || r.refused[0][2] != "two" {
			t.Errorf("refused %q", r.refused)
		}
	}
	if got := withoutTimes(t, plain); got != want {
		t.Errorf("answers\n%s, not\n%s", got, want)
	}
	if readFile(t, zipped) != readFile(t, plain) {
		t.Errorf("gzipped it is\n%s", readFile(t, zipped))
	}
	if got := parquetAsCSV(t, columns); got != readFile(t, plain) {
		t.Errorf("Parquet has\n%s, not\n%s", got, readFile(t, plain))
	}
	if left, _ := os.ReadDir(folder); len(left) != 3 {
		t.Errorf("left %v", left)
	}
	full, err := s.client("client").GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: "four", View: fraudactivityv1.View_VIEW_FULL})
	if err != nil || full.Assessment.Facts.GetNumberOfTransactions() != 3 || full.Assessment.Outcome != nil {
		t.Errorf("four is known as %v, %v", full, err)
	}
	if !strings.HasSuffix(readFile(t, plain), fmt.Sprintf("four,false,%v,host-1,5,%s,\n", full.FraudProbability, moment(full.Assessment.AssessedAt))) {
		t.Errorf("the record has %v", full)
	}
}

// TestIDsAloneAreAssessedAndNotRecorded, from every format.
func TestIDsAloneAreAssessedAndNotRecorded(t *testing.T) {
	s := startAssessor(t)
	s.recordSome(t)
	want := fmt.Sprintf("second,true,%v,host-1,5,then,\nunheard-of,,,,,,TRANSACTION_UNKNOWN\n,,,,,,INVALID_ARGUMENT\nfirst,true,%v,host-1,5,then,\n", 9.9099099099, 9.0909090909)
	type id struct {
		ID string `parquet:"transaction_id"`
	}
	var columns bytes.Buffer
	if err := parquet.Write(&columns, []id{{"second"}, {"unheard-of"}, {""}, {"first"}}); err != nil {
		t.Fatal(err)
	}
	const plain = "note,transaction_id\n,second\n,unheard-of\n,\n,first\n"
	for name, content := range map[string]string{
		"rows.csv": plain, "rows.csv.gz": gzipped(t, plain), "rows.parquet": columns.String(),
		"rows.ndjson": `{"transaction_id":"second"}` + "\n" + `{"transaction_id":"unheard-of"}` + "\n{}\n" + `{"transaction_id":"first"}`,
	} {
		output := filepath.Join(t.TempDir(), "out.csv")
		s.bulk(t, writeFile(t, name, content), output, "--key="+s.keys["client"]).
			check(t, exitRejects, "4 rows, 2 of them without an answer", `: no transaction "unheard-of" is recorded (TRANSACTION_UNKNOWN)`)
		if got := withoutTimes(t, output); got != want {
			t.Errorf("%s: answers\n%s, not\n%s", name, got, want)
		}
	}
}

// TestAFileThatCannotBeAssessedIsRefusedByName, and leaves nothing behind.
func TestAFileThatCannotBeAssessedIsRefusedByName(t *testing.T) {
	s := startRecorder(t)
	folder := t.TempDir()
	output, started := filepath.Join(folder, "out.csv"), filepath.Join(folder, "started.csv")
	ids, payments := writeFile(t, "ids.csv", "transaction_id\none\n"), writeFile(t, "payments.csv", importHead+"one,a,1,1,\n")
	writePart := func(path, text string) string {
		if err := os.WriteFile(path+partSuffix, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, test := range map[string]struct {
		input, output string
		args          []string
		code          int
		says          string
	}{
		"another format":         {ids, filepath.Join(folder, "out.json"), nil, exitUsage, `--output: the name must end in .csv, .csv.gz or .parquet, not as "out.json" does`},
		"no such input":          {filepath.Join(folder, "none.csv"), output, nil, exitUsage, "none.csv"},
		"a folder that is none":  {ids, filepath.Join(folder, "none", "out.csv"), nil, exitFailed, "no such file or directory"},
		"a device":               {"/dev/null", output, nil, exitFailed, "/dev/null: must be a file"},
		"output is input":        {ids, ids, nil, exitFailed, "--input and --output are the same file"},
		"empty":                  {writeFile(t, "rows.csv", ""), output, nil, exitFailed, "the file is empty"},
		"no IDs":                 {writeFile(t, "rows.csv", "account_id,amount,time\n"), output, nil, exitFailed, "lacks the column transaction_id"},
		"half a payment":         {writeFile(t, "rows.csv", "transaction_id,amount\n"), output, nil, exitFailed, "has the column amount, but lacks account_id, time; without"},
		"half a payment in JSON": {writeFile(t, "rows.json", `{"transaction_id":"a","time":0,"amount":null}`), output, nil, exitFailed, "has the column time, but lacks account_id, amount"},
		"broken first line":      {writeFile(t, "rows.json", `{"transaction_id":"a"`), output, nil, exitFailed, "rows.json: line 1: the JSON object does not end in its line; the first line tells"},
		"Parquet by name alone":  {writeFile(t, "rows.parquet", "transaction_id\none\n"), output, nil, exitFailed, "is named Parquet, but does not begin as such"},
		"Parquet, cut off":       {writeFile(t, "rows.parquet", "PAR1"), output, nil, exitFailed, "the Parquet file is cut off or damaged"},
		"no RECORD":              {payments, output, []string{"--key=" + s.keys["client"]}, exitFailed, "lacks the permission RECORD"},
		"another part":           {ids, writePart(filepath.Join(folder, "foreign.csv"), "anything\n"), nil, exitFailed, "foreign.csv.part: is not a part file of this brrr assess"},
		"another version's part": {ids, writePart(filepath.Join(folder, "newer.csv"), `{"brrr_assess":2}`+"\n"), nil, exitFailed, "is not a part file of this brrr assess"},
		"another input": {ids, writePart(started, `{"brrr_assess":1,"input":"/x/other.csv","size":9,"sha256":"00"}`+"\n"), nil, exitFailed,
			"started.csv.part: belongs to another input: /x/other.csv had 9 bytes and the SHA-256 00, and " + ids + " has 19 and "},
	} {
		s.bulk(t, test.input, test.output, test.args...).check(t, test.code, test.says)
		if t.Failed() {
			t.Fatal(name)
		}
	}
	if left, _ := os.ReadDir(folder); len(left) != 3 { // the part files that were there before
		t.Errorf("left %v", left)
	}
	held, err := openPart(t.Context(), output+partSuffix, ids)
	if err != nil {
		t.Fatal(err)
	}
	defer held.close()
	s.bulk(t, ids, output).check(t, exitFailed, "out.csv.part: another brrr assess writes to it")
}
