package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheRecordIsBackedUpLookedIntoAndRestored walks from a backup beside a
// server to a restored folder, as who operates it does.
func TestTheRecordIsBackedUpLookedIntoAndRestored(t *testing.T) {
	s := startServer(t, noModel)
	s.recordSome(t)
	folder := t.TempDir()
	backup, fresh, spoilt := filepath.Join(folder, "copy"), filepath.Join(folder, "fresh"), filepath.Join(folder, "spoilt")
	damage := func() {
		whole, err := os.ReadFile(backup)
		if err != nil {
			t.Fatal(err)
		}
		copy(whole[8192:], make([]byte, 40_000))
		if err := os.WriteFile(spoilt, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		name string
		args []string
		code int
		says []string
	}{
		{"back up", []string{"backup", backup, "--data=" + s.data}, exitDone, []string{backup + " holds 3 transactions, 0 assessments, 0 outcomes and 4 keys: ", " KB, in "}},
		{"over it", []string{"backup", backup, "--data=" + s.data}, exitFailed, []string{"is there already: give another name, or --force to replace it"}},
		{"over it, by force", []string{"backup", backup, "--data=" + s.data, "--force"}, exitDone, []string{"3 transactions"}},
		{"look into the store", []string{"doctor", "--data=" + s.data}, exitDone, []string{"CHECK", "facts", "summaries", "brrr.db is well"}},
		{"look into the backup", []string{"doctor", "--file=" + backup, "--quick"}, exitDone, []string{"left out: quick", "copy is well"}},
		{"look into both", []string{"doctor", "--file=" + backup, "--data=" + s.data}, exitUsage, []string{"--file excludes --data and --store"}},
		{"look into none", []string{"doctor", "--data=" + folder}, exitFailed, []string{"no such file"}},
		{"restore over a server", []string{"restore", backup, "--data=" + s.data, "--force"}, exitFailed, []string{"is in use by brrr serve"}},
		{"restore", []string{"restore", backup, "--data=" + fresh}, exitDone, []string{fresh + " holds 3 transactions, 0 assessments, 0 outcomes and 4 keys"}},
		{"restore again", []string{"restore", backup, "--data=" + fresh}, exitFailed, []string{"holds a store already: give --data another folder, or --force"}},
		{"restore again, by force", []string{"restore", backup, "--data=" + fresh, "--force"}, exitDone, []string{"What was there before is " + fresh + "/brrr.db.before-restore-"}},
		{"look into what was restored", []string{"doctor", "--data=" + fresh}, exitDone, []string{"is well"}},
		{"keys of what was restored", []string{"keys", "list", "--data=" + fresh}, exitDone, []string{"analyst", "admin"}},
		{"look into a damaged one", []string{"doctor", "--file=" + spoilt}, exitFailed, []string{"spoilt is not well: "}},
		{"restore a damaged one", []string{"restore", spoilt, "--data=" + fresh, "--force"}, exitFailed, []string{"damaged"}},
	} {
		if step.name == "look into a damaged one" {
			damage()
		}
		checkCommand(t, step.name, step.args, step.code, step.says)
	}
}

func TestTheDoctorSpeaksJSON(t *testing.T) {
	s := startServer(t, noModel)
	s.recordSome(t)
	execSQL(t, s.data, "UPDATE transactions SET number_of_transactions = 9")
	code, out, _ := command(t, "doctor", "--data="+s.data, "-o", "json")
	found := map[string]checkedLine{}
	for lines := json.NewDecoder(strings.NewReader(out)); lines.More(); {
		var line checkedLine
		if err := lines.Decode(&line); err != nil {
			t.Fatal(err)
		}
		found[line.Check] = line
	}
	facts, accounts := found["facts"], found["accounts"]
	if code != exitFailed || facts.Well || facts.Looked != 3 || facts.Faults != 3 || len(facts.Shown) != 3 || !accounts.Well || accounts.Looked != 1 {
		t.Errorf("exit %d\n%s", code, out)
	}
}
