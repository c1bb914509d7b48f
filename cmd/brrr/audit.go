package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

type auditCmd struct {
	oneStore
	About string `help:"Only acts on this: a key's ID, a model's version …"`
	Kind  string `help:"Only acts of this kind, such as key.created."`
	Limit int    `help:"How many, the newest first." default:"50"`
	output
}

// auditLine is an act as JSON.
type auditLine struct {
	Seq    int64     `json:"seq"`
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`
	Kind   string    `json:"kind"`
	Object string    `json:"object"`
	Detail string    `json:"detail"`
}

var auditColumns = []column{{head: "NO", right: true, rank: 1}, {head: "WHEN (UTC)"}, {head: "WHO"}, {head: "WHAT"}, {head: "TO WHAT"}, {head: "DETAIL", prose: true}}

// Validate names what cannot be. Kong calls it.
func (c *auditCmd) Validate() error {
	return errors.Join(unless(c.Limit >= 1, "--limit must be at least 1")...)
}

// Run shows what was done to the service, and by whom.
func (c *auditCmd) Run(ctx context.Context, io streams) error {
	store, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	acts, err := store.ListActs(ctx, fraud.ActQuery{Object: c.About, Kind: fraud.ActKind(c.Kind), Limit: c.Limit})
	if err != nil {
		return err
	}
	lines, rows := make([]auditLine, len(acts)), make([][]string, len(acts))
	for i, a := range acts {
		lines[i] = auditLine{a.Seq, a.At.UTC(), a.Actor, string(a.Kind), a.Object, a.Detail}
		rows[i] = []string{strconv.FormatInt(a.Seq, 10), a.At.UTC().Format(momentForm), a.Actor, string(a.Kind), a.Object, a.Detail}
	}
	if c.json() {
		return printLines(io.out, lines)
	}
	return io.table(auditColumns, rows)
}

// recordAct adds to a store's audit log what the user of this command
// has done.
func recordAct(ctx context.Context, in storeFlags, kind fraud.ActKind, object string) (err error) {
	store, err := in.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return store.RecordAct(ctx, fraud.Act{At: time.Now(), Actor: actor(), Kind: kind, Object: object})
}
