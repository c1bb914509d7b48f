package main

import (
	"context"
	"fmt"
	"time"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

type watchCmd struct {
	remote
	filterFlags
	Outcomes bool   `help:"Also every outcome that is reported, of whatever transaction."`
	Cursor   string `help:"Go on after this point, which each message of -o json bears. From now, if not given."`
	Rate     *int32 `help:"At most so many assessments a second, the newest, and how many were left out; 0: every one. 20 on a terminal and 0 elsewhere, if not given."`
	output
}

// readable is how many rows a second a person can look at.
const readable = 20

// Run watches until it is interrupted, which is how it is meant to end.
func (c *watchCmd) Run(ctx context.Context, io streams) error {
	service, err := c.dial()
	if err != nil {
		return err
	}
	req := &fraudactivityv1.WatchFraudActivityRequest{Filter: c.filter(), Cursor: c.Cursor, Outcomes: c.Outcomes}
	switch {
	case c.Rate != nil:
		req.MaxPerSecond = *c.Rate
	case io.screen().width > 0:
		req.MaxPerSecond = readable
	}
	show := newWatchTable(io, c.Outcomes).show
	if c.json() {
		show = func(m *watched) error { return printJSON(io.out, m) }
	}
	cursor := c.Cursor
	for message, err := range client.Watch(ctx, service, req, reconnects(io)) {
		switch {
		case ctx.Err() != nil:
			resumes(io, cursor)
			return nil
		case err != nil:
			return err
		}
		if err := show(message); err != nil {
			return err
		}
		cursor = message.Cursor
	}
	return nil
}

type watched = fraudactivityv1.WatchFraudActivityResponse

func reconnects(io streams) func(why error, pause time.Duration) {
	return func(why error, pause time.Duration) {
		fmt.Fprintf(io.err, "brrr: %v; connecting again in %s\n", explain(why), pause.Round(100*time.Millisecond))
	}
}

// resumes tells how to go on after the last message that was shown.
func resumes(io streams, cursor string) {
	if cursor != "" {
		fmt.Fprintf(io.err, "brrr: --cursor %s goes on from here\n", cursor)
	}
}
