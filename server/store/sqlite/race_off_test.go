//go:build !race

package sqlite_test

// raceDetector makes SQLite, which is Go here, twenty times as slow: tests of what
// goroutines have no part in do less of the same.
const raceDetector = false
