package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// releaseCmd writes the same bytes wherever and whenever it runs on a commit: times are
// the commit's, paths are cut, files are in order, and belong to nobody. What else goes
// into them are the tags, by which Go tells a version, and Go and Node themselves.
type releaseCmd struct {
	Version string   `help:"Such as v1.2.3." required:""`
	Out     string   `help:"Where it is written." default:"dist"`
	Only    []string `help:"Targets, such as linux-amd64. All, if none is given."`
	SignKey string   `help:"Private key of ssh-keygen, to sign the checksums." type:"existingfile"`
}

var versions = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$`)

// Validate names all that is wrong. Kong calls it.
func (c *releaseCmd) Validate() error {
	var wrong []error
	if !versions.MatchString(c.Version) {
		wrong = append(wrong, fmt.Errorf("--version must be such as v1.2.3 or v1.2.3-rc.1, not %q", c.Version))
	}
	for _, name := range c.Only {
		if !slices.ContainsFunc(targets, func(t target) bool { return t.String() == name }) {
			wrong = append(wrong, fmt.Errorf("--only must be of %v, not %q", targets, name))
		}
	}
	return errors.Join(wrong...)
}

// Run writes all targets. The tree must be that of the commit which the binary names.
func (c *releaseCmd) Run() error {
	from, err := cleanCommit()
	if err != nil {
		return err
	}
	inside, err := buildConsole()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return err
	}
	var made []string
	for _, t := range targets {
		if len(c.Only) > 0 && !slices.Contains(c.Only, t.String()) {
			continue
		}
		files, err := contents(t, c.Version, from, inside)
		if err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
		names, err := c.write("brrr-"+c.Version+"-"+t.String(), files, from)
		if err != nil {
			return err
		}
		made = append(made, names...)
	}
	if err := writeSums(c.Out, made); err != nil || c.SignKey == "" {
		return err
	}
	return sign(c.Out, c.SignKey)
}

// write makes an archive of a target's files, lays the parts list beside it, and returns
// the names of both.
func (c *releaseCmd) write(name string, files []file, from commit) (made []string, err error) {
	archive, err := pack(name, files, from.when)
	if err != nil {
		return nil, err
	}
	list := files[slices.IndexFunc(files, func(f file) bool { return f.path == bomFile })]
	for suffix, content := range map[string][]byte{".tar.gz": archive, ".cdx.json": list.content} {
		if err := os.WriteFile(filepath.Join(c.Out, name+suffix), content, 0o644); err != nil {
			return nil, err
		}
		made = append(made, name+suffix)
	}
	return made, nil
}

const bomFile = "brrr.cdx.json"

// contents are the files of a target's archive, with the console that was built.
func contents(t target, version string, from commit, inside console) ([]file, error) {
	parts, err := partsOf(t, inside.parts)
	if err != nil {
		return nil, err
	}
	notices, err := noticesText(parts)
	if err != nil {
		return nil, err
	}
	binary, err := buildBinary(t, version)
	if err != nil {
		return nil, err
	}
	list, err := bomText(version, binary, inside.node, parts, from.when)
	if err != nil {
		return nil, err
	}
	told, err := json.Marshal(map[string]string{"version": version, "commit": from.id})
	if err != nil {
		return nil, err
	}
	files, err := sourceFiles()
	return append(files,
		file{"bin/brrr", binary, 0o755},
		file{"NOTICES.txt", notices, 0o644},
		file{bomFile, list, 0o644},
		file{"predictor/release.json", append(told, '\n'), 0o644}, // what the Python server logs first
	), err
}

// partsOf are what an archive has in it, and what its Python package wants. A licence that
// may not be shipped fails.
func partsOf(t target, inConsole []part) ([]part, error) {
	version, err := goSays(t, "env", "GOVERSION")
	if err != nil {
		return nil, err
	}
	library, err := goLibrary(version)
	if err != nil {
		return nil, err
	}
	inBinary, err := goParts(t)
	if err != nil {
		return nil, err
	}
	inPython, err := pythonParts(servesPython)
	if err != nil {
		return nil, err
	}
	parts := sorted(slices.Concat([]part{library}, inBinary, inConsole, inPython))
	var refused []error
	for _, p := range parts {
		refused = append(refused, refuse(p))
	}
	return parts, errors.Join(refused...)
}

// buildBinary builds brrr, which Go itself tells its commit.
func buildBinary(t target, version string) ([]byte, error) {
	folder, err := os.MkdirTemp("", "supply-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	binary := filepath.Join(folder, "brrr")
	if _, err := goSays(t, "build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w -X main.version="+version, "-o", binary, "./cmd/brrr"); err != nil {
		return nil, err
	}
	return os.ReadFile(binary)
}
