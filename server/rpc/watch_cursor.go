package rpc

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// A cursor of the feed holds its version and a position. It is no secret: one
// that is made up can only lead to another place in what the caller may read
// anyway.
const (
	cursorVersion = 1
	cursorBytes   = 17
)

func cursor(p fraud.Position) string {
	raw := make([]byte, 1, cursorBytes)
	raw[0] = cursorVersion
	raw = binary.BigEndian.AppendUint64(raw, uint64(p.Assessment))
	raw = binary.BigEndian.AppendUint64(raw, uint64(p.Outcome))
	return base64.RawURLEncoding.EncodeToString(raw)
}

func parseCursor(text string) (*fraud.Position, error) {
	if text == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != cursorBytes || raw[0] != cursorVersion {
		return nil, errNoCursor()
	}
	p := &fraud.Position{Assessment: int64(binary.BigEndian.Uint64(raw[1:])), Outcome: int64(binary.BigEndian.Uint64(raw[9:]))}
	if p.Assessment < 0 || p.Outcome < 0 {
		return nil, errNoCursor()
	}
	return p, nil
}

func errNoCursor() error {
	return fraud.InvalidArgument("cursor", "must be that of a message of WatchFraudActivity")
}
