package assess

import (
	"context"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// traceBatch begins the span of a batch that leaves now, in a context that holds it:
// a part of the first traced call that it carries something of, and linked with the
// others, both ways. Each of the calls is told how long it has waited.
func traceBatch(ctx context.Context, asks []Ask, now time.Time) (context.Context, fraud.TraceSpan) {
	batch := fraud.Untraced
	var last fraud.TraceSpan
	var told map[fraud.TraceSpan]bool
	for i := range asks {
		call := asks[i].span
		if call == fraud.Untraced || call == last { // as most are: asks of one call stand together
			continue
		}
		last = call
		if told[call] {
			continue
		}
		if told == nil {
			told = map[fraud.TraceSpan]bool{}
			ctx, batch = call.Begin(ctx, "batch")
		} else {
			batch.Link(call)
			call.Link(batch)
		}
		told[call] = true
		call.Past(fraud.StageQueue.String(), asks[i].since, now)
	}
	return ctx, batch
}

// endTrace ends the span of a batch, and tells what became of its rows.
func (s *sheet) endTrace(batch fraud.TraceSpan) {
	if batch == fraud.Untraced {
		return
	}
	failed, fromRecord, version := 0, 0, ""
	for i := range s.rows {
		switch r := &s.rows[i]; {
		case r.err != nil:
			failed++
		case r.assessment.FromRecord:
			fromRecord++
			fallthrough
		default:
			version = r.assessment.ModelVersion
		}
	}
	batch.Text("brrr.model_version", version)
	batch.Number("brrr.rows", len(s.rows))
	batch.Number("brrr.rows_from_record", fromRecord)
	batch.Number("brrr.rows_failed", failed)
	batch.End("")
}
