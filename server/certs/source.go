// Package certs holds the certificates and keys that lie in files, for those who
// listen and those who dial, and takes on what the files change to.
package certs

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// lookEvery is how often the files are looked at.
const lookEvery = time.Second

// File is a file of PEM, and the flag that names it. Errors and the log tell the
// flag alone.
type File struct{ Flag, Path string }

// Files are those that one side of a connection stands on. Cert and Key go together;
// a file without a path is none.
type Files struct {
	Cert, Key File
	CA        File // who signs the certificates of the other side
}

// Source is what the files held when it last made sense: one that is half written,
// or does not fit, changes nothing. It is safe for concurrent use.
type Source struct {
	pair *part[*tls.Certificate] // nil: none
	ca   *part[authorities]      // nil: none
	log  *slog.Logger

	mu      sync.Mutex // of one look at a time, and of what follows
	failure error      // of the last look
	changed func()
	stop    context.CancelFunc
	watcher sync.WaitGroup
}

// Open reads the files. Every one that cannot be used is told.
func Open(files Files, log *slog.Logger) (*Source, error) {
	s := &Source{log: log, changed: func() {}, stop: func() {}}
	if files.Cert.Path != "" {
		s.pair = &part[*tls.Certificate]{files: []File{files.Cert, files.Key}, parse: parsePair}
	}
	if files.CA.Path != "" {
		s.ca = &part[authorities]{files: []File{files.CA}, parse: parseAuthorities}
	}
	_, pairErr := s.pair.look()
	_, caErr := s.ca.look()
	if err := errors.Join(pairErr, caErr); err != nil {
		return nil, err
	}
	s.warn()
	return s, nil
}

// Watch looks at the files every second until Close, and calls changed when what
// new connections stand on is another.
func (s *Source) Watch(changed func()) {
	ctx, stop := context.WithCancel(context.Background())
	s.mu.Lock()
	s.changed, s.stop = changed, stop
	s.mu.Unlock()
	s.watcher.Go(func() {
		pace := time.NewTicker(lookEvery)
		defer pace.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-pace.C:
				_ = s.Reload() // it has logged it
			}
		}
	})
}

// Close ends Watch.
func (s *Source) Close() {
	s.mu.Lock()
	stop := s.stop
	s.mu.Unlock()
	stop()
	s.watcher.Wait()
}

// Reload looks at the files now. What cannot be used is told, and changes nothing:
// the certificates of before stay.
func (s *Source) Reload() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	pair, pairErr := s.pair.look()
	ca, caErr := s.ca.look()
	err := errors.Join(pairErr, caErr)
	if err != nil && (s.failure == nil || s.failure.Error() != err.Error()) {
		s.log.Warn("certificates refused, those of before stay", "error", err)
	}
	s.failure = err
	if pair || ca {
		for _, c := range s.certificates() {
			s.log.Info("certificates changed", "flag", c.Flag, "subject", c.Subject, "not_after", c.NotAfter)
		}
		s.warn()
		s.changed()
	}
	return err
}

// Certificate is one that is in use.
type Certificate struct {
	Flag     string // of the file that it is from
	Subject  string
	NotAfter time.Time
}

// State is what is in use, and why what the files hold now is not, if so.
type State struct {
	Certificates []Certificate
	Err          error // of the last look
}

// State tells what is in use.
func (s *Source) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return State{s.certificates(), s.failure}
}

func (s *Source) certificates() (all []Certificate) {
	if s.pair != nil {
		leaf := s.pair.get().Leaf
		all = append(all, Certificate{s.pair.files[0].Flag, leaf.Subject.String(), leaf.NotAfter})
	}
	if s.ca != nil {
		for _, c := range s.ca.get().list {
			all = append(all, Certificate{s.ca.files[0].Flag, c.Subject.String(), c.NotAfter})
		}
	}
	return all
}

// warn tells what can be used, and should not be so.
func (s *Source) warn() {
	for _, c := range s.certificates() {
		if time.Now().After(c.NotAfter) {
			s.log.Warn("certificate has expired", "flag", c.Flag, "subject", c.Subject, "not_after", c.NotAfter)
		}
	}
	if s.pair != nil && readableByOthers(s.pair.files[1].Path) {
		s.log.Warn("the key's file can be read by others than its owner", "flag", s.pair.files[1].Flag)
	}
}
