package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"slices"
	"testing"
	"time"
)

func TestAnArchiveHasTheSameBytesInWhateverOrderItsFilesAreGiven(t *testing.T) {
	files := []file{{"b/program", []byte("runs"), 0o755}, {"a", []byte("text"), 0o644}, {"b/a", nil, 0o644}}
	when := time.Unix(1_700_000_000, 0).UTC()
	one, err := pack("brrr-v1", files, when)
	if err != nil {
		t.Fatal(err)
	}
	turned := slices.Clone(files)
	slices.Reverse(turned)
	if again, err := pack("brrr-v1", turned, when); err != nil || !bytes.Equal(one, again) {
		t.Errorf("in another order it differs (%v)", err)
	}
	if later, err := pack("brrr-v1", files, when.Add(time.Second)); err != nil || bytes.Equal(one, later) {
		t.Errorf("the commit's time is not in it (%v)", err)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(one))
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewReader(unzipped)
	for _, want := range []file{{"brrr-v1/a", []byte("text"), 0o644}, {"brrr-v1/b/a", nil, 0o644}, {"brrr-v1/b/program", []byte("runs"), 0o755}} {
		head, err := archive.Next()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil || head.Name != want.path || head.Mode != want.mode || !bytes.Equal(content, want.content) {
			t.Errorf("%s, %o, %q (%v); want %+v", head.Name, head.Mode, content, err, want)
		}
		if !head.ModTime.Equal(when) || head.Uid != 0 || head.Gid != 0 || head.Uname != "" || head.Gname != "" {
			t.Errorf("%s is of %v and belongs to %d %s", head.Name, head.ModTime, head.Uid, head.Uname)
		}
	}
	if _, err := archive.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("there is more: %v", err)
	}
}
