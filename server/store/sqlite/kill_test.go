//go:build unix

package sqlite_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"sort"
	"strconv"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// killDir tells the test's own binary to be the process that writes until it is
// killed, and where.
const killDir = "BRRR_TEST_WRITE_UNTIL_KILLED"

const killedCall = 50 // rows of each of its calls

// TestWriteUntilKilled is that process: it says the number of each call once the
// store has acknowledged it.
func TestWriteUntilKilled(t *testing.T) {
	dir := os.Getenv(killDir)
	if dir == "" {
		t.Skip("it is the process that the test below kills")
	}
	s, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for call := max(0, nextCall(t, s)-1); ; call++ { // the last one may lack parts
		record(t, s, payments(call*killedCall, killedCall))
		if _, err := s.RecordAssessments(t.Context(), killedAssessments(call)); err != nil {
			t.Fatal(err)
		}
		report(t, s, outcomesOf(call*killedCall, killedCall))
		fmt.Println("acknowledged", call)
	}
}

// nextCall is behind what the processes before got to.
func nextCall(t *testing.T, s *sqlite.Store) (call int) {
	t.Helper()
	return sort.Search(100_000, func(call int) bool { return found(t, s, fmt.Sprintf("transaction-%d", call*killedCall)) == 0 })
}

func killedAssessments(call int) []fraud.Assessment {
	assessments := make([]fraud.Assessment, killedCall)
	for i := range assessments {
		k := call*killedCall + i
		assessments[i] = fraud.Assessment{Transaction: fraud.Recorded{Seq: int64(k + 1)}, ModelVersion: "v1", Probability: probability(k),
			Label: k%2 == 0, Threshold: 0.5, AssessedAt: start.Add(time.Duration(k) * time.Second), AssessedBy: "client"}
	}
	return assessments
}

// Whatever a process is doing when it is killed, what it has acknowledged is there,
// and of the call at hand all or nothing of each part.
func TestAKilledProcessLeavesAllThatItAcknowledged(t *testing.T) {
	t.Parallel()
	dir, random, checked := t.TempDir(), rand.New(rand.NewPCG(20, 26)), 0
	rounds := 20
	if raceDetector {
		rounds = 2
	}
	for round := range rounds {
		acknowledged := killWriter(t, dir, 1+random.IntN(12), time.Duration(random.IntN(3000))*time.Microsecond)
		s, err := sqlite.Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if round == rounds-1 {
			checked = 0 // once more all of them
		}
		checkKilled(t, s, checked, acknowledged)
		checked = acknowledged
		closeStore(t, s)
		if t.Failed() {
			return
		}
	}
	wantWell(t, sqlite.StoreFile(dir))
}

// killWriter lets a process acknowledge so many calls and some more, kills it in
// the midst of one, and returns the last number that it said.
func killWriter(t *testing.T, dir string, calls int, later time.Duration) (acknowledged int) {
	t.Helper()
	writer := exec.Command(os.Args[0], "-test.run=^TestWriteUntilKilled$")
	writer.Env = append(os.Environ(), killDir+"="+dir)
	output, err := writer.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = writer.Wait() }() // it was killed
	defer io.Copy(io.Discard, output)
	defer func() { _ = writer.Process.Kill() }()
	acknowledged = -1
	lines := bufio.NewScanner(output)
	for heard := 0; lines.Scan(); heard++ {
		if heard == calls {
			time.AfterFunc(later, func() { _ = writer.Process.Kill() })
		}
		var call int
		if _, err := fmt.Sscanf(lines.Text(), "acknowledged %d", &call); err != nil {
			t.Fatalf("the writer failed: %s", lines.Text())
		}
		acknowledged = call
	}
	if acknowledged < 0 {
		t.Fatal("the writer said nothing")
	}
	return acknowledged
}

// checkKilled looks at the calls from a number on.
func checkKilled(t *testing.T, s *sqlite.Store, from, acknowledged int) {
	t.Helper()
	calls := nextCall(t, s)
	if calls <= acknowledged {
		t.Fatalf("%d calls are there; number %d was acknowledged", calls, acknowledged)
	}
	for call := from; call < calls; call++ {
		want := payments(call*killedCall, killedCall)
		results, err := s.LookUp(t.Context(), idsOf(want), "v1")
		if err != nil {
			t.Fatal(err)
		}
		outcomes, err := s.NewestOutcomes(t.Context(), idsOf(want))
		if err != nil {
			t.Fatal(err)
		}
		rows, assessed := 0, 0
		for i, r := range results {
			if r.Err != nil {
				continue
			}
			rows++
			if f := r.Transaction.Facts; f.Amount != want[i].Amount || f.AccountID != want[i].AccountID || !f.Time.Equal(want[i].Time) {
				t.Errorf("%s is %+v, want %+v", want[i].ID, f, want[i])
			}
			if a := r.Assessment; a != nil {
				assessed++
				if a.Probability != probability(call*killedCall+i) {
					t.Errorf("%s has probability %v", want[i].ID, a.Probability)
				}
			}
		}
		told := strconv.Itoa(rows) + " rows, " + strconv.Itoa(assessed) + " assessments, " + strconv.Itoa(len(outcomes)) + " outcomes"
		whole := rows == killedCall && (assessed == killedCall || assessed == 0) && (len(outcomes) == killedCall || len(outcomes) == 0)
		if done := assessed == killedCall && len(outcomes) == killedCall; !whole || call <= acknowledged && !done {
			t.Errorf("call %d, of %d acknowledged: %s", call, acknowledged+1, told)
		}
	}
}
