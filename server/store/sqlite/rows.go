package sqlite

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	engine "zombiezen.com/go/sqlite"
)

// params binds the parameters of a statement, one after the other.
type params struct {
	stmt  *engine.Stmt
	bound int
}

func (p *params) int(value int64)     { p.bound++; p.stmt.BindInt64(p.bound, value) }
func (p *params) bool(value bool)     { p.bound++; p.stmt.BindBool(p.bound, value) }
func (p *params) float(value float64) { p.bound++; p.stmt.BindFloat(p.bound, value) }
func (p *params) text(value string)   { p.bound++; p.stmt.BindText(p.bound, value) }
func (p *params) time(t time.Time)    { p.int(t.UnixMicro()) }
func (p *params) bytes(value []byte)  { p.bound++; p.stmt.BindBytes(p.bound, value) }

// known binds NaN as NULL: that is what SQLite takes it for.
func (p *params) known(value float64) { p.float(value) }

// any binds a value of whatever of these types it has.
func (p *params) any(value any) {
	switch v := value.(type) {
	case string:
		p.text(v)
	case int64:
		p.int(v)
	case float64:
		p.float(v)
	case bool:
		p.bool(v)
	default:
		panic(fmt.Sprintf("no column holds a %T", value))
	}
}

// timeOrNull binds the zero time as NULL.
func (p *params) timeOrNull(t time.Time) {
	if p.int(t.UnixMicro()); t.IsZero() {
		p.stmt.BindNull(p.bound)
	}
}

// row reads the columns of a row, one after the other.
type row struct {
	stmt *engine.Stmt
	read int
}

func (r *row) int() int64      { r.read++; return r.stmt.ColumnInt64(r.read - 1) }
func (r *row) int32() int32    { r.read++; return r.stmt.ColumnInt32(r.read - 1) }
func (r *row) bool() bool      { return r.int() != 0 }
func (r *row) float() float64  { r.read++; return r.stmt.ColumnFloat(r.read - 1) }
func (r *row) text() string    { r.read++; return r.stmt.ColumnText(r.read - 1) }
func (r *row) bytes(to []byte) { r.read++; r.stmt.ColumnBytes(r.read-1, to) }
func (r *row) time() time.Time { return fromMicros(r.int()) }

// blob reads into a buffer that is large enough, and returns what it read.
func (r *row) blob(buffer []byte) []byte {
	r.read++
	return buffer[:r.stmt.ColumnBytes(r.read-1, buffer)]
}

// known reads NULL as NaN.
func (r *row) known() float64 {
	null, value := r.isNull(), r.float()
	if null {
		return math.NaN()
	}
	return value
}

// timeOrZero reads NULL as the zero time.
func (r *row) timeOrZero() time.Time {
	null, value := r.isNull(), r.time()
	if null {
		return time.Time{}
	}
	return value
}

// isNull tells whether the next column is, and leaves it to be read.
func (r *row) isNull() bool { return r.stmt.ColumnIsNull(r.read) }

// textLike is text for a column that often repeats itself: before is what it
// was last, and is returned where it is the same again.
func (r *row) textLike(before string) string {
	var buffer [8]byte
	if n := r.stmt.ColumnBytes(r.read, buffer[:]); n < len(buffer) && string(buffer[:n]) == before {
		r.read++
		return before
	}
	return r.text()
}

// run runs a statement without parameters or rows.
func run(c *engine.Conn, sql string) error { return each(c, sql, nil, nil) }

// each runs a statement, which c compiles once, and calls do for every row.
func each(c *engine.Conn, sql string, bind func(p *params), do func(r *row)) error {
	stmt, err := c.Prepare(sql)
	if err != nil {
		return err
	}
	defer func() { _ = stmt.Reset() }() // its error is that of the step that failed
	return step(stmt, bind, do)
}

func step(stmt *engine.Stmt, bind func(p *params), do func(r *row)) error {
	if bind != nil {
		bind(&params{stmt: stmt})
	}
	r := row{stmt: stmt}
	for {
		if more, err := stmt.Step(); err != nil || !more {
			return err
		}
		r.read = 0
		do(&r)
	}
}

// bulk brings many rows in few statements.
type bulk []struct {
	rows int
	sql  string
}

// newBulk writes the statements that insert rows of so many columns into a
// table. One that fails need not undo what it has inserted so far, since its
// transaction is rolled back: OR FAIL spares it a journal of its own.
func newBulk(into string, columns int, tail string) bulk {
	return chunked("INSERT OR FAIL INTO "+into, columns, tail)
}

// newQuestions writes the statements that ask about rows of so many numbers, of
// which query has the columns as they are named. Asking by json_each, and having
// numbers taken out of each of its values, took three times as long.
func newQuestions(names, query string) bulk {
	return chunked("WITH questions ("+names+") AS (", strings.Count(names, ",")+1, ") "+query)
}

func chunked(head string, columns int, tail string) bulk {
	var b bulk
	one := "(?" + strings.Repeat(",?", columns-1) + ")"
	for _, rows := range chunkSizes {
		sql := head + " VALUES " + one + strings.Repeat(","+one, rows-1) + " " + tail
		b = append(b, struct {
			rows int
			sql  string
		}{rows, sql})
	}
	return b
}

// chunkSizes are how many rows one statement may bring, the largest first.
// Larger ones were no faster, and single rows take half as much time again.
var chunkSizes = []int{32, 4, 1}

// insert inserts n rows, whose values bind binds, and tells how many of them
// were new.
func (b bulk) insert(c *engine.Conn, n int, bind func(p *params, i int)) (inserted int64, err error) {
	err = b.run(n, bind, func(sql string, bind func(p *params)) error {
		err := each(c, sql, bind, nil)
		if err == nil {
			inserted += int64(c.Changes())
		}
		return err
	})
	return inserted, err
}

// ask asks n questions, whose numbers bind binds, and calls do for every row of
// the answers.
func (b bulk) ask(c *engine.Conn, n int, bind func(p *params, i int), do func(r *row)) error {
	return b.run(n, bind, func(sql string, bind func(p *params)) error { return each(c, sql, bind, do) })
}

func (b bulk) run(n int, bind func(p *params, i int), statement func(sql string, bind func(p *params)) error) error {
	done := 0
	for _, chunk := range b {
		for ; n-done >= chunk.rows; done += chunk.rows {
			err := statement(chunk.sql, func(p *params) {
				for i := range chunk.rows {
					bind(p, done+i)
				}
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// asJSON writes strings and whole numbers for json_each, by which one statement
// asks for any number of them. Doubles must not go this way: SQLite reads their
// decimal form with an error in the last digit. Nor must a text that is not
// UTF-8, which the rules for IDs exclude.
func asJSON[T string | pair | report](values []T) (string, error) {
	text, err := json.Marshal(values)
	return string(text), err
}

func fromMicros(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
