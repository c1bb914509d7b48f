package access

import "context"

// Caller is who calls.
type Caller struct {
	KeyID string
	Name  string
	Role  string
}

type callerKey struct{}

// WithCaller adds the caller to the context.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerFrom finds the caller that the gate let in.
func CallerFrom(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
