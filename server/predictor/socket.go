package predictor

import (
	"os"
	"path/filepath"
)

const (
	socketName = "predictor.sock"
	// maxSocketPath is how many bytes a socket's path may have; systems allow for 104
	// to 108.
	maxSocketPath = 100
)

// socketFolder makes the folder of the socket, for its owner alone, without
// anything that was left in it.
func socketFolder(within string) (string, error) {
	dir, err := filepath.Abs(filepath.Join(within, "predictor"))
	if within == "" || err != nil || len(filepath.Join(dir, socketName)) > maxSocketPath {
		return os.MkdirTemp("", "brrr-")
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o700)
}
