package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"os"
	"slices"
	"strings"
	"time"
)

// file is one of an archive.
type file struct {
	path    string
	content []byte
	mode    int64
}

// shipped are the files of the repository that an archive has, for git: what is wanted
// to run, beside the binary.
var shipped = []string{"README.md", "LICENSE", "CHANGELOG.md", "docs", "deploy", "predictor", "gen/python", ":!predictor/tests", ":!deploy/kubernetes/check"}

// sourceFiles are those of them that git knows, as they lie here.
func sourceFiles() ([]file, error) {
	list, err := git(append([]string{"ls-files", "--stage", "-z", "--"}, shipped...)...)
	if err != nil {
		return nil, err
	}
	var files []file
	for _, entry := range strings.Split(strings.TrimSuffix(list, "\x00"), "\x00") {
		stage, path, _ := strings.Cut(entry, "\t")
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		f := file{path, content, 0o644}
		if strings.HasPrefix(stage, "100755") {
			f.mode = 0o755
		}
		files = append(files, f)
	}
	return files, nil
}

// pack is an archive of one folder. Its bytes depend on what is given and on nothing
// else.
func pack(folder string, files []file, when time.Time) ([]byte, error) {
	files = slices.SortedFunc(slices.Values(files), func(a, b file) int { return cmp.Compare(a.path, b.path) })
	var out bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(zipped)
	for _, f := range files {
		head := &tar.Header{Name: folder + "/" + f.path, Mode: f.mode, Size: int64(len(f.content)), ModTime: when, Format: tar.FormatPAX}
		if err := archive.WriteHeader(head); err != nil {
			return nil, err
		}
		if _, err := archive.Write(f.content); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	err = zipped.Close()
	return out.Bytes(), err
}
