package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// auditEvery is how often the audit log is read on.
const auditEvery = time.Second

// auditPatience is how long a reload waits until it is recorded.
const auditPatience = 2 * time.Second

// auditTail repeats in the server's log what is added to the audit log, by whomever,
// so that a copy leaves the machine with the logs. It adds itself which version of
// the model answers.
type auditTail struct {
	store fraud.Audit
	model func() (fraud.Model, error)
	log   *slog.Logger

	told   int64 // the Seq that is repeated already
	failed bool  // the last time
	served string
	seen   string // the version that the model had when it was last looked at

	stop    context.CancelFunc
	stopped sync.WaitGroup
	closed  atomic.Bool
}

// openAuditTail adds that the server starts, and follows the log until close.
func openAuditTail(ctx context.Context, store fraud.Audit, model func() (fraud.Model, error), log *slog.Logger) (*auditTail, error) {
	t := &auditTail{store: store, model: model, log: log}
	newest, err := store.ListActs(ctx, fraud.ActQuery{Limit: 1})
	if err != nil {
		return nil, err
	}
	for _, act := range newest {
		t.told = act.Seq
	}
	served, err := store.ListActs(ctx, fraud.ActQuery{Kind: fraud.ActModelServed, Limit: 1})
	if err != nil {
		return nil, err
	}
	for _, act := range served {
		t.served = act.Object
	}
	if err := t.record(ctx, fraud.ActServerStarted, versionName(), ""); err != nil {
		return nil, err
	}
	background, stop := context.WithCancel(context.Background())
	t.stop = stop
	t.stopped.Go(func() { t.follow(background) })
	return t, nil
}

// close adds that the server stops, the first time.
func (t *auditTail) close(ctx context.Context) error {
	if t.closed.Swap(true) {
		return nil
	}
	t.stop()
	t.stopped.Wait()
	err := t.record(ctx, fraud.ActServerStopped, versionName(), "")
	t.repeat(ctx)
	return err
}

// reloaded adds that the settings were read again. If that cannot be recorded, the
// log has told of them all the same.
func (t *auditTail) reloaded(changed []string) {
	detail := "nothing changed"
	if len(changed) > 0 {
		detail = strings.Join(changed, "; ")
	}
	ctx, cancel := context.WithTimeout(context.Background(), auditPatience)
	defer cancel()
	if err := t.record(ctx, fraud.ActConfigReloaded, "settings", detail); err != nil {
		t.log.Error("the audit log fails", "error", err)
	}
}

func (t *auditTail) record(ctx context.Context, kind fraud.ActKind, object, detail string) error {
	act := fraud.Act{At: time.Now(), Actor: fraud.ActorServer, Kind: kind, Object: object, Detail: detail}
	if err := t.store.RecordAct(ctx, act); err != nil {
		return fmt.Errorf("add %s to the audit log: %w", kind, err)
	}
	return nil
}

func (t *auditTail) follow(ctx context.Context) {
	tick := time.NewTicker(auditEvery)
	defer tick.Stop()
	for {
		t.repeat(ctx)
		t.lookAtModel(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// repeat tells the log what has come since.
func (t *auditTail) repeat(ctx context.Context) {
	acts, err := t.since(ctx)
	t.note(ctx, err)
	for _, a := range acts {
		t.log.Info("audit", "seq", a.Seq, "at", a.At.UTC(), "actor", a.Actor, "act", a.Kind, "object", a.Object, "detail", a.Detail)
		t.told = a.Seq
	}
}

// since are the acts that are not repeated yet, the oldest first.
func (t *auditTail) since(ctx context.Context) (acts []fraud.Act, err error) {
	q := fraud.ActQuery{After: t.told, Limit: 1000}
	for {
		page, err := t.store.ListActs(ctx, q)
		if err != nil {
			return nil, err
		}
		acts = append(acts, page...)
		if len(page) < q.Limit {
			slices.Reverse(acts)
			return acts, nil
		}
		q.Before = page[len(page)-1].Seq
	}
}

// lookAtModel records another version once it has answered at two looks in a row:
// hosts may take turns while they change.
func (t *auditTail) lookAtModel(ctx context.Context) {
	model, err := t.model()
	if err != nil {
		return
	}
	settled := model.Version == t.seen
	if t.seen = model.Version; !settled || model.Version == t.served {
		return
	}
	detail := ""
	if t.served != "" {
		detail = "before: " + t.served
	}
	err = t.record(ctx, fraud.ActModelServed, model.Version, detail)
	if t.note(ctx, err); err == nil {
		t.served = model.Version
	}
}

// note tells the log of the first failure of several.
func (t *auditTail) note(ctx context.Context, err error) {
	if err != nil && !t.failed && ctx.Err() == nil {
		t.log.Error("the audit log fails", "error", err)
	}
	t.failed = err != nil
}
