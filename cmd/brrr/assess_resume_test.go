package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
)

// gatedHost scores as scoringHost does, one call for each that is let through.
type gatedHost struct {
	scoringHost
	gate chan struct{}
}

func newGatedHost() gatedHost {
	return gatedHost{scoringHost{newModelHost("host-1")}, make(chan struct{})}
}

func (h gatedHost) PredictFraudBatch(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
	if req.Rows > 1 { // no question after its health
		select {
		case <-h.gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return h.scoringHost.PredictFraudBatch(ctx, req)
}

// letThrough lets calls through until something holds.
func (h gatedHost) letThrough(t *testing.T, what string, holds func() bool) {
	t.Helper()
	await(t, what, func() bool {
		select {
		case h.gate <- struct{}{}:
		default:
		}
		return holds()
	})
}

// paymentRows is a file of so many payments of few accounts, of which one of 100
// cannot be recorded.
func paymentRows(t *testing.T, rows int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("transaction_id,account_id,amount,time\n")
	for i := range rows {
		amount := fmt.Sprintf("%.2f", 1+rand.Float64()*500)
		if i%100 == 99 {
			amount = "-1"
		}
		fmt.Fprintf(&b, "t%d,card-%d,%s,%d\n", i, rand.IntN(20), amount, 1_500_000_000+i)
	}
	return writeFile(t, "rows.csv", b.String())
}

// newBulk is brrr assess as a process of its own.
func newBulk(t *testing.T, args ...string) *process {
	t.Helper()
	tests, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return newProcess(t, func() *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), tests, append([]string{"assess"}, args...)...)
		cmd.Env = append(os.Environ(), asMain+"=1")
		return cmd
	})
}

// sizeOf is 0 for a file that is not there.
func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// rowsOfPart counts those that are sealed.
func rowsOfPart(t *testing.T, path string) (rows int) {
	t.Helper()
	if err := eachAssessed(path, func(assessedRow) error { rows++; return nil }); err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestAnAssessmentOfAFileGoesOnWhereItWasKilled: interrupted, killed, and killed in
// the middle of a write, it ends with the output of one that was not.
func TestAnAssessmentOfAFileGoesOnWhereItWasKilled(t *testing.T) {
	t.Parallel()
	const rows = 12_000
	host := newGatedHost()
	s := startServer(t, "--predictor="+startHost(t, host))
	s.awaitModel(t)
	input, folder := paymentRows(t, rows), t.TempDir()
	output := filepath.Join(folder, "out.parquet")
	part := output + partSuffix
	bulk := newBulk(t, "--server="+s.url, "--key="+s.keys["backend"], "--input="+input, "--output="+output, "--rejects="+filepath.Join(folder, "rejects.csv"))
	done := 0
	for round, end := range []func(){
		func() { bulk.signal(syscall.SIGINT); <-bulk.ended },
		bulk.kill,
		func() {
			bulk.kill()
			appendTo(t, part, `{"transaction_id":"torn","predicted_label":false,"line":1}`+"\n"+`{"transaction_id":"torn","predic`)
		},
		bulk.kill,
	} {
		before := sizeOf(part)
		bulk.start()
		host.letThrough(t, "a chunk written down", func() bool { return sizeOf(part) > max(before, 1000) })
		for range rand.IntN(3) {
			host.letThrough(t, "one call", func() bool { return true })
		}
		end()
		now := rowsOfPart(t, part)
		if now < done || now == rows || round > 0 && !strings.Contains(bulk.words(), fmt.Sprintf("%d rows are done; going on behind them", done)) {
			t.Errorf("round %d: %d rows are done, %d were\n%s", round, now, done, bulk.words())
		}
		if round == 0 && !strings.Contains(bulk.words(), "brrr: interrupted; run the same command again to go on") {
			t.Errorf("interrupted it said\n%s", bulk.words())
		}
		if done = now; sizeOf(output) > 0 {
			t.Error("the output is there before it is whole")
		}
	}
	close(host.gate)
	bulk.start()
	<-bulk.ended
	if code := bulk.cmd.ProcessState.ExitCode(); code != exitRejects || sizeOf(part) > 0 {
		t.Fatalf("exit %d, part file of %d bytes\n%s", code, sizeOf(part), bulk.words())
	}
	whole := filepath.Join(folder, "whole.parquet")
	s.bulk(t, input, whole).check(t, exitRejects, fmt.Sprintf("%d rows, %d of them without an answer", rows, rows/100), "… and 115 more")
	if readFile(t, output) != readFile(t, whole) {
		t.Errorf("it ends with other bytes than a run that was not interrupted")
	}
	if got := strings.Split(parquetAsCSV(t, output), "\n"); len(got) != rows+2 || !strings.HasPrefix(got[rows], fmt.Sprintf("t%d,,,,,,INV", rows-1)) || !strings.HasPrefix(got[1], "t0,") {
		t.Errorf("%d rows, the last %q", len(got)-2, got[rows])
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// TestAServerThatIsKilledCostsAnAssessmentOfAFileNothing if another is there soon.
func TestAServerThatIsKilledCostsAnAssessmentOfAFileNothing(t *testing.T) {
	t.Parallel()
	host, data, listen := newGatedHost(), t.TempDir(), freeAddress(t)
	server := newServer(t, data, t.TempDir(), listen, "--predictor="+startHost(t, host))
	server.start()
	awaitReadyz(t, server, "http://"+listen)
	code, key, errs := command(t, "keys", "create", "--name=bulk", "--role=backend", "--data="+data)
	if code != exitDone {
		t.Fatal(errs)
	}
	input, folder := paymentRows(t, 8000), t.TempDir()
	output := filepath.Join(folder, "out.csv")
	bulk := newBulk(t, "--server=http://"+listen, "--key="+strings.TrimSpace(key), "--input="+input, "--output="+output, "--rejects="+filepath.Join(folder, "rejects.csv"))
	bulk.start()
	host.letThrough(t, "a chunk written down", func() bool { return sizeOf(output+partSuffix) > 1000 })
	server.kill()
	server.start()
	awaitReadyz(t, server, "http://"+listen)
	close(host.gate)
	<-bulk.ended
	if sizeOf(output) == 0 {
		t.Fatalf("there is no output\n%s", bulk.words())
	}
	once := readFile(t, output)
	if code := bulk.cmd.ProcessState.ExitCode(); code != exitRejects || strings.Count(once, "\n") != 8001 || strings.Count(once, ",host-1,") != 7920 {
		t.Fatalf("exit %d, %d lines, %d answers\n%s", code, strings.Count(once, "\n"), strings.Count(once, ",host-1,"), bulk.words())
	}
	bulk.start()
	<-bulk.ended
	if again := readFile(t, output); again != once {
		t.Error("asked again it has other answers")
	}
}
