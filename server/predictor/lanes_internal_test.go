package predictor

import (
	"net"
	"slices"
	"testing"
)

func TestLanesAreKeptAsLongAsCallsAreUnderWayOnThem(t *testing.T) {
	l := newLink(dialler{place: place{network: "unix", address: "/nowhere/socket"}})
	check := func(when string, want ...*lanes) {
		t.Helper()
		if !slices.Equal(l.former, want) {
			t.Errorf("%s: %d are kept, want %d", when, len(l.former), len(want))
		}
		for _, kept := range want {
			if kept.over {
				t.Errorf("%s: lanes in use are cut", when)
			}
		}
	}
	l.renew(false)
	check("unused ones are replaced")
	first := l.take()
	l.renew(false)
	check("used ones are", first)
	second := l.take()
	l.renew(false)
	l.renew(false)
	check("others are", first, second)
	first.release()
	l.renew(false)
	check("the first call has ended", second)
	if !first.over {
		t.Error("lanes that nobody uses are not cut")
	}
	l.cutFormer()
	check("the host answers again")
	third := l.take()
	l.renew(true)
	if !second.over || !third.over || l.take().over {
		t.Error("former lanes, or those to be cut, are not; or new ones are")
	}
}

func TestNoConnectionIsOpenedOnLanesThatWereCut(t *testing.T) {
	l := newLanes(dialler{place: place{network: "tcp", address: "127.0.0.1:1"}})
	ours, theirs := net.Pipe()
	kept, err := l.keep(ours)
	if err != nil || len(l.conns) != 1 {
		t.Fatalf("%v, %d connections", err, len(l.conns))
	}
	l.cut()
	if _, err := theirs.Read(make([]byte, 1)); err == nil {
		t.Error("it is still open")
	}
	if err := kept.Close(); err != nil || len(l.conns) != 0 {
		t.Errorf("%v, %d connections after they were closed", err, len(l.conns))
	}
	late, other := net.Pipe()
	if _, err := l.keep(late); err == nil || len(l.conns) != 0 {
		t.Error("one that was dialled meanwhile is kept")
	}
	if _, err := other.Read(make([]byte, 1)); err == nil {
		t.Error("one that was dialled meanwhile is left open")
	}
}
