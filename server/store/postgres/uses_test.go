package postgres

import (
	"fmt"
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func TestGatewaysHearWhatOthersToldOfLate(t *testing.T) {
	t.Parallel()
	s, _ := openMigrated(t)
	share := func(gateway string, mine ...fraud.Use) []fraud.Use {
		t.Helper()
		others, err := s.ShareUses(t.Context(), gateway, mine)
		if err != nil {
			t.Fatal(err)
		}
		return others
	}
	of := func(gateway string, items int64) fraud.Use {
		return fraud.Use{Gateway: gateway, Caller: "a", Items: items, Calls: 2, Streams: 1}
	}
	if heard := share("one", of("one", 5)); len(heard) != 0 {
		t.Errorf("one hears %v of nobody", heard)
	}
	share("one", of("one", 7))
	if heard := share("two"); fmt.Sprint(heard) != fmt.Sprint([]fraud.Use{of("one", 7)}) {
		t.Errorf("two hears %v", heard)
	}
	exec(t, s, "UPDATE uses SET told_at = told_at - 3000000")
	if heard := share("two", of("two", 1)); len(heard) != 0 {
		t.Errorf("two hears %v of long ago", heard)
	}
	exec(t, s, "UPDATE uses SET told_at = told_at - 60000000 WHERE gateway = 'one'")
	share("two", of("two", 2))
	var left int64
	if err := s.view(t.Context(), "count", func(c *conn) error {
		return each(c, "SELECT count(*) FROM uses", func(r *row) { left = r.int() })
	}); err != nil || left != 1 {
		t.Errorf("%d uses are kept, %v", left, err)
	}
}
