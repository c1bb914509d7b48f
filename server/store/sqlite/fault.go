package sqlite

import (
	"errors"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/store/health"
)

var (
	diskFull = health.NewFault("the disk is full", "free space on it: the store goes on by itself")
	readOnly = health.NewFault("it is read-only", "see that its folder and its disk can be written to")
	diskFail = health.NewFault("the disk fails", "see what the system's log says of the disk, then run brrr doctor")
	locked   = health.NewFault("another process has it locked", "find the process that has the file open, and end what it does")
	unopened = health.NewFault("it cannot be opened", "see that its folder is there and how many files the process may open")
	damaged  = health.NewFault("it is damaged", "brrr doctor tells where; brrr restore puts a backup in its place")
)

// faults are the engine's result codes that tell of one: the only place where
// they are told from mistakes of this program.
var faults = map[engine.ResultCode]*health.Fault{
	engine.ResultFull:     diskFull,
	engine.ResultReadOnly: readOnly,
	engine.ResultIOErr:    diskFail,
	engine.ResultBusy:     locked, // beyond patience
	engine.ResultLocked:   locked,
	engine.ResultProtocol: locked,
	engine.ResultCantOpen: unopened,
	engine.ResultCorrupt:  damaged,
	engine.ResultNotADB:   damaged,
}

// faultOf returns the fault that err comes of, or nil.
func faultOf(err error) *health.Fault { return faults[codeOf(err).ToPrimary()] }

// codeOf returns the engine's result code, by whichever of its two clients it
// was asked.
func codeOf(err error) engine.ResultCode {
	var other interface{ Code() int } // of database/sql, by which the schema is migrated
	if errors.As(err, &other) {
		return engine.ResultCode(other.Code())
	}
	return engine.ErrCode(err)
}
