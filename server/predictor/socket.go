package predictor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	socketFolderName = ".predictor"
	socketName       = "predictor.sock"
	// maxSocketPath is how many bytes a socket's path may have; systems allow for 104
	// to 108.
	maxSocketPath = 100
)

// makeSocketFolder makes the folder of the socket, for its owner alone, and removes a
// socket that was left in it.
func makeSocketFolder(within string) (string, error) {
	dir, err := filepath.Abs(filepath.Join(within, socketFolderName))
	if within == "" || err != nil || len(filepath.Join(dir, socketName)) > maxSocketPath {
		return os.MkdirTemp("", "brrr-")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if err := os.Remove(filepath.Join(dir, socketName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return dir, os.Chmod(dir, 0o700)
}

// removeSocketFolder removes the socket and its folder, and nothing else that may lie
// there.
func removeSocketFolder(dir string) {
	_ = os.Remove(filepath.Join(dir, socketName)) // the process may have done so
	_ = os.Remove(dir)
}
