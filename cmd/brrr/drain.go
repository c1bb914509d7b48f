package main

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// farewellEvery is how often connections are told that the server stops.
const farewellEvery = 500 * time.Millisecond

// shutDown waits until the calls under way at server are answered, or for the
// context's end. Go tells the HTTP/2 connections that there are, once. One whose
// caller opened it just then and brings no call on it would be waited for until its
// idle timeout, so it is told again.
func shutDown(ctx context.Context, server *http.Server) error {
	for {
		farewell, cancel := context.WithTimeout(ctx, farewellEvery)
		err := server.Shutdown(farewell)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return err
		}
	}
}
