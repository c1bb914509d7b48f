package assess

import "github.com/wassef911/grpcgoesbrrr/server/fraud"

// sheet is a batch on its way through the stages: what callers asked, and one
// row for each transaction asked about. Callers with the same ID share a row.
type sheet struct {
	refused []error // by ask: why it goes no further, or nil
	row     []int   // by ask: its row, if it is not refused
	rows    []row
}

// row is one transaction. It is settled by err or assessed, open until then.
type row struct {
	id          string
	by          string // ID of the key that asked first
	transaction fraud.Recorded
	assessment  fraud.Assessment
	assessed    bool // the assessment is durable
	err         error
}

func newSheet(asks []Ask, refused []error) *sheet {
	s := &sheet{refused: refused, row: make([]int, len(asks)), rows: make([]row, 0, len(asks))}
	seen := make(map[string]int, len(asks))
	for i, ask := range asks {
		if refused[i] != nil {
			continue
		}
		r, ok := seen[ask.ID]
		if !ok {
			r = len(s.rows)
			seen[ask.ID] = r
			s.rows = append(s.rows, row{id: ask.ID, by: ask.By})
		}
		s.row[i] = r
	}
	return s
}

// ids are those of all rows, in order.
func (s *sheet) ids() []string {
	ids := make([]string, len(s.rows))
	for i := range s.rows {
		ids[i] = s.rows[i].id
	}
	return ids
}

// open are the rows that have neither an answer nor an error yet.
func (s *sheet) open() []*row {
	var open []*row
	for i := range s.rows {
		if r := &s.rows[i]; r.err == nil && !r.assessed {
			open = append(open, r)
		}
	}
	return open
}

// count tells how many rows were answered, from where and how, and why others were
// not.
func (s *sheet) count(meter fraud.Meter) {
	var assessed, fromRecord int
	for i := range s.rows {
		switch r := &s.rows[i]; {
		case r.err != nil:
			meter.Failed(fraud.ReasonOf(r.err))
		case r.assessment.FromRecord:
			fromRecord++
		default:
			assessed++
			meter.Assessed(r.assessment.Probability, r.assessment.Label)
		}
	}
	for _, err := range s.refused {
		if err != nil {
			meter.Failed(fraud.ReasonOf(err))
		}
	}
	meter.Batch(len(s.rows), assessed, fromRecord)
}

// answers gives every ask its own.
func (s *sheet) answers() []Answer {
	answers := make([]Answer, len(s.refused))
	for i, err := range s.refused {
		if err != nil {
			answers[i].Err = err
			continue
		}
		r := &s.rows[s.row[i]]
		answers[i] = Answer{Out: r.assessment, Err: r.err}
	}
	return answers
}
