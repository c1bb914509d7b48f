package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
)

func at(seconds int64) *timestamppb.Timestamp { return &timestamppb.Timestamp{Seconds: seconds} }

// answer is what a call came to, as any protocol tells it.
type answer struct {
	activity *fraudactivityv1.FraudActivity
	code     string // Connect's spelling; empty for success
	reason   string
	message  string
}

// protocols are all the ways to call GetFraudActivity. An empty key sends none.
var protocols = map[string]func(t *testing.T, url, key, id string) answer{
	"REST path, HTTP/1.1": func(t *testing.T, url, key, id string) answer {
		return postJSON(t, url+"/api/FraudActivity", key, id)
	},
	"Connect JSON, HTTP/1.1": func(t *testing.T, url, key, id string) answer {
		return postJSON(t, url+fraudactivityv1connect.FraudActivityServiceGetFraudActivityProcedure, key, id)
	},
	"Connect, Go client, HTTP/2": func(t *testing.T, url, key, id string) answer {
		return callConnect(t, client.New(url, key), id)
	},
	"gRPC, Go client, HTTP/2": func(t *testing.T, url, key, id string) answer {
		return callConnect(t, client.New(url, key, connect.WithGRPC()), id)
	},
	"gRPC-Web, Go client, HTTP/1.1": func(t *testing.T, url, key, id string) answer {
		return callConnect(t, client.NewWithHTTP(http1, url, key, connect.WithGRPCWeb()), id)
	},
	"gRPC, grpc-go":                callGRPCGo,
	"gRPC, buf curl by reflection": callBufCurl,
	"gRPC-Web, TypeScript (connect-web)": func(t *testing.T, url, key, id string) answer {
		return callTypeScript(t, "grpc-web", url, key, id)
	},
	"Connect, TypeScript (connect-web)": func(t *testing.T, url, key, id string) answer {
		return callTypeScript(t, "connect", url, key, id)
	},
	"gRPC, TypeScript (connect-node)": func(t *testing.T, url, key, id string) answer {
		return callTypeScript(t, "grpc", url, key, id)
	},
}

// TestEveryProtocolAnswersAndRefusesAlike posts the same five calls in every
// protocol, to the real server with the real model.
func TestEveryProtocolAnswersAndRefusesAlike(t *testing.T) {
	s := startServer(t)
	s.awaitModel(t)
	s.recordSome(t)
	s.keys["without ASSESS"] = newKeyWithout(t, s)
	cases := map[string]struct{ key, id, code, reason, says string }{
		"answer":       {"client", demoTransaction, "", "", ""},
		"no key":       {"none", demoTransaction, "unauthenticated", "UNAUTHENTICATED", "no key"},
		"no ASSESS":    {"without ASSESS", demoTransaction, "permission_denied", "PERMISSION_DENIED", "ASSESS"},
		"unknown ID":   {"client", "nobody-recorded-this", "not_found", "TRANSACTION_UNKNOWN", "nobody-recorded-this"},
		"malformed ID": {"client", "not an id", "invalid_argument", "INVALID_ARGUMENT", "transaction_id: does not match regex pattern"},
		"long ID":      {"client", strings.Repeat("a", 129), "invalid_argument", "INVALID_ARGUMENT", "transaction_id: must be at most 128 characters"},
	}
	want := callConnect(t, s.client("client"), demoTransaction).activity
	for protocol, call := range protocols {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			for name, c := range cases {
				got := call(t, s.url, s.keys[c.key], c.id)
				if got.code != c.code || got.reason != c.reason || !strings.Contains(got.message, c.says) {
					t.Errorf("%s: code %q, reason %q, message %q; want %q, %q, …%s…", name, got.code, got.reason, got.message, c.code, c.reason, c.says)
				}
				if c.code == "" && !proto.Equal(got.activity, want) {
					t.Errorf("%s: %v, want %v", name, got.activity, want)
				}
			}
		})
	}
}

// newKeyWithout makes a key whose role this program does not know, as one of a
// newer version might: it may do nothing.
func newKeyWithout(t *testing.T, s *testServer) string {
	t.Helper()
	token := newKey(t, s.store, "client")
	return changeRole(t, s, token, "auditor")
}

func postJSON(t *testing.T, url, key, id string) answer {
	t.Helper()
	return postJSONOver(t, http1, url, key, id)
}

func postJSONOver(t *testing.T, over *http.Client, url, key, id string) answer {
	t.Helper()
	body, _ := json.Marshal(map[string]string{"transaction_id": id})
	res, raw := postOver(t, over, url, key, string(body))
	if res.StatusCode != http.StatusOK {
		return jsonError(t, raw)
	}
	var keys map[string]any
	if err := json.Unmarshal(raw, &keys); err != nil || len(keys) != 3 {
		t.Fatalf("body %s, want exactly three keys", raw)
	}
	return answer{activity: &fraudactivityv1.FraudActivity{TransactionId: keys["transaction_id"].(string),
		PredictedLabel: keys["predicted_label"].(bool), FraudProbability: keys["fraud_probability"].(float64)}}
}

