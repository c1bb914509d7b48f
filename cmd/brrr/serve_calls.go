package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/rpc"
)

// callFlags bound what calls may cost, and say which pages may make them.
type callFlags struct {
	CORSOrigin  []string      `help:"Origin whose pages may call, such as https://console.example. May be given again." reload:""`
	Deadline    time.Duration `help:"Of a call that brings none." default:"5s" reload:""`
	MaxDeadline time.Duration `help:"The longest that a call may bring." default:"30s"`
	MaxWait     time.Duration `help:"How long a call may have to wait for others; one that would wait longer is refused. More where the model is slow." default:"50ms" reload:""`

	MaxConnections int `help:"Connections that may be open; one more closes the one that is idle the longest." default:"10000" reload:""`

	KeyCalls          int     `help:"Calls that one key may have under way at once; 0: any number." default:"0" reload:""`
	KeyStreams        int     `help:"Streams that one key may have at once; 0: any number." default:"100" reload:""`
	KeyItemsPerSecond float64 `help:"Transactions a second that one key may ask about or record; 0: any number." default:"0" reload:""`
}

func (c *callFlags) mistakes() []error {
	wrong := slices.Concat(
		unless(c.Deadline > 0, "--deadline must be above 0"),
		unless(c.MaxDeadline > 0, "--max-deadline must be above 0"),
		unless(c.MaxWait > 0, "--max-wait must be above 0"),
		unless(c.MaxConnections >= 1, "--max-connections must be at least 1"),
	)
	if err := c.limits().Validate(); err != nil {
		wrong = append(wrong, fmt.Errorf("--key-…: %w", err))
	}
	if err := rpc.CheckOrigins(c.CORSOrigin); err != nil {
		wrong = append(wrong, err)
	}
	return wrong
}

func (c *callFlags) limits() access.Limits {
	return access.Limits{Calls: c.KeyCalls, Streams: c.KeyStreams, ItemsPerSecond: c.KeyItemsPerSecond}
}
