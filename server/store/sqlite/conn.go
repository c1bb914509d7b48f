package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"time"

	engine "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// What every connection is told, and what readers and writers are told besides.
var (
	pragmas = []string{
		"journal_mode(WAL)",
		"synchronous(FULL)", // durable before answered
		"foreign_keys(ON)",
		"temp_store(MEMORY)",
		"journal_size_limit(67108864)",
		// Enough for the inner pages of the trees; the others come from the file as
		// cheaply. After a page has been split, a commit walks through all that is
		// cached: with 64 MB, recording took a third more time than with these 8.
		"cache_size(-8192)",
	}
	readerPragmas = append([]string{"query_only(ON)"}, pragmas...)
	writerPragmas = append(slices.Clip(pragmas), fmt.Sprintf("busy_timeout(%d)", moment.Milliseconds()))
)

const (
	// patience is how long a call waits for another process's lock.
	patience = 10 * time.Second
	// moment is how long one that writes does before it looks whether its caller
	// still waits. Readers hardly ever meet a lock.
	moment = 100 * time.Millisecond
	// suspicious is how long nobody got the lock when the store is no longer taken
	// to be well. What else writes, such as an import, lets go many times a second.
	suspicious = 2 * time.Second
)

// conn is a connection that can be interrupted.
type conn struct {
	*engine.Conn
	interrupt chan struct{} // closed to interrupt what runs
}

func openConn(path string, pragmas []string) (*conn, error) {
	opened, err := engine.OpenConn(path, engine.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	opened.SetBusyTimeout(patience) // first: the others may have to wait, too
	for _, pragma := range pragmas {
		if err := sqlitex.ExecuteTransient(opened, "PRAGMA "+pragma, nil); err != nil {
			_ = opened.Close() // err says what went wrong
			return nil, err
		}
	}
	c := &conn{Conn: opened}
	c.arm()
	return c, nil
}

// arm readies the connection for the next interrupt.
func (c *conn) arm() {
	c.interrupt = make(chan struct{})
	c.SetInterrupt(c.interrupt)
}

// during runs do, and interrupts what runs when ctx ends. Handing the engine the
// context of each call would start a goroutine for it: 5 µs, of the 17 that it
// took to look up one transaction.
func (c *conn) during(ctx context.Context, do func(c *engine.Conn) error) error {
	interrupt := c.interrupt
	stop := context.AfterFunc(ctx, func() { close(interrupt) })
	defer func() {
		if !stop() {
			<-interrupt
			c.arm()
		}
	}()
	return do(c.Conn)
}

// dsn tells database/sql, by which the schema is migrated, the same.
func dsn(path string) string {
	options := url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{"busy_timeout(10000)"}, pragmas...)}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: options.Encode()}
	return u.String()
}

// pool lends connections. The last one returned is the first to be lent, as its
// cache is the warmest.
type pool struct {
	open func() (*conn, error)
	lent chan struct{} // one for each connection; who waits is served in order

	mu   sync.Mutex
	idle []*conn
}

// openPool opens all connections at once, so that what they cannot do is known
// from the start.
func openPool(path string, connections int, pragmas []string) (*pool, error) {
	p := &pool{
		open: func() (*conn, error) { return openConn(path, pragmas) },
		lent: make(chan struct{}, connections),
	}
	for range connections {
		c, err := p.open()
		if err != nil {
			_ = p.close() // err says what went wrong
			return nil, err
		}
		p.idle = append(p.idle, c)
	}
	return p, nil
}

// with lends do a connection, on which what runs is interrupted when ctx ends.
// Whatever comes of do, even a panic, leaves no statement and no transaction
// open.
func (p *pool) with(ctx context.Context, do func(c *engine.Conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case p.lent <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.lent }()
	c, err := p.take()
	if err != nil {
		return err
	}
	defer p.giveBack(c)
	return c.during(ctx, do)
}

func (p *pool) take() (*conn, error) {
	p.mu.Lock()
	last := len(p.idle) - 1
	if last < 0 { // one was given up
		p.mu.Unlock() // since opening another may have to wait
		return p.open()
	}
	defer p.mu.Unlock()
	c := p.idle[last]
	p.idle = p.idle[:last]
	return c, nil
}

func (p *pool) giveBack(c *conn) {
	if !c.AutocommitEnabled() {
		_ = run(c.Conn, "ROLLBACK") // what led here is the error to tell
	}
	if !c.AutocommitEnabled() {
		_ = c.Close() // the next one is opened anew
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, c)
}

// close closes the connections, none of which is lent.
func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, c := range p.idle {
		errs = append(errs, c.Close())
	}
	p.idle = nil
	return errors.Join(errs...)
}
