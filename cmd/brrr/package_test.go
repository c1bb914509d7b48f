package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// TestThePackageAsPublished packs client/typescript, installs it into an empty
// project as its users do, and runs all that its README shows, against the real
// server with the real model. npm's registry must be within reach.
func TestThePackageAsPublished(t *testing.T) {
	s := startServer(t)
	s.awaitModel(t)
	s.recordSome(t)
	// Snippets run side by side. What they ask about is on record from here on, or the one
	// that watches might see another's first assessment before its own.
	if _, err := s.client("client").GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: demoTransaction}); err != nil {
		t.Fatal(err)
	}
	p := newProject(t)

	t.Run("snippets of its README", func(t *testing.T) {
		want := map[string][]string{ // by heading, in the order they stand
			"In a page":          {`^(true|false) [\d.]+\n$`},
			"In Node, over gRPC": {`^(true|false) [\d.]+\n$`},
			"Over Connect":       {`^(true|false) [\d.]+\n$`},
			"Errors":             {`^record it first\ntransaction_id breaks a rule\n$`, `^Y12a34x56 (true|false)\nnobody-recorded-this TRANSACTION_UNKNOWN\n$`},
			"Watch":              {`^connecting\nopen\nwatched-readme (true|false)\n$`},
		}
		snippets := snippetsOf(t, filepath.Join(root, "client/typescript/README.md"))
		for heading, all := range snippets {
			if len(all) != len(want[heading]) {
				t.Fatalf("%d snippets under %q, of which %d have a test", len(all), heading, len(want[heading]))
			}
			for i, snippet := range all {
				script := p.write(t, strings.ReplaceAll(heading, " ", "-")+string(rune('a'+i))+".mjs", snippet)
				t.Run(filepath.Base(script), func(t *testing.T) {
					t.Parallel()
					out, err := p.run(t, s.env("admin", ""), s.assessOnceOpen(t, "watched-readme", false), "node", "--import", p.page, script)
					if err != nil || !regexp.MustCompile(want[heading][i]).MatchString(out) {
						t.Errorf("%v, prints\n%s\nwant %s", err, out, want[heading][i])
					}
				})
			}
		}
		if len(snippets) != len(want) {
			t.Errorf("snippets under %d headings, want %d", len(snippets), len(want))
		}
	})

	examples := filepath.Join(p.dir, "node_modules/@grpcgoesbrrr/client/examples")
	for _, protocol := range []string{"grpc", "connect", "grpc-web"} {
		cases := map[string]struct {
			role string
			args []string
			fail bool
			want string
		}{
			"check":           {"client", []string{"check.mjs", demoTransaction}, false, `^Y12a34x56 (FRAUD|legitimate) [\d.]+ %\n$`},
			"check, unknown":  {"client", []string{"check.mjs", "nobody"}, true, `^nobody is not recorded\n$`},
			"record":          {"backend", []string{"record.mjs", "shop-" + protocol, "card-2", "12.50"}, false, `^shop-\S+ (FRAUD|legitimate) [\d.]+ %\n(-?[\d.]+ .+\n)+$`},
			"record, refused": {"backend", []string{"record.mjs", "shop-0", "card-2", "0"}, true, `^transaction\.amount: .+\n$`},
			"record, other":   {"backend", []string{"record.mjs", demoTransaction, "card-1", "99"}, true, `^another transaction is recorded as Y12a34x56\n$`},
			"watch":           {"analyst", []string{"watch.mjs"}, false, `(?s)connecting \nopen \n.*watched-` + protocol + ` (FRAUD|legitimate) [\d.]+ %\n`},
			"refusals": {"client", []string{filepath.Join(p.dir, "refusals.mjs")}, false, "^" + strings.Join([]string{
				"TRANSACTION_UNKNOWN NotFound - traceable", "INVALID_ARGUMENT InvalidArgument transaction_id traceable",
				"PERMISSION_DENIED PermissionDenied - traceable", "UNAUTHENTICATED Unauthenticated - traceable",
				"- Unavailable - -"}, "\n") + "\n$"},
		}
		for name, c := range cases {
			t.Run(protocol+", "+name, func(t *testing.T) {
				t.Parallel()
				if !filepath.IsAbs(c.args[0]) {
					c.args[0] = filepath.Join(examples, c.args[0])
				}
				out, err := p.run(t, s.env(c.role, protocol), s.assessOnceOpen(t, "watched-"+protocol, true), "node", c.args...)
				if (err != nil) != c.fail || !regexp.MustCompile(c.want).MatchString(out) {
					t.Errorf("%v, prints\n%s\nwant %s", err, out, c.want)
				}
			})
		}
	}

	types, err := os.ReadFile(filepath.Join(root, "client/typescript/test/types.ts"))
	if err != nil {
		t.Fatal(err)
	}
	p.write(t, "types.ts", string(types))
	for name, how := range map[string][]string{"for Node": {"--module", "nodenext"}, "for bundlers": {"--module", "esnext", "--moduleResolution", "bundler"}} {
		t.Run("types, "+name, func(t *testing.T) {
			args := append([]string{"--noEmit", "--strict", "--noUncheckedIndexedAccess", "--target", "es2022", "--lib", "es2023,dom,dom.iterable", "--types", ""}, how...)
			if out, err := p.run(t, nil, nil, filepath.Join(root, "node_modules/.bin/tsc"), append(args, "types.ts")...); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestThePackageHoldsWhatItSays looks at the list of files that npm would publish.
func TestThePackageHoldsWhatItSays(t *testing.T) {
	_, files := pack(t)
	allowed := regexp.MustCompile(`^(package\.json|README\.md|LICENSE|dist/[a-z_]+\.(js|d\.ts)|dist/gen/(fraudactivity/v1|buf/validate)/[a-z_]+_pb\.(js|d\.ts)|examples/[a-z]+\.mjs)$`)
	for _, file := range files {
		if !allowed.MatchString(file) {
			t.Errorf("%s is no part of it", file)
		}
		if types, isCode := strings.CutSuffix(file, ".js"); isCode && !slices.Contains(files, types+".d.ts") {
			t.Errorf("%s has no types", file)
		}
	}
	for _, file := range []string{"package.json", "README.md", "LICENSE", "dist/index.js", "dist/gen/fraudactivity/v1/service_pb.js", "examples/check.mjs"} {
		if !slices.Contains(files, file) {
			t.Errorf("%s is missing", file)
		}
	}
}

func (s *testServer) env(role, protocol string) []string {
	env := []string{"BRRR_SERVER=" + s.url, "BRRR_KEY=" + s.keys[role]}
	if protocol != "" {
		env = append(env, "BRRR_PROTOCOL="+protocol)
	}
	return env
}

// assessOnceOpen assesses a new transaction as soon as a feed says that it is
// open, and interrupts one that does not end by itself once it has shown it.
func (s *testServer) assessOnceOpen(t *testing.T, id string, interrupt bool) func(line string, end func()) {
	return func(line string, end func()) {
		switch {
		case strings.TrimSpace(line) == "open":
			_, err := s.client("backend").AssessTransaction(t.Context(), &fraudactivityv1.AssessTransactionRequest{
				Transaction: &fraudactivityv1.Transaction{TransactionId: id, AccountId: "card-3", Amount: 7, Time: at(1_700_000_000)}})
			if err != nil {
				t.Error(err)
			}
		case interrupt && strings.HasPrefix(line, id+" "):
			end()
		}
	}
}
