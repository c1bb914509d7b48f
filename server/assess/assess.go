// Package assess answers about transactions: look up, predict, record. Callers
// that wait together travel through the three together.
package assess

import (
	"context"
	"fmt"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/batch"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// Ask is what a caller wants to know: about a transaction that is recorded, or
// about one to be recorded first.
type Ask struct {
	ID          string
	Transaction *fraud.Transaction // nil: it is recorded already
	By          string             // ID of the caller's key

	since time.Time       // when it began to wait
	span  fraud.TraceSpan // of its call
}

// Answer is an assessment or the reason why there is none.
type Answer = batch.Result[fraud.Assessment]

// Store is what an Assessor keeps its answers in.
type Store interface {
	fraud.Transactions
	fraud.Assessments
}

// Assessor answers Asks. Make one with New, Close it.
type Assessor struct {
	store     Store
	predictor fraud.Predictor
	meter     fraud.Meter
	batcher   *batch.Batcher[Ask, fraud.Assessment]
	recording chan struct{} // a token: one batch records while the next is on its way
	pace      pace
}

// New makes an Assessor. As many batches are on their way to the model at once
// as the predictor does well, unless opts says how many.
func New(store Store, predictor fraud.Predictor, meter fraud.Meter, opts batch.Options) (*Assessor, error) {
	a := &Assessor{store: store, predictor: predictor, meter: meter, recording: make(chan struct{}, 1)}
	if opts.InFlight == 0 {
		opts.Slots = predictor.Slots
	}
	var err error
	a.batcher, err = batch.New(opts, a.run)
	return a, err
}

// SetMaxWait changes how long asks may have to wait, from the next one on.
func (a *Assessor) SetMaxWait(wait time.Duration) { a.batcher.SetMaxWait(wait) }

// Queue tells how busy it is.
func (a *Assessor) Queue() batch.State { return a.batcher.State() }

// Close waits for the answers under way and refuses further asks.
func (a *Assessor) Close(ctx context.Context) error { return a.batcher.Close(ctx) }

// Assess answers one ask. It returns once the assessment is durable.
func (a *Assessor) Assess(ctx context.Context, ask Ask) (fraud.Assessment, error) {
	ask.since, ask.span = time.Now(), fraud.SpanOf(ctx)
	answer, err := a.batcher.Do(ctx, ask.By, ask)
	return answer, refused(err)
}

// AssessMany answers each ask of one key, in order. An error beside the answers
// means that none of them was taken in.
func (a *Assessor) AssessMany(ctx context.Context, by string, asks []Ask) ([]Answer, error) {
	now, span := time.Now(), fraud.SpanOf(ctx)
	for i := range asks {
		asks[i].since, asks[i].span = now, span
	}
	answers, err := a.batcher.DoMany(ctx, by, asks)
	return answers, refused(err)
}

// run takes a batch through the three stages. Once the model has answered, the
// next batch may leave: it is looked up and predicted while this one is recorded.
func (a *Assessor) run(ctx context.Context, asks []Ask, free func()) []Answer {
	clock := stopwatch{meter: a.meter, last: time.Now()}
	clock.queued(asks)
	ctx, span := traceBatch(ctx, asks, clock.last)
	s := a.lookUp(clock.enter(ctx, fraud.StageLookUp), asks)
	clock.lap(fraud.StageLookUp)
	if open := s.open(); len(open) > 0 {
		a.predict(clock.enter(ctx, fraud.StagePredict), open)
		clock.lap(fraud.StagePredict)
	}
	if open := s.open(); len(open) > 0 {
		a.recordInTurn(clock.enter(ctx, fraud.StageRecord), open, free)
		clock.lap(fraud.StageRecord)
	}
	s.count(a.meter)
	s.endTrace(span)
	return clock.answered(&a.pace, asks, s.answers())
}

// lookUp records the transactions that came along, and finds every row's facts
// and what the model now serving has said about it before.
func (a *Assessor) lookUp(ctx context.Context, asks []Ask) *sheet {
	s := newSheet(asks, a.recordTransactions(ctx, asks))
	if len(s.rows) == 0 {
		return s
	}
	// Without a model the look-up still tells which transactions are known.
	model, modelErr := a.predictor.Model()
	found, err := a.store.LookUp(ctx, s.ids(), model.Version)
	if err == nil && len(found) != len(s.rows) {
		err = fmt.Errorf("%d rows for %d IDs", len(found), len(s.rows))
	}
	for i := range s.rows {
		switch row := &s.rows[i]; {
		case err != nil:
			row.err = fmt.Errorf("look up: %w", err)
		case found[i].Err != nil:
			row.err = found[i].Err
		case found[i].Assessment != nil:
			row.assessment, row.assessed = *found[i].Assessment, true
			row.assessment.FromRecord = true
		case modelErr != nil:
			row.err = modelErr
		default:
			row.transaction = found[i].Transaction
		}
	}
	return s
}

// recordTransactions records what came along, and returns for each ask why it
// may not go on, such as FACTS_DIFFER, or nil.
func (a *Assessor) recordTransactions(ctx context.Context, asks []Ask) []error {
	refused := make([]error, len(asks))
	var bring []int
	var transactions []fraud.Transaction
	for i := range asks {
		if t := asks[i].Transaction; t != nil {
			bring = append(bring, i)
			transactions = append(transactions, *t)
		}
	}
	if len(bring) == 0 {
		return refused
	}
	results, err := a.store.Record(ctx, transactions)
	if err == nil && len(results) != len(bring) {
		err = fmt.Errorf("%d results for %d transactions", len(results), len(bring))
	}
	for i, ask := range bring {
		if err != nil {
			refused[ask] = fmt.Errorf("record transactions: %w", err)
			continue
		}
		refused[ask] = results[i].Err
	}
	return refused
}

// predict has the model score the rows that it has not assessed before.
func (a *Assessor) predict(ctx context.Context, open []*row) {
	rows := make([]fraud.Recorded, len(open))
	for i, row := range open {
		rows[i] = row.transaction
	}
	said, err := a.predictor.Predict(ctx, rows)
	if err == nil && len(said.Rows) != len(rows) {
		err = fraud.PredictorUnavailable("the model could not answer", fmt.Errorf("%d predictions for %d rows", len(said.Rows), len(rows)))
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	for i, row := range open {
		switch {
		case err != nil:
			row.err = err
		case said.Rows[i].Err != nil:
			row.err = said.Rows[i].Err
		default:
			row.assessment = fraud.Assessment{
				Transaction: row.transaction, ModelVersion: said.ModelVersion,
				Label: said.Rows[i].Label, Probability: said.Rows[i].Probability, Threshold: said.Threshold,
				AssessedAt: now, AssessedBy: row.by,
			}
		}
	}
}

// recordInTurn keeps the slot until the batch before is recorded, so that a slow
// disk holds batches back rather than piling them up.
func (a *Assessor) recordInTurn(ctx context.Context, open []*row, free func()) {
	a.recording <- struct{}{}
	defer func() { <-a.recording }()
	free()
	a.record(ctx, open)
}

// record makes the new assessments durable. What was recorded first stands: if
// another batch was faster, its answer is everybody's.
func (a *Assessor) record(ctx context.Context, open []*row) {
	assessments := make([]fraud.Assessment, len(open))
	for i, row := range open {
		assessments[i] = row.assessment
	}
	recorded, err := a.store.RecordAssessments(ctx, assessments)
	if err == nil && len(recorded) != len(open) {
		err = fmt.Errorf("recorded %d of %d", len(recorded), len(open))
	}
	for i, row := range open {
		if err != nil {
			row.err = fmt.Errorf("record assessments: %w", err)
			continue
		}
		row.assessment, row.assessed = recorded[i], true
	}
}
