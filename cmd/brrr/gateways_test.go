package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

func TestOfGatewaysThatStartTogetherOnePrintsTheFirstKey(t *testing.T) {
	t.Parallel()
	url := migrated(t)
	var said [3]bytes.Buffer
	var apps [3]*app
	for i := range apps {
		apps[i] = startOn(t, t.TempDir(), "--store="+url, noModel)
	}
	var starts sync.WaitGroup
	for i, app := range apps {
		starts.Go(func() {
			if err := firstKey(t.Context(), app, streams{nil, &said[i], nil}); err != nil {
				t.Error(err)
			}
		})
	}
	starts.Wait()
	keys, err := apps[0].store.ListKeys(t.Context())
	if err != nil || len(keys) != 1 {
		t.Fatalf("keys %v, %v", keys, err)
	}
	if all := said[0].String() + said[1].String() + said[2].String(); strings.Count(all, "\nbrrr_"+keys[0].ID+"_") != 1 || strings.Count(all, "\nbrrr_") != 1 {
		t.Errorf("the gateways print %q; there is the key %s", all, keys[0].ID)
	}
}

func TestAKeyMadeOrRevokedElsewhereIsKnownToEveryGateway(t *testing.T) {
	t.Parallel()
	f := startGateways(t, noModel)
	code, out, errs := command(t, "keys", "create", "--name=shop", "--role=admin", "--store="+f.store)
	if code != exitDone {
		t.Fatal(errs)
	}
	key := strings.TrimSpace(out)
	f.keys["shop"] = key
	for _, gateway := range f.each() {
		if _, err := gateway.client("shop").GetCaller(t.Context(), &fraudactivityv1.GetCallerRequest{}); err != nil {
			t.Errorf("a new key: %v", err)
		}
	}
	id := strings.Split(key, "_")[1]
	if code, _, errs := command(t, "keys", "revoke", id, "--store="+f.store); code != exitDone {
		t.Fatal(errs)
	}
	for _, gateway := range f.each() {
		await(t, "the refusal of a revoked key", func() bool {
			_, err := gateway.client("shop").GetCaller(t.Context(), &fraudactivityv1.GetCallerRequest{})
			return connect.CodeOf(err) == connect.CodeUnauthenticated
		})
	}
	code, out, errs = command(t, "audit", "--about="+id, "-o", "json", "--store="+f.store)
	for _, kind := range []fraud.ActKind{fraud.ActKeyCreated, fraud.ActKeyRevoked} {
		if code != exitDone || strings.Count(out, fmt.Sprintf("%q", kind)) != 1 {
			t.Errorf("the audit log does not tell of %s once: exit %d, %s%s", kind, code, out, errs)
		}
	}
}

