package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestProgressElsewhereThanOnATerminal is a line every few seconds, with the
// rate and the time left.
func TestProgressElsewhereThanOnATerminal(t *testing.T) {
	for name, test := range map[string]struct {
		size int64
		want string
	}{
		"file":           {1000, "rows.csv: 300 rows, 50 rows/s, 14s left\nrows.csv: 600 rows, 50 rows/s, 8s left\n"},
		"standard input": {0, "rows.csv: 300 rows, 50 rows/s, time left unknown\nrows.csv: 600 rows, 50 rows/s, time left unknown\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // its clock is not the real one
				var out strings.Builder
				bar := newProgress(&out, "/some/where/rows.csv", test.size)
				for i := range 8 {
					time.Sleep(2 * time.Second)
					bar.at(int64(i+1)*100, (i+1)*100)
				}
				bar.finish()
				if out.String() != test.want {
					t.Errorf("it shows\n%s, not\n%s", out.String(), test.want)
				}
			})
		})
	}
}
