package rpc

import (
	"sync"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// encoded is a message that many streams send. Each codec writes it once: of
// what a stream costs, that was the larger part after the system call.
type encoded struct {
	wire, json func() ([]byte, error)
}

func encode(m *fraudactivityv1.WatchFraudActivityResponse) *encoded {
	return &encoded{
		wire: sync.OnceValues(func() ([]byte, error) { return toWire.Marshal(m) }),
		json: sync.OnceValues(func() ([]byte, error) { return toJSON.Marshal(m) }),
	}
}

// appendOnce appends what is written once.
func appendOnce(to []byte, write func() ([]byte, error)) ([]byte, error) {
	written, err := write()
	return append(to, written...), err
}
