package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/bench/load"
	"github.com/wassef911/grpcgoesbrrr/bench/peer"
	"github.com/wassef911/grpcgoesbrrr/bench/proc"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection/fraud_detectionconnect"
)

// measureLimits times the parts that no service can do without.
func (b *bench) measureLimits(ctx context.Context) error {
	var speed struct {
		Rows float64 `json:"rows_per_second"`
		One  float64 `json:"one_row_us"`
	}
	if err := b.inProcess(ctx, nil, &speed, "speed", b.models(), strconv.Itoa(b.Seconds)); err != nil {
		return err
	}
	l := &b.run.Limits
	l.InProcessRowsPerSecond, l.InProcessRowMicros = speed.Rows, speed.One
	var err error
	if l.FsyncMicros, err = b.timeFsync(); err != nil {
		return err
	}
	if err := b.timePredictor(ctx); err != nil {
		return err
	}
	say("limits: %.0f rows/s and %.0f us a row in process; fsync %.0f us; PredictFraud %.0f us; PredictFraudBatch of 1 %.0f us",
		l.InProcessRowsPerSecond, l.InProcessRowMicros, l.FsyncMicros, l.PredictFraudMicros, l.PredictBatchMicros)
	return nil
}

// timeFsync appends 4 KiB to a file beside the stores and waits until the disk
// has it, many times.
func (b *bench) timeFsync() (medianMicros float64, err error) {
	path := filepath.Join(b.cache, "fsync")
	file, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(path)) }()
	block := make([]byte, 4096)
	return medianOf(500, func() error {
		if _, err := file.Write(block); err != nil {
			return err
		}
		return file.Sync()
	})
}

// anyRow is an ordinary payment.
var anyRow = peer.Row{TransactionID: 1, Amount: 12.5, Time: 1_750_000_000, AgeOfAccount: 8_000_000, NumberOfTransactions: 7}

// timePredictor asks our Python process directly, one call after the other over
// one connection.
func (b *bench) timePredictor(ctx context.Context) error {
	process, address, err := b.startPredictor()
	if err != nil {
		return err
	}
	defer process.Stop()
	client := fraud_detectionconnect.NewFraudDetectionServiceClient(h2c(), "http://"+address, connect.WithGRPC())
	one := &fraud_detection.PredictionRequest{
		TransactionId: 1, Amount: anyRow.Amount, Time: anyRow.Time, AgeOfAccount: anyRow.AgeOfAccount, NumberOfTransactions: anyRow.NumberOfTransactions,
	}
	ask := func() error { _, err := client.PredictFraud(ctx, one); return err }
	if err := process.Await(ctx, patience, func(context.Context) error { return ask() }); err != nil {
		return err
	}
	if b.run.Limits.PredictFraudMicros, err = medianOf(1000, ask); err != nil {
		return err
	}
	model, err := client.GetModel(ctx, &fraud_detection.GetModelRequest{})
	if err != nil {
		return err
	}
	batch, facts := &fraud_detection.PredictFraudBatchRequest{Rows: 1}, anyRow.Facts()
	for _, name := range model.Facts {
		batch.Columns = append(batch.Columns, &fraud_detection.Column{Name: name, Values: []float64{facts[name]}})
	}
	b.run.Limits.PredictBatchMicros, err = medianOf(1000, func() error { _, err := client.PredictFraudBatch(ctx, batch); return err })
	return err
}

// startPredictor starts our Python process alone.
func (b *bench) startPredictor() (*proc.Process, string, error) {
	ports, err := proc.FreePorts(1)
	if err != nil {
		return nil, "", err
	}
	address := fmt.Sprintf("127.0.0.1:%d", ports[0])
	process, err := b.set.Start(proc.Spec{
		Name: "predictor", Log: filepath.Join(b.cache, "log", "predictor"), Env: b.pythonEnv(), Dir: b.repo,
		Args: []string{b.python(), "-m", "predictor", "serve", "--listen", address, "--model", b.models()},
	})
	return process, address, err
}

// medianOf runs do n times, after some that do not count.
func medianOf(n int, do func() error) (micros float64, err error) {
	took := make([]time.Duration, 0, n)
	for i := range n + n/10 {
		began := time.Now()
		if err := do(); err != nil {
			return 0, err
		}
		if i >= n/10 {
			took = append(took, time.Since(began))
		}
	}
	slices.Sort(took)
	return load.Micros(took[len(took)/2]), nil
}

// h2c speaks HTTP/2 without TLS, as gRPC does.
func h2c() *http.Client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: &http.Transport{Protocols: protocols}}
}
