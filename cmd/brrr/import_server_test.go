package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// startRecorder starts a service that nobody asks for a score.
func startRecorder(t *testing.T) *testServer {
	t.Helper()
	return startServer(t, "--predictor=http://127.0.0.1:1")
}

func (s *testServer) importArgs(role string, args ...string) []string {
	return append(args, "--server="+s.url, "--key="+s.keys[role])
}

// TestTheServiceRecordsAsTheStoreDoes: the same facts, outcomes and refusals,
// whichever way the rows go.
func TestTheServiceRecordsAsTheStoreDoes(t *testing.T) {
	content, want := manyRows(t)
	content += strings.Join([]string{
		"t0,card-x,1,1,", "long" + strings.Repeat("g", 130) + ",a,1,1,", "i d,a,1,1,", "nan,a,NaN,1,", "ms,a,1,1546300933000,",
		"future,a,1,99999999999,1", "word,a,1,1,maybe", "few,a", "opened,only-in-accounts,1,5000,1",
	}, "\n")
	accounts := "--accounts=" + writeFile(t, "accounts.csv", "account_id,opened_at\nonly-in-accounts,4000\n")
	path, data := writeFile(t, "rows.csv", content), t.TempDir()
	local := runImport(t.Context(), t, nil, path, accounts, "--data="+data)
	local.check(t, exitRejects, "23 refused", "to "+data)

	s := startRecorder(t)
	remote := runImport(t.Context(), t, nil, s.importArgs("admin", path, accounts)...)
	remote.check(t, exitRejects, "23 refused", "to "+s.url)
	if got, want := fmt.Sprint(remote.refused), fmt.Sprint(local.refused); got != want {
		t.Errorf("the service refused %s, the store %s", got, want)
	}
	want["opened"] = "only-in-accounts 1 at 5000.000000 age 1000 number 1, label 1 source 4 at 5000.000000"
	want["future"] = "a 1 at 99999999999.000000 age 0 number 1"
	checkKnown(t, data, want)
	checkKnown(t, s.data, want)

	before := digest(t, s.data)
	runImport(t.Context(), t, nil, s.importArgs("admin", path, accounts)...).check(t, exitRejects, "0 recorded, 587 already recorded", "23 refused")
	if digest(t, s.data) != before {
		t.Error("the second run changed the store")
	}
}

// TestAnInterruptedImportOverTheServiceGoesOn when run again.
func TestAnInterruptedImportOverTheServiceGoesOn(t *testing.T) {
	content, want := manyRows(t)
	s := startRecorder(t)
	ctx, cancel := context.WithCancel(t.Context())
	runImport(ctx, t, &interrupter{strings.NewReader(content[:len(content)*3/4]), cancel}, s.importArgs("admin", "-")...).
		check(t, exitFailed, "brrr: interrupted; run the same command again to go on\n")
	runImport(t.Context(), t, strings.NewReader(content), s.importArgs("admin", "-")...).check(t, exitRejects, "15 refused")
	checkKnown(t, s.data, want)
}

// TestAKeyMustPermitTheImport: what it lacks is said once, not once a row.
func TestAKeyMustPermitTheImport(t *testing.T) {
	s := startRecorder(t)
	s.keys["unknown"] = strings.Replace(s.keys["admin"], "brrr_", "brrr_0", 1)
	s.keys["none"] = ""
	content := strings.Builder{}
	content.WriteString(importHead)
	for i := range 1200 {
		fmt.Fprintf(&content, "t%d,a,1,%d,\n", i, i+1)
	}
	unlabelled := content.String()
	labelled := strings.ReplaceAll(unlabelled, ",\n", ",0\n")
	for _, test := range []struct { // in this order: the store stays
		role, content string
		code          int
		says          []string
		recorded      int
	}{
		{"none", labelled, exitFailed, []string{"brrr: no key: set BRRR_KEY"}, 0},
		{"unknown", labelled, exitFailed, []string{"(UNAUTHENTICATED)"}, 0},
		{"client", labelled, exitFailed, []string{`role "client" lacks the permission RECORD (PERMISSION_DENIED)`}, 0},
		{"analyst", unlabelled, exitFailed, []string{`role "analyst" lacks the permission RECORD (PERMISSION_DENIED)`}, 0},
		{"backend", labelled, exitFailed, []string{"1000 recorded, 0 already recorded, 0 outcomes, 0 refused",
			`brrr: report labels: the role "backend" lacks the permission LABEL (PERMISSION_DENIED)`}, 1000},
		{"backend", unlabelled, exitDone, []string{"200 recorded, 1000 already recorded, 0 outcomes, 0 refused"}, 1200},
		{"admin", labelled, exitDone, []string{"0 recorded, 1200 already recorded, 1200 outcomes, 0 refused"}, 1200},
	} {
		t.Run(test.role, func(t *testing.T) {
			r := runImport(t.Context(), t, strings.NewReader(test.content), s.importArgs(test.role, "-")...)
			r.check(t, test.code, test.says...)
			if r.refused != nil {
				t.Errorf("%d rows are refused", len(r.refused))
			}
			if n := transactionsIn(t, s.data); n != test.recorded {
				t.Errorf("%d transactions are recorded, not %d", n, test.recorded)
			}
		})
	}
}

// TestWhereAnImportGoes: what the command line says stands against the
// environment, which also serves other commands.
func TestWhereAnImportGoes(t *testing.T) {
	s := startRecorder(t)
	for name, test := range map[string]struct {
		env, line []string // of data, server
		want      string
	}{
		"data given":                            {nil, []string{"data"}, "data"},
		"server given":                          {nil, []string{"server"}, "server"},
		"data in the environment":               {[]string{"data"}, nil, "data"},
		"server in the environment":             {[]string{"server"}, nil, "server"},
		"both in the environment":               {[]string{"data", "server"}, nil, "server"},
		"data given, server in the environment": {[]string{"server"}, []string{"data"}, "data"},
		"server given, data in the environment": {[]string{"data"}, []string{"server"}, "server"},
	} {
		t.Run(name, func(t *testing.T) {
			where := map[string]string{"data": t.TempDir(), "server": s.url}
			for _, place := range test.env {
				t.Setenv("BRRR_"+strings.ToUpper(place), where[place])
			}
			t.Setenv("BRRR_KEY", s.keys["admin"])
			args := []string{"-"}
			for _, place := range test.line {
				args = append(args, "--"+place+"="+where[place])
			}
			r := runImport(t.Context(), t, strings.NewReader(importHead+"x,a,1,1,\n"), args...)
			r.check(t, exitDone, "rows/s), to "+where[test.want]+"\n")
		})
	}
}
