package rpc

import (
	"strings"
	"testing"

	"buf.build/go/protovalidate"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// What is let in without asking protovalidate must be what it would let in.
func FuzzWhatSurelyHoldsHoldsToTheContract(f *testing.F) {
	for _, id := range []string{"", "a", "A.z_0:9-", "ü", "a b", "a\n", "a/b", "[", "`", "{", "@", "\xff", strings.Repeat("x", 128), strings.Repeat("x", 129)} {
		f.Add(id, int32(0))
		f.Add(id, int32(3))
		f.Add(id, int32(4))
		f.Add(id, int32(-1))
	}
	f.Fuzz(func(t *testing.T, id string, view int32) {
		get := &fraudactivityv1.GetFraudActivityRequest{TransactionId: id, View: fraudactivityv1.View(view)}
		if holds, err := surelyHolds(get), protovalidate.Validate(get); holds != (err == nil) {
			t.Errorf("%q, view %d: surely holds %v, protovalidate says %v", id, view, holds, err)
		}
	})
}
