package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Size implements fraud.Health: the file, what is written ahead of it, and the rest of
// its disk.
func (s *Store) Size(context.Context) (fraud.StoreSize, error) {
	var size fraud.StoreSize
	for _, path := range []string{s.path, s.path + "-wal"} {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // nothing is written ahead
		}
		if err != nil {
			return size, fmt.Errorf("sqlite: size: %w", err)
		}
		size.Bytes += info.Size()
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(s.path), &disk); err != nil {
		return size, fmt.Errorf("sqlite: free space: %w", err)
	}
	free := int64(disk.Bavail) * int64(disk.Bsize)
	size.Free = &free
	return size, nil
}
