package main

import (
	"time"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

func (f *fleet) withoutModel() {
	host := startPliantHost(f.T, "m")
	_, one := f.server("without a model", host.flag())
	one.fires = []string{"BrrrNotReady page", "BrrrPredictorHostDown ticket"}
	one.strike, one.mend = host.end, host.listen
}

// failing has every other call fail, while the host answers its probes.
func (f *fleet) failing() {
	host := startPliantHost(f.T, "m")
	s, one := f.server("failing", host.flag())
	one.fires = []string{"BrrrUnavailable page", "BrrrUnavailable ticket", "BrrrPredictorHostFails ticket"}
	one.strike = func() {
		one.mend = f.assesses(s, 2, 40*time.Millisecond, func(number int) float64 { return []float64{upsetting, harmless}[number%2] })
	}
}

// defective has one call fail for a reason that nobody foresaw.
func (f *fleet) defective() {
	s, one := f.server("defective", startPliantHost(f.T, "m").flag())
	s.recordSome(f.T)
	one.fires = []string{"BrrrInternalErrors ticket"}
	one.strike = func() {
		execSQL(f.T, s.data, "ALTER TABLE assessments RENAME TO hidden")
		if err := get(s, "first"); client.Reason(err) != "INTERNAL" {
			f.Errorf("a call to a store without a table: %v", err)
		}
	}
	one.mend = func() { execSQL(f.T, s.data, "ALTER TABLE hidden RENAME TO assessments") }
}

func (f *fleet) slowed() {
	host := startPliantHost(f.T, "m")
	s, one := f.server("slowed", host.flag())
	one.fires = []string{"BrrrSlow ticket"}
	one.strike = func() {
		host.takes.Store(int64(50 * time.Millisecond))
		one.mend = f.assesses(s, 16, time.Millisecond, always(harmless))
	}
}

// overrun is asked for far more than its model can answer.
func (f *fleet) overrun() {
	host := startPliantHost(f.T, "m")
	s, one := f.server("overrun", host.flag(), "--max-wait=1ms")
	one.fires = []string{"BrrrRefusing page", "BrrrSlow ticket"}
	one.strike = func() {
		host.takesOf.Store(int64(20 * time.Millisecond))
		one.mend = f.assesses(s, 150, 50*time.Millisecond, always(harmless)) // so many that, in step or not, most are refused
	}
}

// limited has a key that asks for more than it may.
func (f *fleet) limited() {
	s, one := f.server("limited", startPliantHost(f.T, "m").flag(), "--key-items-per-second=0.001")
	one.fires = []string{"BrrrRefusing ticket"}
	all, _ := payments("t", 1000) // it may ask about so many at once, and then has had its share
	if _, err := backend(s).BatchGetFraudActivity(f.Context(), &fraudactivityv1.BatchGetFraudActivityRequest{TransactionIds: all}); err != nil {
		f.Error(err)
	}
	one.strike = func() { one.mend = f.assesses(s, 1, 30*time.Millisecond, always(harmless)) }
}
