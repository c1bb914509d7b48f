package reckon

import (
	"fmt"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Sift answers for the transactions whose ID is taken, by those recorded or by an
// earlier one of the call, and returns the others.
func Sift(transactions []fraud.Transaction, recorded map[string]fraud.Transaction, results []fraud.RecordResult) []fraud.Transaction {
	fresh := make([]fraud.Transaction, 0, len(transactions))
	for i, t := range transactions {
		stands, taken := recorded[t.ID]
		switch {
		case !taken:
			recorded[t.ID] = t
			fresh = append(fresh, t)
		case stands.SameFacts(t):
			results[i].Already = true
		default:
			results[i].Err = fraud.FactsDiffer(t.ID)
		}
	}
	return fresh
}

// Reports are the outcomes of one call.
type Reports struct {
	Outcomes []fraud.Outcome
	Seqs     []int64 // of their transactions; 0: it is unknown
	stand    map[fraud.Outcome]fraud.Outcome
}

// NewReports are reports whose transactions are not looked up yet.
func NewReports(outcomes []fraud.Outcome) *Reports {
	return &Reports{outcomes, make([]int64, len(outcomes)), make(map[fraud.Outcome]fraud.Outcome, len(outcomes))}
}

// Stands notes an outcome in the record that a report may equal.
func (r *Reports) Stands(o fraud.Outcome) { r.stand[same(o)] = o }

// Settle answers each report, by the outcomes in the record and by the earlier
// ones of this call, and returns the places of those that add something.
func (r *Reports) Settle(results []fraud.OutcomeResult) (fresh []int) {
	now := time.UnixMicro(time.Now().UnixMicro()).UTC()
	for i, o := range r.Outcomes {
		if r.Seqs[i] == 0 {
			results[i].Err = fraud.TransactionUnknown(o.TransactionID)
			continue
		}
		o.OccurredAt, o.ReportedAt = time.UnixMicro(o.OccurredAt.UnixMicro()).UTC(), now
		if _, repeated := r.stand[same(o)]; !repeated {
			r.stand[same(o)] = o
			fresh = append(fresh, i)
		}
		results[i].Outcome = r.stand[same(o)]
	}
	return fresh
}

// same strips an outcome to what makes it equal to another.
func same(o fraud.Outcome) fraud.Outcome {
	o.ReportedAt, o.ReportedBy = time.Time{}, ""
	return o
}

// DescribeKey is what the audit log tells of a key besides its ID.
func DescribeKey(key fraud.Key) string {
	end := "never"
	if !key.ExpiresAt.IsZero() {
		end = key.ExpiresAt.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("name %q, role %s, expires %s", key.Name, key.Role, end)
}

// SameDay tells whether two times are of one day, in UTC.
func SameDay(a, b time.Time) bool {
	const day = 24 * time.Hour
	return a.UTC().Truncate(day).Equal(b.UTC().Truncate(day))
}
