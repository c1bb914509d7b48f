package main

import "testing"

// withoutRace skips a test that starts this binary over and over, as a user does:
// with the race detector in it that takes three times as long, and the calls
// themselves are under it in other tests.
func withoutRace(t *testing.T) {
	if raceDetector {
		t.Skip("make test runs this one without the race detector")
	}
}
