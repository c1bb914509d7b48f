package main

import (
	"context"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/wassef911/grpcgoesbrrr/client"
	"github.com/wassef911/grpcgoesbrrr/server/access/issuertest"
)

// caller calls one procedure over one wire, whatever its messages are.
type caller struct {
	method         protoreflect.MethodDescriptor
	plain, garbled *connect.Client[dynamicpb.Message, emptypb.Empty]
}

func newCaller(t *testing.T, url string, method protoreflect.MethodDescriptor, over connect.HTTPClient, options []connect.ClientOption) caller {
	t.Helper()
	url += "/" + string(method.Parent().FullName()) + "/" + string(method.Name())
	return caller{method, connect.NewClient[dynamicpb.Message, emptypb.Empty](over, url, options...),
		connect.NewClient[dynamicpb.Message, emptypb.Empty](over, url, append(options[:len(options):len(options)], connect.WithCodec(garbage{}))...)} // the last codec stands
}

func (c caller) send(t *testing.T, token, body string) error {
	t.Helper()
	msg := dynamicpb.NewMessage(c.method.Input())
	if err := protojson.Unmarshal([]byte(body), msg); err != nil {
		t.Fatal(err)
	}
	return c.call(t, c.plain, token, msg)
}

func (c caller) garbage(t *testing.T, token string) error {
	t.Helper()
	return c.call(t, c.garbled, token, dynamicpb.NewMessage(c.method.Input()))
}

// call makes the call, of a stream until its first message.
func (c caller) call(t *testing.T, over *connect.Client[dynamicpb.Message, emptypb.Empty], token string, msg *dynamicpb.Message) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req := connect.NewRequest(msg)
	if token != "" {
		req.Header().Set("Authorization", "Bearer "+token)
	}
	if !c.method.IsStreamingServer() {
		_, err := over.CallUnary(ctx, req)
		return err
	}
	stream, err := over.CallServerStream(ctx, req)
	if err != nil {
		return err
	}
	stream.Receive()
	err = stream.Err()
	cancel()
	stream.Close()
	return err
}

func answerOf(err error) answer {
	var failed *connect.Error
	if errors.As(err, &failed) {
		return answer{code: failed.Code().String(), reason: client.Reason(err), message: failed.Message()}
	}
	return answer{}
}

// garbage writes what nobody can read, and reads what others write.
type garbage struct{}

func (garbage) Name() string                      { return "proto" }
func (garbage) Marshal(any) ([]byte, error)       { return []byte("\xff\xff\xff"), nil }
func (garbage) MarshalStable(any) ([]byte, error) { return []byte("\xff\xff\xff"), nil }
func (garbage) IsBinary() bool                    { return true }
func (garbage) Unmarshal(data []byte, into any) error {
	return proto.Unmarshal(data, into.(proto.Message))
}

// briefly is a call's time that ends before repeats do.
func briefly(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// startIssuerTLS starts an issuer whose CA stands in a file.
func startIssuerTLS(t *testing.T) (*issuertest.Issuer, string) {
	t.Helper()
	issuer := issuertest.New(t)
	url, ca := serveTLS(t, func(string) http.HandlerFunc { return issuer.ServeHTTP })
	issuer.URL = url
	return issuer, ca
}

// serveTLS serves what is made for its URL. Its CA stands in a file.
func serveTLS(t *testing.T, answers func(url string) http.HandlerFunc) (url, ca string) {
	t.Helper()
	var handler http.HandlerFunc
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler(w, r) }))
	url = "https://" + server.Listener.Addr().String()
	handler = answers(url)
	server.StartTLS()
	t.Cleanup(server.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	writeTo(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	return url, ca
}
