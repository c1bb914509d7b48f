package main

import (
	"compress/gzip"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// writeWhole writes a file so that whoever opens it finds the old content or the
// new one, never a part.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	building := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"-"+rand.Text())
	file, err := os.OpenFile(building, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(building) // err says what went wrong
		}
	}()
	err = write(file)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(building, path)
}

// exportFile writes a file whole, gzipped if its name ends in .gz. It replaces
// files alone: a device or pipe would be gone.
func exportFile(path string, write func(io.Writer) error) error {
	if err := mayReplace(path); err != nil {
		return err
	}
	if !strings.HasSuffix(path, ".gz") {
		return writeWhole(path, write)
	}
	return writeWhole(path, func(to io.Writer) error {
		zip := gzip.NewWriter(to)
		return errors.Join(write(zip), zip.Close())
	})
}

func mayReplace(path string) error {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s: is there, and not a file (- writes to standard output)", path)
	}
	return nil
}
