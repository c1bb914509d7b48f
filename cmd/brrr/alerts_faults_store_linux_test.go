package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// locked has another process hold the store's file.
func (f *fleet) locked() {
	s, one := f.server("locked", startPliantHost(f.T, "m").flag())
	one.slow = true // each scrape waits a second for the store
	one.fires = []string{"BrrrStoreDown page", "BrrrNotReady page", "BrrrStoreFailures ticket"}
	one.strike = func() {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(s.data, "brrr.db"))
		if err != nil {
			f.Error(err)
			return
		}
		holder, err := db.Begin()
		if err == nil {
			_, err = holder.Exec("UPDATE keys SET role = role")
		}
		if err != nil {
			f.Error(err)
			return
		}
		one.mend = func() { holder.Rollback(); db.Close() }
		f.Cleanup(one.mend)
		go func() { _ = assessNew(f.Context(), backend(s), "t", harmless) }() // somebody needs it
	}
}

// diskFull is out of room for what is to be recorded.
func (f *fleet) diskFull() {
	folder := f.TempDir()
	if !f.mount(folder, 64<<20) {
		return
	}
	s, one := f.serverOn(folder, "disk full", startPliantHost(f.T, "m").flag())
	one.fires = []string{"BrrrDiskFills page", "BrrrDiskFills ticket", "BrrrStoreDown page", "BrrrNotReady page", "BrrrStoreFailures ticket"}
	one.strike = func() {
		fillDisk(f.T, folder, 0)
		service := backend(s)
		for number := 0; number < 1000 && s.store.Check(f.Context()) == nil; number++ { // it writes into what room was left
			_ = assessNew(f.Context(), service, fmt.Sprint("t-", number), harmless)
		}
	}
	one.mend = func() {
		if err := syscall.Mount("brrr-test", folder, "tmpfs", syscall.MS_REMOUNT, "size=64g"); err != nil {
			f.Error(err)
		}
	}
}

// diskFills has something else write to the store's disk without end.
func (f *fleet) diskFills() {
	folder := f.TempDir()
	if !f.mount(folder, 1500<<20) {
		return
	}
	_, one := f.serverOn(folder, "disk fills", startPliantHost(f.T, "m").flag())
	one.fires = []string{"BrrrDiskFills ticket"}
	ballast := filepath.Join(folder, "ballast")
	one.strike = func() {
		stop := f.load(1, 100*time.Millisecond, func(_ context.Context, _, number int) {
			file, err := os.OpenFile(ballast, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err == nil {
				_, err = file.Write(make([]byte, 800<<10))
				file.Close()
			}
			if err != nil {
				f.Error(err)
			}
		})
		one.mend = func() {
			stop()
			if err := os.Remove(ballast); err != nil {
				f.Error(err)
			}
		}
	}
}
