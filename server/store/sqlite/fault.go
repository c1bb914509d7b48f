package sqlite

import (
	"errors"
	"fmt"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// fault is what keeps the file from being read or written: the disk, another
// process, damage. What is wrong with a statement or a row is none.
type fault struct {
	words string // what is wrong with the record, for anybody
	help  string // what an operator does about it
}

var (
	diskFull = &fault{"the disk is full", "free space on it: the store goes on by itself"}
	readOnly = &fault{"it is read-only", "see that its folder and its disk can be written to"}
	diskFail = &fault{"the disk fails", "see what the system's log says of the disk, then run brrr doctor"}
	locked   = &fault{"another process has it locked", "find the process that has the file open, and end what it does"}
	unopened = &fault{"it cannot be opened", "see that its folder is there and how many files the process may open"}
	damaged  = &fault{"it is damaged", "brrr doctor tells where; brrr restore puts a backup in its place"}
)

// faults are the engine's result codes that tell of one: the only place where
// they are told from mistakes of this program.
var faults = map[engine.ResultCode]*fault{
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
func faultOf(err error) *fault { return faults[codeOf(err).ToPrimary()] }

// codeOf returns the engine's result code, by whichever of its two clients it
// was asked.
func codeOf(err error) engine.ResultCode {
	var other interface{ Code() int } // of database/sql, by which the schema is migrated
	if errors.As(err, &other) {
		return engine.ResultCode(other.Code())
	}
	return engine.ErrCode(err)
}

// unavailable is err as callers are to have it.
func unavailable(err error) error {
	if faultOf(err) == nil {
		return err
	}
	return fraud.StoreUnavailable(err)
}

// helped adds to an error at opening what helps.
func helped(err error) error {
	if found := faultOf(err); found != nil {
		return fmt.Errorf("%w (%s: %s)", err, found.words, found.help)
	}
	return err
}
