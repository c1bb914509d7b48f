package main

import (
	"errors"
	"fmt"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
)

// remote is where the client commands find the service.
type remote struct {
	Server string `help:"Where the service listens." default:"http://127.0.0.1:8080" env:"BRRR_SERVER"`
	Key    string `help:"Key to call with. Better given in the environment, where ps does not show it." env:"BRRR_KEY"`
}

func (r remote) dial(options ...connect.ClientOption) (client.Client, error) {
	if r.Key == "" {
		return nil, errors.New("no key: set BRRR_KEY (brrr keys create makes one)")
	}
	return client.New(r.Server, r.Key, options...), nil
}

// explain words an error for a terminal: the service's own message, and the
// stable reason behind it.
func explain(err error) error {
	var failed *connect.Error
	if !errors.As(err, &failed) {
		return err
	}
	if reason := client.Reason(err); reason != "" {
		return fmt.Errorf("%s (%s)", failed.Message(), reason)
	}
	return fmt.Errorf("the service did not answer: %s", failed.Message())
}
