package postgres

import (
	"context"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	tellUsesSQL = `
		INSERT INTO uses (told_at, gateway, caller, items, calls, streams)
		SELECT ` + nowSQL + `, $1, caller, items, calls, streams
		FROM unnest($2::text[], $3::bigint[], $4::integer[], $5::integer[]) AS told (caller, items, calls, streams)
		ORDER BY caller
		ON CONFLICT (caller, gateway) DO UPDATE SET told_at = excluded.told_at, items = excluded.items,
			calls = excluded.calls, streams = excluded.streams`

	// Two seconds are more than pass between two looks. After a minute they are of no
	// gateway that lives, or of callers that are idle.
	hearUsesSQL = `
		SELECT gateway, caller, items, calls, streams FROM uses
		WHERE told_at > ` + nowSQL + ` - 2000000 AND gateway <> $1`

	forgetUsesSQL = `DELETE FROM uses WHERE told_at < ` + nowSQL + ` - 60000000`
)

// ShareUses implements fraud.Uses.
func (s *Store) ShareUses(ctx context.Context, gateway string, mine []fraud.Use) (others []fraud.Use, err error) {
	type use = fraud.Use
	err = s.view(ctx, "share what callers use", func(c *conn) error {
		others = nil
		var all statements
		if len(mine) > 0 {
			all.add(tellUsesSQL, nil, gateway,
				column(mine, func(u *use) string { return printable(u.Caller) }),
				column(mine, func(u *use) int64 { return u.Items }),
				column(mine, func(u *use) int32 { return int32(u.Calls) }),
				column(mine, func(u *use) int32 { return int32(u.Streams) }))
			all.add(forgetUsesSQL, nil)
		}
		all.add(hearUsesSQL, func(r *row) {
			others = append(others, fraud.Use{Gateway: r.text(), Caller: r.text(), Items: r.int(), Calls: int(r.int()), Streams: int(r.int())})
		}, gateway)
		return all.run(c)
	})
	return others, err
}
