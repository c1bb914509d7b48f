package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"syscall"
	"time"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/access/issuertest"
)

// suffer starts a server for each fault, and one that is well.
func (f *fleet) suffer() {
	for _, begin := range []func(){
		f.well,
		f.restarted, f.withoutModel, f.failing, f.defective, f.slowed, f.overrun, f.limited, // answers
		f.hostKilled, f.hostFails, f.childKilled, f.modelsDiffer, f.flagsMore, // the model
		f.locked, f.diskFull, f.diskFills, // the store
		f.certificateExpires, f.certificateBroken, f.issuerGone, f.keysGone, f.keyExpires, f.guessed, // trust
		f.crowded, f.untraced, f.misconfigured, // the process
	} {
		begin()
	}
}

// well has all there is: the model in Python, TLS, an issuer, traces that are taken, a key
// that expires some day, and callers. Nothing may fire.
func (f *fleet) well() {
	a := newAuthority(f.T, "authority")
	cert, key := a.issue(until(90*24*time.Hour)).files(f.T, f.TempDir())
	issuer := issuertest.Start(f.T)
	s, one := f.server("well", "--tls-cert="+cert, "--tls-key="+key, "--oidc-issuer="+issuer.URL, "--oidc-audience="+issuertest.Audience,
		"--trace-endpoint="+startSpanCollector(f.T).URL, "--trace-sample=1")
	s.over = overTLS(f.T, (*http.Protocols).SetHTTP2, &tls.Config{RootCAs: pool(a)})
	newKeyUntil(f.T, s, time.Now().Add(90*24*time.Hour))
	service := backend(s)
	one.strike = func() {
		f.load(1, 50*time.Millisecond, func(ctx context.Context, _, number int) {
			if err := assessNew(ctx, service, fmt.Sprint("well-", number), harmless); err != nil && ctx.Err() == nil {
				f.Errorf("the server that is well: %v", err)
			}
		})
	}
}

// restarted is killed and started again and again, and in the end just killed.
func (f *fleet) restarted() {
	address, admin := freeAddress(f.T), freeAddress(f.T)
	p := newServer(f.T, f.folder("restarted"), f.TempDir(), address, startPliantHost(f.T, "m").flag(), "--admin-listen="+admin)
	p.start()
	f.ready = append(f.ready, func() { awaitReadyz(f.T, p, "http://"+address) })
	one := f.suffers("restarted", admin)
	one.fires = []string{"BrrrRestarts page", "BrrrDown page"}
	var seen time.Time // that it serves, since it was started last
	one.goOn = func() {
		switch res, err := http1.Get("http://" + admin + "/metrics"); {
		case err != nil:
			seen = time.Time{}
		case seen.IsZero():
			seen = time.Now()
			fallthrough
		default:
			res.Body.Close()
		}
		switch {
		case !p.alive():
		case one.fired["BrrrRestarts page"]:
			p.kill()
		case !seen.IsZero() && time.Since(seen) > 600*time.Millisecond: // so that each is scraped
			p.kill()
			p.start()
			seen = time.Time{}
		}
	}
	one.mend = p.start
}

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
		one.mend = f.assesses(s, 50, 100*time.Millisecond, always(harmless))
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

// crowded has callers who hold connections open.
func (f *fleet) crowded() {
	s, one := f.server("crowded", startPliantHost(f.T, "m").flag(), "--max-connections=10")
	one.fires = []string{"BrrrConnectionsNearlyAll ticket"}
	var crowd []*http.Transport
	one.strike = func() {
		for range 9 {
			transport := http1.Transport.(*http.Transport).Clone()
			res, err := (&http.Client{Transport: transport}).Get(s.url + "/healthz")
			if err != nil {
				f.Error(err)
				continue
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
			crowd = append(crowd, transport)
		}
	}
	one.mend = func() {
		for _, transport := range crowd {
			transport.CloseIdleConnections()
		}
	}
}

// untraced has a collector that takes no spans.
func (f *fleet) untraced() {
	collector := httptest.NewServer(http.NotFoundHandler())
	f.Cleanup(collector.Close)
	s, one := f.server("untraced", startPliantHost(f.T, "m").flag(), "--trace-endpoint="+collector.URL, "--trace-sample=1")
	one.fires = []string{"BrrrSpansDropped ticket"}
	one.strike = func() { one.mend = f.assesses(s, 1, 200*time.Millisecond, always(harmless)) }
}

// misconfigured is told to read a file of settings that is broken.
func (f *fleet) misconfigured() {
	folder, address, admin := f.folder("misconfigured"), freeAddress(f.T), freeAddress(f.T)
	file := filepath.Join(folder, "brrr.yaml")
	writeTo(f.T, file, "max-wait: 1s\n")
	p := newServer(f.T, folder, f.TempDir(), address, startPliantHost(f.T, "m").flag(), "--config="+file, "--admin-listen="+admin)
	p.start()
	f.ready = append(f.ready, func() { awaitReadyz(f.T, p, "http://"+address) })
	one := f.suffers("misconfigured", admin)
	one.fires = []string{"BrrrConfigRefused ticket"}
	one.strike = func() { writeTo(f.T, file, "max-wait: soon\n"); p.signal(syscall.SIGHUP) }
	one.mend = func() { writeTo(f.T, file, "max-wait: 2s\n"); p.signal(syscall.SIGHUP) }
}
