package reckon

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// The shared suite tries facts through the store; here are the numbers too
// large to record one by one.
func TestFreeze(t *testing.T) {
	at := time.UnixMicro(1_000_000_000_000_000)
	before := func(d time.Duration) int64 { return at.Add(-d).UnixMicro() }
	minute := before(time.Minute)
	for _, test := range []struct {
		name               string
		account            Account
		stands             *Standing // where a late one stands
		age, number, since int32
	}{
		{"a new account", Account{}, nil, 0, 1, 0},
		{"the latest", Account{Stored: 9, OpenedAt: minute, Latest: before(time.Second)}, nil, 60, 10, 1},
		{"a tie with the latest", Account{Stored: 9, OpenedAt: minute, Latest: before(0)}, nil, 60, 10, 0},
		{"late", Account{Stored: 9, OpenedAt: minute, Latest: before(-time.Hour)}, &Standing{9, 4, before(2 * time.Second)}, 60, 6, 2},
		{"late and the first", Account{Stored: 9, OpenedAt: minute, Latest: before(-time.Hour)}, &Standing{9, 9, Never}, 60, 1, 60},
		{"the number is capped", Account{Stored: math.MaxInt32, OpenedAt: before(0), Latest: before(0)}, nil, 0, math.MaxInt32, 0},
		{"the number fits exactly", Account{Stored: math.MaxInt32 - 1, OpenedAt: before(0), Latest: before(0)}, nil, 0, math.MaxInt32, 0},
		{"the age is capped", Account{Stored: 1, OpenedAt: -1e18, Latest: before(0)}, nil, math.MaxInt32, 2, 0},
		{"the time since is capped", Account{Stored: 1, OpenedAt: before(0), Latest: -1e18}, nil, 0, 2, math.MaxInt32},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, stands, facts := test.account, test.account.AsLatest(), make([]fraud.Facts, 1)
			if test.stands != nil {
				stands = *test.stands
			}
			a.Rows = []int{0}
			a.Freeze(&Timeline{}, []fraud.Transaction{{Time: at, Amount: 1}}, []Standing{stands}, facts)
			want := fraud.Facts{AgeOfAccount: test.age, NumberOfTransactions: test.number, SecondsSincePrevious: test.since,
				AmountLastHour: 1, AmountLastDay: 1, AmountLastWeek: 1, TransactionsLastWeek: 1}
			if facts[0] != want {
				t.Errorf("got  %+v\nwant %+v", facts[0], want)
			}
			if got, want := a.Transactions(), test.account.Transactions()+1; got != want {
				t.Errorf("the account has %d transactions, want %d", got, want)
			}
			if want := max(test.account.Latest, at.UnixMicro()); a.Latest != want {
				t.Errorf("the latest is at %d, want %d", a.Latest, want)
			}
		})
	}
}

// However calls divide rows, and whatever their order, sums of money are the
// same to the last bit.
func TestSumsOfMoneyAreExact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 0))
	amounts := make([]float64, 500)
	var cents int64
	for i := range amounts {
		some := 1 + random.Int64N(100_000_000_000)
		amounts[i], cents = float64(some)/100, cents+some
	}
	for range 20 {
		random.Shuffle(len(amounts), func(i, j int) { amounts[i], amounts[j] = amounts[j], amounts[i] })
		stored := random.IntN(len(amounts))
		a := Account{Stored: int64(stored), Latest: 0}
		call := make([]fraud.Transaction, len(amounts)-stored)
		for i, amount := range amounts {
			if i < stored {
				a.Recent = append(a.Recent, Payment{0, amount})
			} else {
				call[i-stored] = fraud.Transaction{Time: time.UnixMicro(0), Amount: amount}
				a.Rows = append(a.Rows, i-stored)
			}
		}
		facts := make([]fraud.Facts, len(call))
		a.Freeze(&Timeline{}, call, slices.Repeat([]Standing{a.AsLatest()}, len(call)), facts)
		if got, want := facts[len(call)-1].AmountLastHour, float64(cents)/100; got != want {
			t.Fatalf("%d Stored: the sum is %v, want %v", stored, got, want)
		}
	}
}

func TestTimelineAddsUpWhatIsThere(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 0))
	for round := range 200 {
		var there []tally
		var stored []Payment
		for range random.IntN(9) {
			at := random.Int64N(12)
			stored, there = append(stored, Payment{at, 1}), append(there, tally{1, 0, at, exact{1, 0}})
		}
		var rows []int
		var call []fraud.Transaction
		for i := range 1 + random.IntN(9) {
			rows, call = append(rows, i), append(call, fraud.Transaction{Time: time.UnixMicro(random.Int64N(12))})
		}
		var l Timeline
		l.fill(stored, rows, call)
		for i, p := range call {
			after, want := random.Int64N(13)-1, nothing
			upTo := after + random.Int64N(13)
			for _, one := range there {
				if one.latest > after && one.latest <= upTo {
					want = want.and(one)
				}
			}
			if got := l.between(after, upTo); got != want {
				t.Fatalf("round %d, (%d, %d] of %v: got %+v, want %+v", round, after, upTo, there, got, want)
			}
			own := tally{1, 1, p.Time.UnixMicro(), exact{1, 0}}
			l.add(i, own)
			there = append(there, own)
		}
	}
}

func TestSumsBeyondAllDoublesAreTheLargest(t *testing.T) {
	for n := range 5 {
		sum := exact{}
		for range n + 2 {
			sum = sum.plus(exact{math.MaxFloat64, 0})
		}
		if got := sum.plus(exact{1, 0}).float(); got != math.MaxFloat64 {
			t.Errorf("%d: the sum is %v", n, got)
		}
	}
}

func TestWeeksThatOverlapAreOne(t *testing.T) {
	for _, test := range []struct {
		times []int64 // in weeks
		want  string
	}{
		{[]int64{5}, "[{4 5}]"},
		{[]int64{5, 5}, "[{4 5}]"},
		{[]int64{6, 5}, "[{4 6}]"},
		{[]int64{7, 5, 6}, "[{4 7}]"},
		{[]int64{5, 9, 7}, "[{4 5} {6 7} {8 9}]"},
		{[]int64{9, 5, 6}, "[{4 6} {8 9}]"},
	} {
		a, call := Account{Seq: 3, Stored: 1}, make([]fraud.Transaction, len(test.times))
		for i, at := range test.times {
			a.Rows, call[i].Time = append(a.Rows, i), time.UnixMicro(at*week)
		}
		var got []struct{ after, upTo int64 }
		for _, q := range a.weeks(call) {
			got = append(got, struct{ after, upTo int64 }{q.After / week, q.UpTo / week})
		}
		if fmt.Sprint(got) != test.want {
			t.Errorf("%v: got %v, want %s", test.times, got, test.want)
		}
	}
}
