package sqlite

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	engine "zombiezen.com/go/sqlite"
)

const schemaVersionSQL = `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`

// schemaVersion reads the version of a file's schema, without bringing it up to
// date.
func schemaVersion(c *engine.Conn) (version int64, err error) {
	err = each(c, schemaVersionSQL, nil, func(r *row) { version = r.int() })
	return version, err
}

// newestVersion is the one that this program makes of every schema.
func newestVersion() int64 {
	files, _ := fs.Glob(migrations, "migrations/*.sql") // the pattern is well-formed
	var newest int64
	for _, file := range files {
		number, _, _ := strings.Cut(strings.TrimPrefix(file, "migrations/"), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			panic(err) // a file of our own is misnamed
		}
		newest = max(newest, version)
	}
	return newest
}

// knownVersion refuses what a newer program has written.
func knownVersion(version int64) error {
	if newest := newestVersion(); version > newest {
		return fmt.Errorf("its schema has version %d and this program knows versions up to %d: use a newer brrr", version, newest)
	}
	return nil
}
