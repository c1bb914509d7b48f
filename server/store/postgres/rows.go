package postgres

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// row reads the columns of a row, one after the other, as they come over the
// wire: to have them scanned by their types took as long as all else.
type row struct {
	values [][]byte
	read   int
}

func (r *row) next() []byte { r.read++; return r.values[r.read-1] }

func (r *row) int() int64 {
	switch value := r.next(); len(value) {
	case 8:
		return int64(binary.BigEndian.Uint64(value))
	case 4:
		return int64(int32(binary.BigEndian.Uint32(value)))
	case 2:
		return int64(int16(binary.BigEndian.Uint16(value)))
	case 0:
		return 0 // NULL
	default:
		panic(fmt.Sprintf("column %d holds no whole number but %d bytes", r.read, len(value)))
	}
}

func (r *row) int32() int32 { return int32(r.int()) }

func (r *row) bool() bool {
	value := r.next()
	return len(value) == 1 && value[0] == 1
}

func (r *row) float() float64 {
	if value := r.next(); len(value) == 8 {
		return math.Float64frombits(binary.BigEndian.Uint64(value))
	}
	return 0 // NULL
}

func (r *row) text() string    { return string(r.next()) }
func (r *row) bytes(to []byte) { copy(to, r.next()) }
func (r *row) time() time.Time { return fromMicros(r.int()) }

// blob is valid until the next row.
func (r *row) blob() []byte { return r.next() }

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
func (r *row) isNull() bool { return r.values[r.read] == nil }

// textLike is text for a column that often repeats itself: before is what it
// was last, and is returned where it is the same again.
func (r *row) textLike(before string) string {
	if value := r.next(); string(value) != before {
		return string(value)
	}
	return before
}

// known is NULL for NaN.
func known(value float64) *float64 {
	if math.IsNaN(value) {
		return nil
	}
	return &value
}

// timeOrNull is NULL for the zero time.
func timeOrNull(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	return new(t.UnixMicro())
}

func fromMicros(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

// searchable is an ID to look for. One that is no text of Postgres' is nobody's.
func searchable(id string) string {
	if isText(id) {
		return id
	}
	return ""
}

func searchables(ids []string) []string {
	return column(ids, func(id *string) string { return searchable(*id) })
}

// printable is a text for people, in which what is no text of Postgres' is marked.
func printable(text string) string {
	if isText(text) {
		return text
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// isText tells whether a text is one to Postgres, which has no zeros in it.
func isText(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

// column collects what is of all rows of a call, as one array.
func column[Row, Value any](rows []Row, value func(row *Row) Value) []Value {
	values := make([]Value, len(rows))
	for i := range rows {
		values[i] = value(&rows[i])
	}
	return values
}

const (
	beginSQL    = `BEGIN`
	commitSQL   = `COMMIT`
	rollbackSQL = `ROLLBACK`
)

// found joins the rows of a table that a condition finds, for each row before it. OFFSET
// 0 has it asked so, by an index, whatever Postgres takes the tables to hold: left to
// itself it went through a table of millions that had one row when it last looked.
func found(table, as, where string) string {
	return ` CROSS JOIN LATERAL (SELECT * FROM ` + table + ` WHERE ` + where + ` OFFSET 0) AS ` + as
}

// withTransaction joins the transaction of a number, and its account.
func withTransaction(seq string) string {
	return found("transactions AS t", "transactions", "t.transaction_seq = "+seq) +
		found("accounts AS a", "accounts", "a.account_seq = transactions.account_seq")
}

// statements go to the server together, in one round trip, and take effect
// together or not at all.
type statements struct{ batch pgx.Batch }

// add adds a statement. do, if not nil, is called for every row of the answer.
func (s *statements) add(sql string, do func(r *row), args ...any) {
	queued := s.batch.Queue(sql, args...)
	if do != nil {
		queued.Query(func(rows pgx.Rows) error { return eachOf(rows, do) })
	}
}

// run runs the statements.
func (s *statements) run(c *conn) error { return c.SendBatch(c.ctx, &s.batch).Close() }

// each runs one statement, and calls do, if not nil, for every row of the answer.
func each(c *conn, sql string, do func(r *row), args ...any) error {
	rows, err := c.Query(c.ctx, sql, args...)
	if err != nil {
		return err
	}
	return eachOf(rows, do)
}

func eachOf(rows pgx.Rows, do func(r *row)) error {
	defer rows.Close()
	for rows.Next() {
		if do != nil {
			do(&row{values: rows.RawValues()})
		}
	}
	return rows.Err()
}
