package fraud

import "context"

// Predictor is the model, wherever it runs. Its errors are *Error with
// PREDICTOR_UNAVAILABLE, or the context's. An answer that is short, not finite
// or out of range is an error, never mended.
type Predictor interface {
	// Model describes the model now serving, as last seen. It does not call the
	// model.
	Model() (Model, error)
	// Slots is how many calls of Predict are best under way at once, at least 1.
	Slots() int
	// Predict scores rows, in order. Row errors are the items' own; the error
	// beside them means that no row was scored.
	Predict(ctx context.Context, rows []Recorded) (Predictions, error)
	// Explain tells why the model scores rows as it does. UNIMPLEMENTED if it
	// cannot.
	Explain(ctx context.Context, rows []Recorded) (Explanations, error)
}