// post1 posts JSON over HTTP/1.1, without the help of any client of ours.
func post1(t *testing.T, url, key, body string) (*http.Response, []byte) {
	t.Helper()
	return postOver(t, http1, url, key, body)
}

func postOver(t *testing.T, over *http.Client, url, key, body string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := over.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, raw
}

// jsonError reads an error as Connect's JSON shows it.
func jsonError(t *testing.T, raw []byte) answer {
	t.Helper()
	var e struct {
		Code, Message string
		Details       []struct{ Type, Value string }
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	a := answer{code: e.Code, message: e.Message}
	for _, d := range e.Details {
		if d.Type == "google.rpc.ErrorInfo" {
			var info errdetails.ErrorInfo
			value, err := base64.RawStdEncoding.DecodeString(d.Value)
			if err := errors.Join(err, proto.Unmarshal(value, &info)); err != nil || info.Domain != "fraudactivity" {
				t.Fatalf("ErrorInfo %v: %v", &info, err)
			}
			a.reason = info.Reason
		}
	}
	return a
}

func callConnect(t *testing.T, c client.Client, id string) answer {
	t.Helper()
	activity, err := c.GetFraudActivity(t.Context(), &fraudactivityv1.GetFraudActivityRequest{TransactionId: id})
	var failed *connect.Error
	if errors.As(err, &failed) {
		return answer{code: failed.Code().String(), reason: client.Reason(err), message: failed.Message()}
	}
	return answer{activity: activity}
}

// callGRPCGo calls with the other gRPC implementation in Go.
func callGRPCGo(t *testing.T, url, key, id string) answer {
	t.Helper()
	return callGRPCGoWith(t, insecure.NewCredentials(), strings.TrimPrefix(url, "http://"), key, id)
}

func callGRPCGoWith(t *testing.T, how credentials.TransportCredentials, address, key, id string) answer {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(how))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx := t.Context()
	if key != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+key)
	}
	activity := &fraudactivityv1.FraudActivity{}
	err = conn.Invoke(ctx, fraudactivityv1connect.FraudActivityServiceGetFraudActivityProcedure,
		&fraudactivityv1.GetFraudActivityRequest{TransactionId: id}, activity)
	if err == nil {
		return answer{activity: activity}
	}
	s := status.Convert(err)
	a := answer{code: connect.Code(s.Code()).String(), message: s.Message()}
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			a.reason = info.Reason
		}
	}
	return a
}

// callBufCurl learns the contract by reflection.
func callBufCurl(t *testing.T, url, key, id string) answer {
	t.Helper()
	body, _ := json.Marshal(map[string]string{"transaction_id": id})
	args := []string{"curl", "--protocol=grpc", "--http2-prior-knowledge", "-d", string(body)}
	if key != "" {
		args = append(args, "-H", "Authorization: Bearer "+key)
	}
	out, ok := runTool(t, filepath.Join(root, "node_modules/.bin/buf"), append(args, url+fraudactivityv1connect.FraudActivityServiceGetFraudActivityProcedure)...)
	if !ok {
		return jsonError(t, out)
	}
	return camelJSON(t, out)
}

func callTypeScript(t *testing.T, protocol, url, key, id string) answer {
	t.Helper()
	out, ok := runTool(t, "node", filepath.Join(root, "client/typescript/test/call.mjs"), protocol, url, key, id)
	if !ok {
		var e struct{ Code, Reason, Message string }
		if err := json.Unmarshal(out, &e); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		return answer{code: e.Code, reason: e.Reason, message: e.Message}
	}
	return camelJSON(t, out)
}

// runTool returns what a command prints on success, or on standard error.
func runTool(t *testing.T, name string, args ...string) ([]byte, bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = root
	var out, failed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &failed
	if err := cmd.Run(); err != nil {
		return failed.Bytes(), false
	}
	return out.Bytes(), true
}

func camelJSON(t *testing.T, raw []byte) answer {
	t.Helper()
	var a struct {
		TransactionID    string  `json:"transactionId"`
		PredictedLabel   bool    `json:"predictedLabel"`
		FraudProbability float64 `json:"fraudProbability"`
	}
	if err := json.Unmarshal(raw, &a); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return answer{activity: &fraudactivityv1.FraudActivity{TransactionId: a.TransactionID, PredictedLabel: a.PredictedLabel, FraudProbability: a.FraudProbability}}
}
