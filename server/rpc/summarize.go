package rpc

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// SummarizeFraudActivity counts assessments and outcomes over time.
func (s *service) SummarizeFraudActivity(ctx context.Context, req *fraudactivityv1.SummarizeFraudActivityRequest) (*fraudactivityv1.SummarizeFraudActivityResponse, error) {
	from, to := req.From.AsTime(), req.To.AsTime()
	if !from.Before(to) {
		return nil, fraud.InvalidArgument("to", "must be after from")
	}
	buckets := divide(from, to, int64(req.Buckets))
	counted, err := s.Store.Summarize(ctx, buckets)
	if err != nil {
		return nil, err
	}
	return fromBuckets(buckets, counted), nil
}

// divide covers all from one time to another with at most so many buckets of
// whole minutes, or of whole hours where they are as long as that.
func divide(from, to time.Time, most int64) fraud.Buckets {
	first, end := from.Unix()/60, upTo(to.Unix(), 60)
	if to.Nanosecond() > 0 {
		end = to.Unix()/60 + 1
	}
	width := upTo(end-first, most)
	if width >= 60 {
		first -= first % 60
		end = upTo(end, 60) * 60
		width = upTo(upTo(end-first, 60), most) * 60
	}
	return fraud.Buckets{From: time.Unix(first*60, 0).UTC(), Minutes: width, Number: int(upTo(end-first, width))}
}

// upTo divides and rounds up.
func upTo(n, by int64) int64 { return (n + by - 1) / by }

func fromBuckets(of fraud.Buckets, counted []fraud.Bucket) *fraudactivityv1.SummarizeFraudActivityResponse {
	out := &fraudactivityv1.SummarizeFraudActivityResponse{
		Buckets:              make([]*fraudactivityv1.SummarizeFraudActivityResponse_Bucket, len(counted)),
		ProbabilityHistogram: make([]int64, fraud.HistogramBins),
		BucketWidth:          &durationpb.Duration{Seconds: of.Minutes * 60}, // it may be longer than a time.Duration
	}
	for i, b := range counted {
		shown := &fraudactivityv1.SummarizeFraudActivityResponse_Bucket{
			Start:    &timestamppb.Timestamp{Seconds: of.From.Unix() + int64(i)*of.Minutes*60},
			Assessed: b.Assessed, Flagged: b.Flagged, OutcomeFraud: b.Frauds, OutcomeLegitimate: b.Legitimates,
			FlaggedOutcomeFraud: b.FlaggedFrauds, FlaggedOutcomeLegitimate: b.FlaggedLegitimates,
		}
		if b.Assessed > 0 {
			shown.ProbabilityHistogram = b.Histogram[:]
		}
		for bin, n := range b.Histogram {
			out.ProbabilityHistogram[bin] += n
		}
		out.Buckets[i] = shown
	}
	return out
}
