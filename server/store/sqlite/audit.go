package sqlite

import (
	"context"
	"strings"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const insertActSQL = `INSERT INTO acts (at, actor, kind, object, detail) VALUES (?, ?, ?, ?, ?)`

// RecordAct implements fraud.Audit.
func (s *Store) RecordAct(ctx context.Context, act fraud.Act) error {
	return s.update(ctx, "record an act", func(c *engine.Conn) error { return recordAct(c, act) })
}

// recordAct adds an act beside what else c's transaction does.
func recordAct(c *engine.Conn, act fraud.Act) error {
	return each(c, insertActSQL, func(p *params) {
		p.time(act.At)
		p.text(act.Actor)
		p.text(string(act.Kind))
		p.text(act.Object)
		p.text(act.Detail)
	}, nil)
}

// ListActs implements fraud.Audit.
func (s *Store) ListActs(ctx context.Context, q fraud.ActQuery) ([]fraud.Act, error) {
	sql, bind := actsSQL(q)
	var acts []fraud.Act
	err := s.view(ctx, "list acts", func(c *engine.Conn) error {
		return each(c, sql, bind, func(r *row) {
			acts = append(acts, fraud.Act{Seq: r.int(), At: r.time(), Actor: r.text(), Kind: fraud.ActKind(r.text()), Object: r.text(), Detail: r.text()})
		})
	})
	if err != nil {
		return nil, err
	}
	return acts, nil
}

func actsSQL(q fraud.ActQuery) (sql string, bind func(p *params)) {
	where, values := []string{"act_seq > ?"}, []any{q.After}
	narrow := func(condition string, value any) { where, values = append(where, condition), append(values, value) }
	if q.Kind != "" {
		narrow("kind = ?", string(q.Kind))
	}
	if q.Object != "" {
		narrow("object = ?", q.Object)
	}
	if q.Before > 0 {
		narrow("act_seq < ?", q.Before)
	}
	values = append(values, int64(q.Limit))
	return `SELECT act_seq, at, actor, kind, object, detail FROM acts
			WHERE ` + strings.Join(where, " AND ") + ` ORDER BY act_seq DESC LIMIT ?`,
		func(p *params) {
			for _, value := range values {
				p.any(value)
			}
		}
}
