package main

import (
	"context"
	"fmt"
	"syscall"
	"time"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// hostKilled has one of two hosts, that in Python, be killed.
func (f *fleet) hostKilled() {
	version, err := readActive(modelsIn(root))
	if err != nil {
		f.Fatal(err)
	}
	address := freeAddress(f.T)
	python := newPython(f.T, address, modelsIn(root))
	python.start()
	s, one := f.server("host killed", startPliantHost(f.T, version).flag(address))
	f.ready = append(f.ready, func() {
		await(f.T, "both hosts", func() bool {
			hosts := s.predictor.Hosts()
			return hosts[0].Up && hosts[1].Up
		})
	})
	one.fires = []string{"BrrrPredictorHostDown ticket"}
	one.strike, one.mend = python.kill, python.start
}

// hostFails has one of two hosts fail every third call, which the other makes good.
func (f *fleet) hostFails() {
	host, other := startPliantHost(f.T, "m"), startPliantHost(f.T, "m")
	s, one := f.server("host fails", host.flag(other.address))
	one.fires = []string{"BrrrPredictorHostFails ticket"}
	one.strike = func() {
		host.upset.Store(true)
		service := backend(s)
		one.mend = f.load(2, 50*time.Millisecond, func(ctx context.Context, caller, number int) {
			if err := assessNew(ctx, service, fmt.Sprint("t-", caller, "-", number), harmless); err != nil && ctx.Err() == nil {
				f.Errorf("a call that another host can answer: %v", err)
			}
		})
	}
}

// childKilled has the Python process be killed over and over.
func (f *fleet) childKilled() {
	address, admin := freeAddress(f.T), freeAddress(f.T)
	p := newServer(f.T, f.folder("child killed"), f.TempDir(), address, "--admin-listen="+admin)
	p.start()
	f.ready = append(f.ready, func() { awaitReadyz(f.T, p, "http://"+address) })
	one := f.suffers("child killed", admin)
	one.fires = []string{"BrrrPredictorRestarts ticket", "BrrrNotReady page", "BrrrPredictorHostDown ticket"}
	killed := 0
	one.goOn = func() {
		if child := p.child(); child != killed && !one.fired["BrrrPredictorRestarts ticket"] {
			killed = child
			if err := syscall.Kill(child, syscall.SIGKILL); err != nil {
				f.Error(err)
			}
		}
	}
	one.mend = func() {} // it is started again by itself
}

func (f *fleet) modelsDiffer() {
	host, other := startPliantHost(f.T, "m"), startPliantHost(f.T, "m")
	_, one := f.server("models differ", host.flag(other.address))
	one.fires = []string{"BrrrModelsDiffer ticket"}
	one.strike = func() { other.serves("another") }
	one.mend = func() { other.serves("m") }
}

// flagsMore labels 1 payment of 100 fraud, and an hour later every second one.
func (f *fleet) flagsMore() {
	s, one := f.server("flags more", startPliantHost(f.T, "m").flag())
	one.fires = []string{"BrrrFlaggedShareShifts ticket"}
	batches := 0
	ask := func(rows, every int) {
		batches++
		ids, transactions := payments(fmt.Sprint("batch-", batches), rows)
		for i, transaction := range transactions {
			transaction.Amount = harmless
			if i%every == 0 {
				transaction.Amount = suspicious
			}
		}
		if _, err := s.client("backend").RecordTransactions(f.Context(), &fraudactivityv1.RecordTransactionsRequest{Transactions: transactions}); err != nil {
			f.Error(err)
		}
		if _, err := s.client("backend").BatchGetFraudActivity(f.Context(), &fraudactivityv1.BatchGetFraudActivityRequest{TransactionIds: ids}); err != nil {
			f.Error(err)
		}
	}
	var last time.Time
	one.strike = func() {
		for range 3 {
			ask(1000, 100)
		}
		last = time.Now()
	}
	one.goOn = func() {
		if batches == 3 && time.Since(last) > time.Hour/hasten+2*time.Second {
			ask(200, 2)
		}
	}
}
