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
