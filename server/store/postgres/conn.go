package postgres

import (
	"context"
	"errors"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// patience is how long a call waits for others' locks, or for an answer. A call
// that has begun to write is not broken off when its caller goes: whether a commit
// that is broken off took effect would not be known.
const patience = 10 * time.Second

// settings are what every connection asks of the server.
var settings = map[string]string{
	"application_name": "brrr",
	// Every statement here is about few rows that an index finds, or goes along one.
	// Left to itself, Postgres would rather read tables whole while it takes them to
	// be small: statistics of what grows all day long are always of some time ago.
	"enable_seqscan":    "off",
	"enable_bitmapscan": "off",
	"enable_hashjoin":   "off",
	"enable_mergejoin":  "off",
	"enable_material":   "off",
	"enable_memoize":    "off",
	"jit":               "off",
	// One plan for a statement, made once.
	"plan_cache_mode": "force_generic_plan",
	// Whoever holds locks and is not heard of any more lets go of them.
	"idle_in_transaction_session_timeout": strconv.FormatInt(patience.Milliseconds(), 10),
	"lock_timeout":                        strconv.FormatInt(patience.Milliseconds(), 10),
}

// conn is a connection lent to a call, with the context of the call.
type conn struct {
	*pgx.Conn
	ctx context.Context
}

// pool lends connections.
type pool struct{ *pgxpool.Pool }

// openPool opens a pool of so many connections, as url says unless that says
// otherwise of what is asked of the server.
func openPool(ctx context.Context, url string, connections int32) (pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return pool{}, concealed(err)
	}
	for name, value := range settings {
		if _, told := config.ConnConfig.RuntimeParams[name]; !told {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = patience / 2
		config.ConnConfig.DialFunc = (&net.Dialer{Timeout: patience / 2}).DialContext
	}
	config.BeforeClose = endSoon
	config.MaxConns = connections
	config.PingTimeout = time.Second
	opened, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return pool{}, concealed(err)
	}
	return pool{opened}, nil
}

// endSoon ends a connection on which a call was broken off. The driver waits 15 s for
// its last words, and the pool as long for another in its place, even if it leads nowhere.
func endSoon(c *pgx.Conn) {
	if c.IsClosed() {
		time.AfterFunc(time.Second, func() { _ = c.PgConn().Conn().Close() }) // it may have ended
	}
}

// concealed is an error about a URL without the URL, which may hold a password.
func concealed(err error) error {
	if parse := (*pgconn.ParseConfigError)(nil); errors.As(err, &parse) {
		return errors.New("the URL of the store cannot be read: it must be like postgres://host:5432/database")
	}
	return err
}

// with lends do a connection, for which it waits until ctx ends, and on which
// what runs is broken off when during ends.
func (p pool) with(ctx, during context.Context, do func(c *conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	lent, err := p.Acquire(ctx)
	if err != nil {
		return err
	}
	defer lent.Release() // one with a transaction open is closed
	return do(&conn{lent.Conn(), during})
}
