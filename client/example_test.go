package client_test

import (
	"context"
	"fmt"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// Example asks about a transaction that is recorded.
func Example() {
	url, stop := startService()
	defer stop()

	service := client.New(url, "brrr_id_secret")
	activity, err := service.GetFraudActivity(context.Background(),
		&fraudactivityv1.GetFraudActivityRequest{TransactionId: "Y12a34x56"})
	if err != nil {
		fmt.Println(client.Reason(err), err)
		return
	}
	fmt.Printf("%s: %v, %.2f %%\n", activity.TransactionId, activity.PredictedLabel, activity.FraudProbability)
	// Output: Y12a34x56: true, 99.99 %
}

// A call carries its caller's trace as any header: here from a context, as a tracer
// would keep it. With OpenTelemetry it is propagation.TraceContext{}.Inject(ctx,
// propagation.HeaderCarrier(req.Header())).
func Example_trace() {
	url, stop := startService()
	defer stop()

	type traceParent struct{}
	carry := connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
			if parent, ok := ctx.Value(traceParent{}).(string); ok {
				req.Header().Set("Traceparent", parent)
			}
			return next(ctx, req)
		}
	})
	service := client.New(url, "brrr_id_secret", connect.WithInterceptors(carry))
	ctx := context.WithValue(context.Background(), traceParent{}, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	activity, err := service.GetFraudActivity(ctx, &fraudactivityv1.GetFraudActivityRequest{TransactionId: "Y12a34x56"})
	fmt.Println(activity.GetPredictedLabel(), err)
	// Output: true <nil>
}

// A refusal is told by its reason, whose meaning never changes.
func ExampleReason() {
	url, stop := startService()
	defer stop()

	service := client.New(url, "brrr_id_secret")
	_, err := service.GetFraudActivity(context.Background(),
		&fraudactivityv1.GetFraudActivityRequest{TransactionId: "unheard-of"})
	switch client.Reason(err) {
	case "TRANSACTION_UNKNOWN":
		fmt.Println("record it first")
	case "":
		fmt.Println("answered, or the service was not reached:", err)
	default:
		fmt.Println(err)
	}
	// Output: record it first
}

// Items of a batch fail alone, for the reasons that single calls have.
func Example_batch() {
	url, stop := startService()
	defer stop()

	service := client.New(url, "brrr_id_secret")
	batch, err := service.BatchGetFraudActivity(context.Background(),
		&fraudactivityv1.BatchGetFraudActivityRequest{TransactionIds: []string{"Y12a34x56", "unheard-of"}})
	if err != nil {
		fmt.Println(client.Reason(err), err)
		return
	}
	for _, result := range batch.Results {
		if failed := result.GetError(); failed != nil {
			fmt.Println(result.TransactionId, failed.Reason)
			continue
		}
		fmt.Println(result.TransactionId, result.GetFraudActivity().PredictedLabel)
	}
	// Output:
	// Y12a34x56 true
	// unheard-of TRANSACTION_UNKNOWN
}

// Watch goes on over lost connections, here one after each message.
func ExampleWatch() {
	url, stop := startService()
	defer stop()

	service := client.New(url, "brrr_id_secret")
	seen := 0
	for message, err := range client.Watch(context.Background(), service, &fraudactivityv1.WatchFraudActivityRequest{}) {
		if err != nil {
			fmt.Println(client.Reason(err), err)
			return
		}
		if activity := message.GetFraudActivity(); activity != nil {
			fmt.Println(activity.TransactionId, activity.PredictedLabel)
			seen++
		}
		if seen == 2 {
			break
		}
	}
	// Output:
	// payment-1 false
	// payment-2 true
}

// A caller that would rather be refused than wait.
func ExampleWithRetries() {
	url, stop := startService()
	defer stop()

	service := client.New(url, "brrr_id_secret", client.WithRetries(0), client.WithDeadline(2*time.Second))
	_, err := service.GetModel(context.Background(), &fraudactivityv1.GetModelRequest{})
	fmt.Println(client.Reason(err))
	// Output: PREDICTOR_UNAVAILABLE
}
