package certs

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
)

// part is what files hold together, as of when it last made sense.
type part[T any] struct {
	files []File
	// parse reads what the files hold. What is to replace another is to be better
	// than nothing.
	parse func(contents [][]byte, replaces bool) (T, error)
	now   atomic.Pointer[T] // handshakes read it, and never wait
	taken [sha256.Size]byte // of the contents that now was made of
}

// get is what is in use.
func (p *part[T]) get() T { return *p.now.Load() }

// look reads the files and reports whether what they hold is new, and in use from
// now on. Contents tell, since nothing else tells of symlinks, renames and writes
// alike. What cannot be used is read again at every look.
func (p *part[T]) look() (changed bool, err error) {
	if p == nil {
		return false, nil
	}
	contents, err := p.read()
	if err != nil {
		return false, err
	}
	sum := sha256.Sum256(bytes.Join(contents, []byte{0}))
	replaces := p.now.Load() != nil
	if replaces && sum == p.taken {
		return false, nil
	}
	value, err := p.parse(contents, replaces)
	if err != nil {
		return false, fmt.Errorf("%s: %w", p.flags(), err)
	}
	p.now.Store(&value)
	p.taken = sum
	return true, nil
}

func (p *part[T]) read() (contents [][]byte, err error) {
	for _, file := range p.files {
		content, err := os.ReadFile(file.Path)
		if err == nil {
			err = whole(content)
		}
		var of *fs.PathError
		if errors.As(err, &of) {
			err = of.Err // the flag says which file
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Flag, err)
		}
		contents = append(contents, content)
	}
	return contents, nil
}

func (p *part[T]) flags() string {
	var flags []string
	for _, file := range p.files {
		flags = append(flags, file.Flag)
	}
	return strings.Join(flags, " and ")
}

// readableByOthers does not mind a group by which a file of somebody else's is open to
// us: there is no other way, and Kubernetes gives Secrets so.
func readableByOthers(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	byGroup := info.Mode()&0o040 != 0 && (!known || int(owner.Uid) == os.Geteuid())
	return info.Mode()&0o004 != 0 || byGroup
}
