package main

import (
	"strings"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/client"
)

// ordinary are the reasons that a fault of the models' hosts may have callers
// see. While the server itself is away, connections end as well.
var (
	ordinary    = []string{"PREDICTOR_UNAVAILABLE", "QUEUE_FULL", "DEADLINE_EXCEEDED", noReason}
	withoutDoor = append([]string{"connection"}, ordinary...)
)

// drillSize says how thoroughly.
type drillSize struct {
	pace    time.Duration // of each caller: at most one call in that time
	patient time.Duration // the deadline of one of the callers; that of others is 1 to 3 s
	calls   int           // about the model that end while something is broken
	quiet   int           // answers in a row that mean that it is over
	lasting time.Duration // the least that something is broken
	rounds  int           // of faults together
	kills   int           // of the server
	all     bool          // faults; else those alone that no other is like
}

// fault is one thing that breaks.
type fault struct {
	name  string
	begin func()
	// struck tells whether it has been felt. The stage lasts until then.
	struck func() bool
	// calls is how many times as many calls as others it lasts: more where hardly
	// one of them feels it.
	calls int
	// brief has it end as soon as so many calls have felt it.
	brief bool
	// end takes the cause away, and returns once it is gone.
	end     func()
	allowed []string // reasons; ordinary if none is given
}

// drill is a service under load, and what is found out about it.
type drill struct {
	t      *testing.T
	size   drillSize
	server *process   // the first
	all    []*process // servers on one store
	load   *drillLoad
	audit  client.Client
	table  *drillTable
	urls   []string
	key    string
	late   time.Duration // the most that a call has outlived its deadline
	data   string        // the servers' folder
	temp   string        // where it puts what it does not keep
}

// run breaks something, waits until that was felt, mends it, waits until calls
// are answered again, and looks whether anything is lost.
func (d *drill) run(f fault) {
	d.t.Helper()
	d.table.add(d.stage(f))
}

// stage is run, for a row of several.
func (d *drill) stage(f fault) drillRow {
	d.t.Helper()
	if f.allowed == nil {
		f.allowed = ordinary
	}
	wrong := d.load.wrong.Load()
	broken := d.load.enter(f.allowed...)
	f.begin()
	d.await(f.name+": it is felt", broken, func() bool {
		asked, _ := broken.count()
		return asked >= d.size.calls*max(1, f.calls) && (f.brief || time.Since(broken.began) >= d.size.lasting) && (f.struck == nil || f.struck())
	})
	f.end()
	mended := d.load.enter(f.allowed...)
	d.await(f.name+": it is over", mended, func() bool {
		_, streak := mended.count()
		return streak >= d.size.quiet
	})
	row := drillRow{name: f.name, took: mended.began.Sub(broken.began), times: 1, errors: map[string]int{}}
	row.recovery, row.quiet = mended.recovery()
	row.count(broken)
	row.count(mended)
	row.lost, row.altered = d.load.ledger.audit(d.t, d.audit)
	row.wrong = int(d.load.wrong.Load() - wrong)
	d.late = max(d.late, row.overtime)
	d.t.Log(row)
	return row
}

// await is await, with a word about what was going on.
func (d *drill) await(what string, stage *tally, holds func() bool) {
	d.t.Helper()
	pace, patience := time.NewTicker(5*time.Millisecond), time.After(90*time.Second)
	defer pace.Stop()
	for !holds() {
		select {
		case <-pace.C:
		case <-patience:
			d.load.stop()
			for _, server := range d.all {
				d.t.Logf("a server said last:\n%s", server.words())
			}
			d.t.Fatalf("waited in vain: %s\n%v", what, stage)
		}
	}
}

// end stops the load, asks about what is recorded and was not asked about yet, and
// looks at everything once more.
func (d *drill) end() {
	d.t.Helper()
	d.load.stop()
	for _, c := range d.load.callers {
		c.askRest(d.audit)
	}
	d.load.ledger.again()
	lost, altered := d.load.ledger.audit(d.t, d.audit)
	l := d.load.ledger
	d.t.Logf("in the end: %d transactions, %d assessments and %d outcomes were acknowledged; %d are lost, %d altered", len(l.records), len(l.assessments), len(l.outcomes), lost, altered)
	d.t.Logf("%d answers were wrong, %d errors may not be; calls outlived their deadlines by %v at most", d.load.wrong.Load(), d.load.forbidden.Load(), d.late)
	for _, server := range d.all {
		if said := server.words(); strings.Contains(said, "panic") {
			d.t.Errorf("a server panicked:\n%s", said)
		}
	}
}
