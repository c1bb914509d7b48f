package predictor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

const (
	// lookUpEagerly is how often a name is looked up that has led to no host yet.
	lookUpEagerly = 500 * time.Millisecond
	// lookUpTimeout bounds one question.
	lookUpTimeout = 5 * time.Second
)

// severalMark stands before the URL of a name of which each address is a host.
const severalMark = "dns+"

// several is a name of which each address is a host, as Kubernetes gives one to pods
// that come and go.
type several struct {
	scheme, name, port string
	opts               Options
	hosts              map[netip.Addr]*member
}

// member is a host that a name has an address of.
type member struct {
	*backend
	leave context.CancelFunc // ends its watch
}

// isSeveral reports whether an address is dns+http://NAME:PORT, or with https.
func isSeveral(address string) bool {
	return len(address) >= len(severalMark) && strings.EqualFold(address[:len(severalMark)], severalMark)
}

// newSeveral takes dns+http://NAME:PORT or dns+https://NAME:PORT.
func newSeveral(address string, opts Options) (*several, error) {
	p, err := parsePlace(address[len(severalMark):])
	if err != nil || p.network != "tcp" {
		return nil, fmt.Errorf("predictor: %q is neither dns+http://NAME:PORT nor dns+https://NAME:PORT", address)
	}
	name, port, _ := net.SplitHostPort(p.address) // parsePlace has split it
	s := &several{scheme: "http", name: name, port: port, opts: opts, hosts: map[netip.Addr]*member{}}
	if p.secure {
		s.scheme = "https"
	}
	// A certificate is for the name: addresses come and go.
	s.opts.TLS = func(string) *tls.Config { return opts.TLS(name) }
	return s, nil
}

// follow keeps the pool's hosts those that the name has addresses of.
func (p *Pool) follow(ctx context.Context, s *several) {
	said := ""
	for {
		found, err := s.lookUp(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = p.meet(ctx, s, found)
		}
		said = p.noteLookUp(s, err, said)
		wait := s.opts.LookUpEvery
		if len(s.hosts) == 0 {
			wait = min(lookUpEagerly, wait)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// lookUp returns the addresses that the name has now. A host may have one of each
// family, and is to be met once.
func (s *several) lookUp(ctx context.Context) ([]netip.Addr, error) {
	within, cancel := context.WithTimeout(ctx, lookUpTimeout)
	defer cancel()
	found, err := s.opts.Resolver.LookupNetIP(within, "ip", s.name)
	if err != nil {
		return nil, err
	}
	for i := range found {
		found[i] = found[i].Unmap()
	}
	if slices.ContainsFunc(found, netip.Addr.Is4) {
		found = slices.DeleteFunc(found, netip.Addr.Is6)
	}
	if len(found) == 0 {
		return nil, errors.New("the name has no address")
	}
	slices.SortFunc(found, netip.Addr.Compare)
	return slices.Compact(found), nil
}

// meet has those hosts be watched that are new, and lets go of those that the name no
// longer has.
func (p *Pool) meet(ctx context.Context, s *several, found []netip.Addr) error {
	var come, gone []*backend
	for _, at := range found {
		if s.hosts[at] != nil {
			continue
		}
		b, err := newBackend(s.scheme+"://"+net.JoinHostPort(at.String(), s.port), s.opts)
		if err != nil {
			return err
		}
		watched, leave := context.WithCancel(ctx)
		s.hosts[at] = &member{b, leave}
		come = append(come, b)
		p.watchers.Go(func() { p.watch(watched, b) })
	}
	for at, m := range s.hosts {
		if !slices.Contains(found, at) {
			delete(s.hosts, at)
			gone = append(gone, m.backend)
			m.leave()
		}
	}
	p.backends.exchange(come, gone)
	for _, b := range gone {
		p.opts.Log.Info("predictor gone", "predictor", b.address, "name", s.name)
		b.link.leave()
	}
	return nil
}

// noteLookUp logs why a name was not looked up, unless that is what was said last.
// Whom it led to before is still asked: whether they answer is for probes to say.
func (p *Pool) noteLookUp(s *several, err error, said string) string {
	if err == nil {
		return ""
	}
	if err.Error() != said {
		p.opts.Log.Warn("predictor's name not resolved", "name", s.name, "hosts", len(s.hosts), "error", err)
	}
	return err.Error()
}
