package rpc

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"math"
	"time"

	"google.golang.org/protobuf/proto"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const defaultPageSize = 50

// pageSize is how many items to show. The rules of the request bound it.
func pageSize(asked int32) int {
	if asked == 0 {
		return defaultPageSize
	}
	return int(asked)
}

// A page token holds the last item's place and a fingerprint of the list. It is
// no secret: one that is made up can only lead to another place in a list that
// the caller may read anyway.
const pageTokenBytes = 32

func pageToken(next *fraud.Cursor, req proto.Message) string {
	if next == nil {
		return ""
	}
	raw := make([]byte, 0, pageTokenBytes)
	raw = binary.BigEndian.AppendUint64(raw, fingerprint(req))
	raw = binary.BigEndian.AppendUint64(raw, uint64(next.Seq))
	raw = binary.BigEndian.AppendUint64(raw, math.Float64bits(next.Probability))
	raw = binary.BigEndian.AppendUint64(raw, uint64(next.AssessedAt.UnixMicro()))
	return base64.RawURLEncoding.EncodeToString(raw)
}

func parsePageToken(token string, req proto.Message) (*fraud.Cursor, error) {
	if token == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != pageTokenBytes {
		return nil, fraud.InvalidArgument("page_token", "must be a next_page_token of this service")
	}
	if binary.BigEndian.Uint64(raw) != fingerprint(req) {
		return nil, fraud.InvalidArgument("page_token", "must be used with the call, filter and order that it was made for")
	}
	c := &fraud.Cursor{
		Seq:         int64(binary.BigEndian.Uint64(raw[8:])),
		Probability: math.Float64frombits(binary.BigEndian.Uint64(raw[16:])),
		AssessedAt:  time.UnixMicro(int64(binary.BigEndian.Uint64(raw[24:]))),
	}
	if c.Seq < 1 || !(c.Probability >= 0 && c.Probability <= 1) {
		return nil, fraud.InvalidArgument("page_token", "must be a next_page_token of this service")
	}
	return c, nil
}

// fingerprint tells lists apart: by the call, and by what it lists in which
// order.
func fingerprint(req proto.Message) uint64 {
	h := fnv.New64a()
	h.Write([]byte(req.ProtoReflect().Descriptor().FullName()))
	if list, ok := req.(*fraudactivityv1.ListFraudActivityRequest); ok {
		what := &fraudactivityv1.ListFraudActivityRequest{Filter: list.Filter, Order: list.Order}
		raw, _ := proto.MarshalOptions{Deterministic: true}.Marshal(what)
		h.Write(raw)
	}
	return h.Sum64()
}
