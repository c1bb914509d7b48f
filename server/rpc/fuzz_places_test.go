package rpc

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// FuzzForgedPageToken forges tokens with the right fingerprint, which is no
// secret: each is refused, or leads to a page of the very list that was asked for,
// in its order.
func FuzzForgedPageToken(f *testing.F) {
	w := newFuzzed(f)
	s := &service{Config: w.cfg}
	account := &fraudactivityv1.Filter{AccountId: "card-1"}
	lists := []*fraudactivityv1.ListFraudActivityRequest{
		{}, {Order: fraudactivityv1.Order_ORDER_FRAUD_PROBABILITY}, {Filter: account}, {Filter: account, Order: fraudactivityv1.Order_ORDER_FRAUD_PROBABILITY},
	}
	whole := make([][]string, len(lists))
	for i, req := range lists {
		var err error
		if whole[i], err = listed(f.Context(), s, req, ""); err != nil || len(whole[i]) != 20 && req.Filter == nil || len(whole[i]) != 10 && req.Filter != nil {
			f.Fatalf("%v: %d, %v", req, len(whole[i]), err)
		}
	}
	labelled, err := listedLabelled(f.Context(), s, "")
	if err != nil || len(labelled) != 10 {
		f.Fatalf("%d, %v", len(labelled), err)
	}
	for i, seq := range []int64{1, 10, 20, 21, math.MaxInt64, 0, -1, math.MinInt64} {
		for _, p := range []float64{0, 0.5, 1, 2.0 / 7, math.Nextafter(1, 2), -0.1, math.Copysign(0, -1), math.NaN(), math.Inf(1)} {
			f.Add(uint8(i), seq, p, []byte(nil))
		}
	}
	f.Add(uint8(0), int64(5), 0.5, []byte("x"))
	f.Fuzz(func(t *testing.T, which uint8, seq int64, p float64, more []byte) {
		i := int(which) % len(lists)
		page, err := listed(t.Context(), s, lists[i], forged(lists[i], seq, p, more))
		wantWithin(t, page, whole[i], err)
		page, err = listedLabelled(t.Context(), s, forged(&fraudactivityv1.ListLabelledTransactionsRequest{}, seq, p, more))
		wantWithin(t, page, labelled, err)
	})
}

func forged(req proto.Message, seq int64, p float64, more []byte) string {
	raw := binary.BigEndian.AppendUint64(nil, fingerprint(req))
	raw = binary.BigEndian.AppendUint64(raw, uint64(seq))
	raw = binary.BigEndian.AppendUint64(raw, math.Float64bits(p))
	return base64.RawURLEncoding.EncodeToString(append(raw, more...))
}

func listed(ctx context.Context, s *service, req *fraudactivityv1.ListFraudActivityRequest, token string) ([]string, error) {
	page, err := s.ListFraudActivity(ctx, &fraudactivityv1.ListFraudActivityRequest{Filter: req.Filter, Order: req.Order, PageToken: token})
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, a := range page.FraudActivities {
		ids = append(ids, a.TransactionId)
	}
	return ids, nil
}

func listedLabelled(ctx context.Context, s *service, token string) ([]string, error) {
	page, err := s.ListLabelledTransactions(ctx, &fraudactivityv1.ListLabelledTransactionsRequest{PageToken: token})
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, l := range page.LabelledTransactions {
		ids = append(ids, l.TransactionId)
	}
	return ids, nil
}

// wantWithin wants what is left of a list from some place on, or a refusal.
func wantWithin(t *testing.T, page, whole []string, err error) {
	t.Helper()
	if err != nil {
		if fraud.ReasonOf(err) != fraud.ReasonInvalidArgument {
			t.Fatal(err)
		}
		return
	}
	if rest := whole[len(whole)-min(len(page), len(whole)):]; !slices.Equal(page, rest) {
		t.Fatalf("leads to %v, which is no end of %v", page, whole)
	}
}
