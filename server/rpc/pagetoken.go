package rpc

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"math"

	"google.golang.org/protobuf/proto"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// A page token holds the last item's place and a fingerprint of the filter and
// order. It is no secret: one that is made up can only lead to another place in
// a list that the caller may read anyway.
const pageTokenBytes = 24

func pageToken(next *fraud.Cursor, req *fraudactivityv1.ListFraudActivityRequest) string {
	if next == nil {
		return ""
	}
	raw := make([]byte, 0, pageTokenBytes)
	raw = binary.BigEndian.AppendUint64(raw, fingerprint(req))
	raw = binary.BigEndian.AppendUint64(raw, uint64(next.Seq))
	raw = binary.BigEndian.AppendUint64(raw, math.Float64bits(next.Probability))
	return base64.RawURLEncoding.EncodeToString(raw)
}

func parsePageToken(token string, req *fraudactivityv1.ListFraudActivityRequest) (*fraud.Cursor, error) {
	if token == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != pageTokenBytes {
		return nil, fraud.InvalidArgument("page_token", "must be a next_page_token of this service")
	}
	if binary.BigEndian.Uint64(raw) != fingerprint(req) {
		return nil, fraud.InvalidArgument("page_token", "must be used with the filter and order that it was made for")
	}
	c := &fraud.Cursor{Seq: int64(binary.BigEndian.Uint64(raw[8:])), Probability: math.Float64frombits(binary.BigEndian.Uint64(raw[16:]))}
	if c.Seq < 1 || !(c.Probability >= 0 && c.Probability <= 1) {
		return nil, fraud.InvalidArgument("page_token", "must be a next_page_token of this service")
	}
	return c, nil
}

func fingerprint(req *fraudactivityv1.ListFraudActivityRequest) uint64 {
	what := &fraudactivityv1.ListFraudActivityRequest{Filter: req.Filter, Order: req.Order}
	raw, _ := proto.MarshalOptions{Deterministic: true}.Marshal(what)
	h := fnv.New64a()
	h.Write(raw)
	return h.Sum64()
}
