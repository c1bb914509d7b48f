// Package server_test holds the rooms of this repository to the arrows between
// them: which may import which, and why no other.
package server_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/wassef911/grpcgoesbrrr/"

// arrows are all imports within the repository that a room may have. cmd/brrr wires
// everything and is not listed.
var arrows = []struct {
	room string
	may  []string
	why  string
}{
	{"server/fraud", nil, "the vocabulary stands on the standard library alone, so that every room can share it"},
	{"server/batch", nil, "batching knows nothing of fraud: it could serve any work"},
	{"server/assess", []string{"server/batch", "server/fraud"}, "the pipeline knows no wire format, database or network"},
	{"server/feed", []string{"server/fraud"}, "what is watched comes from any store and goes out in any form"},
	{"server/access", []string{"server/fraud", "gen/go/fraudactivity/v1"}, "permissions are read from the contract; keys come from any store"},
	{"server/access/issuertest", nil, "an issuer knows nothing of those who believe it"},
	{"server/predictor", []string{"server/fraud", "gen/go/fraud_detection"}, "the link to models knows nothing of callers or stores"},
	{"server/certs", nil, "certificates in files: those who listen and those who dial need them alike, and know no files"},
	{"server/metrics", []string{"server/fraud"}, "what is counted is known by the vocabulary alone; the rooms know no metrics library"},
	{"server/tracing", []string{"server/fraud"}, "what is traced is known by the vocabulary alone; the rooms know no OpenTelemetry"},
	{"server/settings", nil, "settings are read for any command: what they mean is told by its flags"},
	{"server/store/reckon", []string{"server/fraud"}, "what every store reckons alike knows of none"},
	{"server/store/health", []string{"server/fraud"}, "what is known of a disk or a database is told of any"},
	{"server/store/sqlite", []string{"server/fraud", "server/store/health", "server/store/reckon"}, "a store can be replaced by any other that passes storetest"},
	{"server/store/postgres", []string{"server/fraud", "server/store/health", "server/store/reckon"}, "a store can be replaced by any other that passes storetest"},
	{"server/store/pgtest", nil, "servers of Postgres for tests: it knows nobody who uses them"},
	{"server/store/storetest", []string{"server/fraud"}, "one suite for all stores, so it may know none"},
	{"server/rpc", []string{"server/assess", "server/access", "server/feed", "server/fraud", "gen/go/fraudactivity/v1"}, "the edge translates; it neither stores nor predicts"},
	{"cmd/supply", nil, "what ships the service takes it as it is built, and no part of it"},
	{"client", []string{"gen/go/fraudactivity/v1"}, "callers must not link the server"},
	{"web", nil, "the console is files: it reaches the service as any browser does"},
}

// standardOnly are the rooms that import nothing from outside either.
var standardOnly = []string{"server/fraud", "server/batch", "server/certs"}

func TestRoomsImportOnlyWhatTheirArrowsAllow(t *testing.T) {
	rooms := map[string]bool{}
	for _, arrow := range arrows {
		rooms[arrow.room] = true
		for file, imports := range importsOf(t, arrow.room) {
			for _, path := range imports {
				inside, ok := strings.CutPrefix(path, module)
				if ok && !allowed(inside, arrow.may) {
					t.Errorf("%s imports %s: %s", file, inside, arrow.why)
				}
				if !ok && strings.Contains(path, ".") && allowed(arrow.room, standardOnly) {
					t.Errorf("%s imports %s: %s", file, path, arrow.why)
				}
			}
		}
	}
	for _, room := range roomsUnder(t, "server", "client", "cmd/supply") {
		if !rooms[room] {
			t.Errorf("%s has no arrows: say here what it may import, and why", room)
		}
	}
}

// TestTheRequestsPathStaysReadable adds up the files that docs/architecture.md
// lists as one request's walk.
func TestTheRequestsPathStaysReadable(t *testing.T) {
	doc, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, walk, _ := strings.Cut(string(doc), "## One request's walk")
	walk, _, _ = strings.Cut(walk, "## ")
	files, lines := regexp.MustCompile("(?m)^[0-9]+\\. `([^`]+)`").FindAllStringSubmatch(walk, -1), 0
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join("..", file[1]))
		if err != nil {
			t.Fatal(err)
		}
		lines += strings.Count(string(text), "\n")
	}
	if len(files) < 10 || lines > 1500 {
		t.Errorf("the walk is %d files and %d lines long, want at most 1,500 lines", len(files), lines)
	}
}

// allowed reports whether path is one of may, or below one.
func allowed(path string, may []string) bool {
	for _, m := range may {
		if path == m || strings.HasPrefix(path, m+"/") {
			return true
		}
	}
	return false
}

// importsOf are the imports of a room's files, tests apart: these may reach for
// a real store or model.
func importsOf(t *testing.T, room string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", room, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no files (%v)", room, err)
	}
	imports := map[string][]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			imports[file] = append(imports[file], path)
		}
	}
	return imports
}

// roomsUnder are the folders with Go files that are not only tests.
func roomsUnder(t *testing.T, tops ...string) []string {
	t.Helper()
	found := map[string]bool{}
	for _, top := range tops {
		err := filepath.WalkDir(filepath.Join("..", top), func(path string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				found[filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), ".."+string(filepath.Separator)))] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var rooms []string
	for room := range found {
		rooms = append(rooms, room)
	}
	return rooms
}
