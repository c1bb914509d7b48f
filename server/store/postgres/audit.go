package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const insertActSQL = `
	WITH ended AS (UPDATE record_ends SET last = last + 1 WHERE kind = 'acts' RETURNING last)
	INSERT INTO acts (act_seq, at, actor, kind, object, detail) SELECT last, $1, $2, $3, $4, $5 FROM ended`

// RecordAct implements fraud.Audit.
func (s *Store) RecordAct(ctx context.Context, act fraud.Act) error {
	return s.updateOnce(ctx, "record an act", func(c *conn) error {
		var all statements
		addAct(&all, act)
		return all.run(c)
	})
}

// addAct adds an act beside what else is written.
func addAct(all *statements, act fraud.Act) {
	all.add(insertActSQL, nil, act.At.UnixMicro(), printable(act.Actor), string(act.Kind), printable(act.Object), printable(act.Detail))
}

// ListActs implements fraud.Audit.
func (s *Store) ListActs(ctx context.Context, q fraud.ActQuery) ([]fraud.Act, error) {
	sql, args := actsSQL(q)
	var acts []fraud.Act
	err := s.view(ctx, "list acts", func(c *conn) error {
		acts = nil
		return each(c, sql, func(r *row) {
			acts = append(acts, fraud.Act{Seq: r.int(), At: r.time(), Actor: r.text(), Kind: fraud.ActKind(r.text()), Object: r.text(), Detail: r.text()})
		}, args...)
	})
	if err != nil {
		return nil, err
	}
	return acts, nil
}

func actsSQL(q fraud.ActQuery) (sql string, args []any) {
	var where []string
	narrow := func(condition string, value any) {
		args = append(args, value)
		where = append(where, fmt.Sprintf("%s $%d", condition, len(args)))
	}
	narrow("act_seq >", q.After)
	if q.Kind != "" {
		narrow("kind =", string(q.Kind))
	}
	if q.Object != "" {
		narrow("object =", printable(q.Object))
	}
	if q.Before > 0 {
		narrow("act_seq <", q.Before)
	}
	args = append(args, int64(q.Limit))
	return `SELECT act_seq, at, actor, kind, object, detail FROM acts
		WHERE ` + strings.Join(where, " AND ") + fmt.Sprintf(` ORDER BY act_seq DESC LIMIT $%d`, len(args)), args
}
