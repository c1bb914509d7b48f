package peer

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
)

var row = Row{TransactionID: 7, Amount: 12.5, Time: 1_750_000_000, AgeOfAccount: 86_400, NumberOfTransactions: 3}

func TestANumberIsFoundWhereverThePathLeads(t *testing.T) {
	for path, document := range map[string]string{
		"p":              `{"p":0.25}`,
		"0":              `[0.25,1]`,
		"outputs.0.data": `{"outputs":[{"data":0.25}]}`,
	} {
		if got, err := Dig([]byte(document), path); err != nil || got != .25 {
			t.Errorf("%s in %s: %v, %v", path, document, got, err)
		}
	}
}

func TestAPathThatLeadsNowhereIsAnError(t *testing.T) {
	for name, c := range map[string][2]string{
		"no key": {"q", `{"p":1}`}, "no index": {"1", `[1]`}, "no number": {"p", `{"p":"1"}`},
		"beyond a number": {"p.q", `{"p":1}`}, "no JSON": {"p", `<html>`}, "negative": {"-1", `[1]`},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := Dig([]byte(c[1]), c[0]); err == nil {
				t.Errorf("got %v, want an error", got)
			}
		})
	}
}

func TestARowIsWrittenAsThePeerWantsIt(t *testing.T) {
	got, err := Render(`[{{.Amount}},{{.Time}},{{.AgeOfAccount}},{{.NumberOfTransactions}}]`, row)
	if err != nil || string(got) != "[12.5,1750000000,86400,3]" {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := Render(`{{.Colour}}`, row); err == nil {
		t.Error("a field that is not there was filled in")
	}
}

func TestARequestOverGRPCIsThatOfTheContract(t *testing.T) {
	repo, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	p := Peer{Dir: t.TempDir(), About: About{GRPC: GRPC{
		Proto: "proto/fraud_detection/fraud_detection.proto", Call: "fraud_detection.FraudDetectionService/PredictFraud",
		Request: `{"transaction_id":{{.TransactionID}},"amount":{{.Amount}},"number_of_transactions":{{.NumberOfTransactions}}}`,
	}}}
	method, err := p.Method(Place{Repo: repo})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := p.Request(method, row)
	if err != nil {
		t.Fatal(err)
	}
	var got fraud_detection.PredictionRequest
	if err := proto.Unmarshal(raw, &got); err != nil || got.TransactionId != 7 || got.Amount != 12.5 || got.NumberOfTransactions != 3 {
		t.Errorf("got %v, %v", &got, err)
	}
}

func TestPeersAreReadInOrderAndABrokenFileIsNamed(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"b": `{"name":"b","unavailable":"no wheel"}`, "a": `{"name":"a","http":{"path":"/p"}}`} {
		write(t, filepath.Join(dir, name, "peer.json"), text)
	}
	peers, err := All(dir)
	if err != nil || len(peers) != 2 || peers[0].Name != "a" || peers[0].HTTP.Path != "/p" || peers[1].Unavailable != "no wheel" {
		t.Errorf("got %+v, %v", peers, err)
	}
	if err := peers[1].SetUp(context.Background(), Place{}); err == nil || err.Error() != "no wheel" {
		t.Errorf("set up an unavailable peer: %v", err)
	}
	write(t, filepath.Join(dir, "c", "peer.json"), `{"name":`)
	if _, err := All(dir); err == nil || !strings.Contains(err.Error(), "c/peer.json") {
		t.Errorf("got %v, want the file's name", err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
