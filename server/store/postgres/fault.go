package postgres

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/wassef911/grpcgoesbrrr/server/store/health"
)

var (
	unreachable = health.NewFault("the database cannot be reached", "see that it runs and that this machine reaches it: the store goes on by itself")
	silent      = health.NewFault("the database does not answer in time", "see what it is busy with, and who holds locks (pg_stat_activity)")
	refused     = health.NewFault("the database refuses the connection", "see its user, password and pg_hba.conf")
	starting    = health.NewFault("the database is starting or stopping", "wait: the store goes on by itself")
	crowded     = health.NewFault("the database has no connection free", "raise its max_connections, or run fewer gateways")
	diskFull    = health.NewFault("the disk of the database is full", "free space on it: the store goes on by itself")
	readOnly    = health.NewFault("the database is read-only", "see that --store names the primary: with several hosts in it, add target_session_attrs=read-write")
	locked      = health.NewFault("something else has the database locked", "find it in pg_stat_activity, and end what it does")
	exhausted   = health.NewFault("the database lacks memory or another resource", "see its log")
	diskFails   = health.NewFault("the disk of the database fails", "see its log and that of its system")
	damaged     = health.NewFault("the database is damaged", "see its log; restore a backup")
)

// errSilent is what a call ends with that had no answer in time.
var errSilent = errors.New("no answer in time")

// faults are the codes of Postgres' errors, or the classes which they begin with,
// that tell of a fault: the only place where these are told from mistakes of this
// program.
var faults = map[string]*health.Fault{
	"08": unreachable, "57P01": starting, "57P02": starting, "57P03": starting, "57P05": unreachable, "25P03": unreachable,
	"28": refused, "3D000": refused, "42501": refused, "53300": crowded,
	"53100": diskFull, "53": exhausted, "54": nil, "25006": readOnly,
	"40": locked, "55P03": locked, "57014": silent, "58": diskFails, "XX001": damaged, "XX002": damaged,
}

// faultOf returns the fault that err comes of, or nil.
func faultOf(err error) *health.Fault {
	var told *pgconn.PgError
	switch {
	case err == nil, errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return nil
	case errors.Is(err, errSilent):
		return silent
	case errors.As(err, &told):
		if found := faults[told.Code]; found != nil || len(told.Code) < 2 {
			return found
		}
		return faults[told.Code[:2]]
	case isCut(err):
		return unreachable
	}
	return nil
}

// isCut tells of what ends a connection without a word of the server's.
func isCut(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err) || isClosed(err)
}

// isClosed is what pgx says on a connection that broke before.
func isClosed(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if err.Error() == "conn closed" {
			return true
		}
	}
	return false
}

// isBroken tells of faults that other connections have too: the server is gone, or
// is another than before.
func isBroken(err error) bool {
	switch faultOf(err) {
	case unreachable, starting, readOnly:
		return true
	}
	return false
}

// isUndone tells of those that ended a transaction of which nothing took effect.
func isUndone(err error) bool {
	var connect *pgconn.ConnectError
	return isRolledBack(err) || pgconn.SafeToRetry(err) || errors.As(err, &connect)
}

// isPassing tells of faults that trying again may mend: broken connections, and
// transactions that Postgres ended as they were in each other's way.
func isPassing(err error) bool { return isBroken(err) || isRolledBack(err) }

func isRolledBack(err error) bool {
	var told *pgconn.PgError
	return errors.As(err, &told) && told.Code[:min(2, len(told.Code))] == "40"
}
