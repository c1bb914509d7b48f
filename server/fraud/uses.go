package fraud

import "context"

// Uses is a store by which gateways tell one another what callers have of them, so
// that limits hold for all gateways together. What it holds is of the moment: it may
// forget.
type Uses interface {
	// ShareUses replaces what a gateway has told of the callers in mine, and returns
	// what others told of theirs in the last seconds.
	ShareUses(ctx context.Context, gateway string, mine []Use) (others []Use, err error)
}

// Use is what a caller has of one gateway.
type Use struct {
	Gateway string // tells it from others, and from the same before it was started anew
	Caller  string // as limits tell callers apart
	Items   int64  // asked about since the gateway began
	Calls   int    // under way
	Streams int    // under way
}
