package sqlite

import (
	"testing"

	engine "zombiezen.com/go/sqlite"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func TestTheAuditLogIsNeverChanged(t *testing.T) {
	s := openStore(t)
	if err := s.RecordAct(t.Context(), fraud.Act{Actor: "user:alice", Kind: fraud.ActKeyRevoked}); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{`UPDATE acts SET actor = 'user:bob'`, `DELETE FROM acts`, `REPLACE INTO acts VALUES (1, 0, 'user:bob', 'x', '', '')`} {
		err := s.update(t.Context(), "test", func(c *engine.Conn) error { return run(c, sql) })
		acts, listed := s.ListActs(t.Context(), fraud.ActQuery{Limit: 2})
		if err == nil || listed != nil || len(acts) != 1 || acts[0].Actor != "user:alice" {
			t.Errorf("%s: %v, then %+v, %v", sql, err, acts, listed)
		}
	}
}
