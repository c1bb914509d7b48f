// Package data makes the store that is measured: many recorded transactions,
// none of them assessed, the same each time.
package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/wassef911/grpcgoesbrrr/bench/load"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// perAccount is how many transactions an account has.
const perAccount = 50

const (
	seed      = 1
	batchRows = 1000
	stampFile = "made-from"
)

// Pristine is a store that is only ever copied.
type Pristine struct {
	Dir      string
	Recorded int64
}

// Prepare makes the store in a folder under cache, unless one made from the same
// schema is there. say tells how far it is.
func Prepare(ctx context.Context, repo, cache string, recorded int64, say func(string, ...any)) (Pristine, error) {
	p := Pristine{Dir: filepath.Join(cache, fmt.Sprintf("store-%d", recorded)), Recorded: recorded}
	stamp, err := schemaStamp(repo)
	if err != nil {
		return p, err
	}
	if made, err := os.ReadFile(filepath.Join(p.Dir, stampFile)); err == nil && string(made) == stamp {
		return p, nil
	}
	if err := os.RemoveAll(p.Dir); err != nil {
		return p, err
	}
	if err := p.fill(ctx, say); err != nil {
		return p, fmt.Errorf("make a store of %d transactions: %w", recorded, err)
	}
	return p, os.WriteFile(filepath.Join(p.Dir, stampFile), []byte(stamp), 0o600)
}

// schemaStamp changes with the store's schema and with what is recorded.
func schemaStamp(repo string) (string, error) {
	files, err := filepath.Glob(filepath.Join(repo, "server/store/sqlite/migrations/*.sql"))
	if err != nil || len(files) == 0 {
		return "", errors.Join(errors.New("no migrations found"), err)
	}
	hash := sha256.New()
	fmt.Fprintf(hash, "seed %d, %d an account\n", seed, perAccount)
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		hash.Write(content)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func (p Pristine) fill(ctx context.Context, say func(string, ...any)) (err error) {
	store, err := sqlite.Open(ctx, p.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return Fill(ctx, store, p.Recorded, say)
}

// Fill records so many transactions in an empty store. say tells how far it is.
func Fill(ctx context.Context, store fraud.Transactions, recorded int64, say func(string, ...any)) error {
	draw := rand.New(rand.NewPCG(seed, 0))
	for done := int64(0); done < recorded; done += batchRows {
		if done%100_000 == 0 {
			say("recording transactions: %d of %d", done, recorded)
		}
		results, err := store.Record(ctx, payments(draw, done, min(batchRows, recorded-done), recorded))
		if err != nil {
			return err
		}
		for _, r := range results {
			if r.Err != nil || r.Already {
				return fmt.Errorf("not recorded: %+v", r)
			}
		}
	}
	return nil
}

// payments are n transactions from number first on. Accounts take turns, so that
// each pays all year long.
func payments(draw *rand.Rand, first, n, recorded int64) []fraud.Transaction {
	accounts := max(recorded/perAccount, 1)
	year := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	list := make([]fraud.Transaction, n)
	for i := range list {
		number := first + int64(i)
		account := number % accounts
		when := year.Add(time.Duration(float64(number) / float64(recorded) * 365 * 24 * float64(time.Hour)))
		list[i] = fraud.Transaction{
			ID:        load.ID(number),
			AccountID: fmt.Sprintf("account-%07d", account),
			// Half of the amounts are under 33, one in a hundred is over 500.
			Amount:          max(0.01, math.Round(100*math.Exp(3.5+1.17*draw.NormFloat64()))/100),
			Currency:        "EUR",
			Time:            when.Add(time.Duration(draw.Int64N(int64(24 * time.Hour)))),
			AccountOpenedAt: year.Add(-time.Duration(account%2000) * 24 * time.Hour),
			RecordedBy:      "bench",
		}
	}
	return list
}

// CopyTo makes a fresh copy in dir and waits until it is on the disk, so that
// writing it does not disturb what is measured on it.
func (p Pristine) CopyTo(ctx context.Context, dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	if said, err := exec.CommandContext(ctx, "cp", "-r", "--reflink=auto", p.Dir, dir).CombinedOutput(); err != nil {
		return fmt.Errorf("copy the store: %w: %s", err, strings.TrimSpace(string(said)))
	}
	return filepath.WalkDir(dir, syncFile)
}

func syncFile(path string, entry fs.DirEntry, err error) error {
	if err != nil || entry.IsDir() {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
