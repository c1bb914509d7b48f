package sqlite

import (
	"math"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// The shared suite tries facts through the store; here are the numbers too
// large to record one by one.
func TestAccountAdd(t *testing.T) {
	at := time.UnixMicro(1_000_000_000_000_000)
	before := func(d time.Duration) int64 { return at.Add(-d).UnixMicro() }
	for _, test := range []struct {
		name        string
		account     account
		later       int64
		age, number int32
	}{
		{"a new account", account{}, 0, 0, 1},
		{"the latest", account{stored: 9, openedAt: before(time.Minute), latest: before(1)}, 0, 60, 10},
		{"a tie with the latest", account{stored: 9, openedAt: before(time.Minute), latest: before(0)}, 0, 60, 10},
		{"late", account{stored: 9, openedAt: before(time.Minute), latest: before(-time.Hour)}, 4, 60, 6},
		{"late among this call's", account{stored: 9, openedAt: before(0), latest: before(-time.Hour),
			added: []int64{before(1), before(0), before(-time.Second)}}, 4, 0, 8},
		{"late among a new account's", account{openedAt: before(-time.Hour), latest: before(-time.Hour),
			added: []int64{before(-time.Hour)}}, 0, 0, 1},
		{"the number is capped", account{stored: math.MaxInt32, openedAt: before(0), latest: before(0)}, 0, 0, math.MaxInt32},
		{"the number fits exactly", account{stored: math.MaxInt32 - 1, openedAt: before(0), latest: before(0)}, 0, 0, math.MaxInt32},
		{"the age is capped", account{stored: 1, openedAt: -1e18, latest: before(0)}, 0, math.MaxInt32, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := test.account
			age, number := a.add(fraud.Transaction{Time: at}, test.later)
			if age != test.age || number != test.number {
				t.Errorf("age %d and number %d, want %d and %d", age, number, test.age, test.number)
			}
			if got, want := a.transactions(), test.account.transactions()+1; got != want {
				t.Errorf("the account has %d transactions, want %d", got, want)
			}
			if want := max(test.account.latest, at.UnixMicro()); a.latest != want {
				t.Errorf("the latest is at %d, want %d", a.latest, want)
			}
		})
	}
}