// TestEveryGatewayShowsWhatAllRecordInOneOrder has both record at once, and watchers
// go on at the other one.
func TestEveryGatewayShowsWhatAllRecordInOneOrder(t *testing.T) {
	t.Parallel()
	f := startGateways(t, "--predictor="+startHost(t, amountHost{newModelHost("amount")})+","+startHost(t, amountHost{newModelHost("amount")}))
	f.awaitModels(t)
	first, second := f.watch(t, "gRPC", &watchRequest{}), f.second.watch(t, "Connect", &watchRequest{})
	var ids []string
	var mu sync.Mutex
	var recording sync.WaitGroup
	for i, gateway := range f.each() {
		recording.Go(func() {
			some := gateway.assessSome(t, fmt.Sprint("gateway", i), 400, 20)
			mu.Lock()
			defer mu.Unlock()
			ids = append(ids, some...)
		})
	}
	var saw, other, later seen
	saw.upTo(t, first, 150)
	cursor, until := saw.cursor, len(saw.ids)
	saw.upTo(t, first, 800)
	other.upTo(t, second, 800)
	recording.Wait()
	saw.checkAll(t, "at the first", ids)
	if !slices.Equal(other.ids, saw.ids) {
		t.Error("the gateways show another order each")
	}
	later.upTo(t, f.second.watch(t, "gRPC-Web, HTTP/1.1", &watchRequest{Cursor: cursor}), 800-until)
	if !slices.Equal(later.ids, saw.ids[until:]) {
		t.Error("who goes on at the other gateway sees something else than who stays")
	}

	var listed []string
	req := &fraudactivityv1.ListFraudActivityRequest{PageSize: 130}
	for i := 0; i == 0 || req.PageToken != ""; i++ {
		page, err := f.each()[i%2].client("analyst").ListFraudActivity(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.FraudActivities {
			listed = append(listed, a.TransactionId)
		}
		req.PageToken = page.NextPageToken
	}
	(&seen{ids: listed}).checkAll(t, "a list from both", ids)
}

// TestATransactionAtTwoGatewaysAtOnceIsRecordedOnce hands the same accounts' payments
// to both, in calls about one and about many.
func TestATransactionAtTwoGatewaysAtOnceIsRecordedOnce(t *testing.T) {
	t.Parallel()
	f := startGateways(t, "--predictor="+startHost(t, newModelHost("v1"))+","+startHost(t, newModelHost("v1")))
	f.awaitModels(t)
	_, all := payments("p", 300)
	var recorded [2]int
	var calls sync.WaitGroup
	for i, gateway := range f.each() {
		calls.Go(func() {
			for some := range slices.Chunk(all[:200], 20) {
				res, err := gateway.client("backend").RecordTransactions(t.Context(), &fraudactivityv1.RecordTransactionsRequest{Transactions: some})
				if err != nil {
					t.Error(err)
					return
				}
				for _, r := range res.Results {
					if r.GetStatus() == fraudactivityv1.RecordStatus_RECORD_STATUS_RECORDED {
						recorded[i]++
					}
				}
			}
		})
		calls.Go(func() {
			for _, one := range all[200:] {
				if _, err := gateway.client("backend").AssessTransaction(t.Context(), &fraudactivityv1.AssessTransactionRequest{Transaction: one}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	calls.Wait()
	if recorded[0]+recorded[1] != 200 {
		t.Errorf("%d and %d of 200 were recorded", recorded[0], recorded[1])
	}
	for _, gateway := range f.each() {
		var ids []string
		for _, one := range all[:200] {
			ids = append(ids, one.TransactionId)
		}
		gateway.check(t, ids...)
	}
	numbers := map[string][]int32{}
	for _, got := range readRecord(t, f.client("analyst"), nil) {
		account := got.Assessment.Facts.AccountId
		numbers[account] = append(numbers[account], got.Assessment.Facts.NumberOfTransactions)
	}
	for account, of := range numbers {
		slices.Sort(of)
		for i, number := range of {
			if len(of) != 30 || number != int32(i+1) {
				t.Fatalf("%s has %d transactions; place %d has number %d", account, len(of), i+1, number)
			}
		}
	}
	if len(numbers) != 10 {
		t.Errorf("%d accounts", len(numbers))
	}
}

func TestAModelThatIsSwitchedIsSeenByEveryGateway(t *testing.T) {
	t.Parallel()
	var version atomic.Value
	version.Store("v1")
	host := &modelHost{about: func() *fraud_detection.GetModelResponse { return describeHost(version.Load().(string)) }}
	f := startGateways(t, "--predictor="+startHost(t, host)+","+startHost(t, host))
	f.awaitModels(t)
	f.recordSome(t)
	f.check(t, "first")
	version.Store("v2")
	for _, gateway := range f.each() {
		await(t, "the new model", func() bool {
			model, err := gateway.client("analyst").GetModel(t.Context(), &fraudactivityv1.GetModelRequest{})
			return err == nil && model.Version == "v2"
		})
	}
	f.second.check(t, "first", "second")
	f.check(t, "first", "second")
	record := readRecord(t, f.client("analyst"), nil) // refuses any that stand twice
	if len(record) != 3 || record["first by v1"] == nil || record["first by v2"] == nil || record["second by v2"] == nil {
		t.Errorf("the record has %v", record)
	}
}
