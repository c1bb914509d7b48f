package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection/fraud_detectionconnect"
)

// saboteur is a model's host that asks a real one, and answers truly until it is
// told a deed. It writes gRPC by hand, so that it can break that, too.
type saboteur struct {
	url    string
	honest fraud_detectionconnect.FraudDetectionServiceClient
	deed   atomic.Pointer[deed]
	struck atomic.Int64 // how often it did it
}

// deed is a way not to answer truly. What it answers would be seen to be wrong if
// it were believed.
type deed struct {
	do func(*victim)
	// always is whether questions for the model are ill-treated, too; or else its
	// host looks well whenever it is probed.
	always bool
}

// victim is a call that is about to be answered.
type victim struct {
	w      http.ResponseWriter
	ctx    context.Context
	conn   net.Conn
	answer proto.Message // the true one
	turn   int64         // counts the deeds
}

type connKey struct{}

// startSaboteur stands in front of the real host at an address.
func startSaboteur(t *testing.T, address string) *saboteur {
	t.Helper()
	s := &saboteur{honest: fraud_detectionconnect.NewFraudDetectionServiceClient(overSocket(address), "http://predictor", connect.WithGRPC())}
	server := httptest.NewUnstartedServer(s)
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) }
	server.Start()
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	s.url = server.URL
	return s
}

// turn begins a deed; nil ends it.
func (s *saboteur) turn(d *deed) {
	s.struck.Store(0)
	s.deed.Store(d)
}

func (s *saboteur) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	body, err := io.ReadAll(r.Body)
	if err != nil || len(body) < 5 {
		fail(w, connect.CodeInvalidArgument, "no message")
		return
	}
	d := s.deed.Load()
	answer, spared, err := s.ask(r.Context(), r.URL.Path, body[5:])
	switch {
	case err != nil:
		fail(w, connect.CodeOf(err), "the host behind does not answer")
	case d == nil, spared && !d.always:
		send(w, answer)
	default:
		conn, _ := r.Context().Value(connKey{}).(net.Conn)
		d.do(&victim{w, r.Context(), conn, answer, s.struck.Add(1)})
	}
}

// ask has the real host answer, and tells whether the call only finds out how it is.
func (s *saboteur) ask(ctx context.Context, path string, message []byte) (answer proto.Message, probe bool, err error) {
	switch method := path[strings.LastIndex(path, "/")+1:]; method {
	case "PredictFraudBatch":
		req := &fraud_detection.PredictFraudBatchRequest{}
		if err := proto.Unmarshal(message, req); err != nil {
			return nil, false, err
		}
		answer, err := s.honest.PredictFraudBatch(ctx, req)
		return answer, isProbe(req), err
	case "PredictFraud":
		req := &fraud_detection.PredictionRequest{}
		if err := proto.Unmarshal(message, req); err != nil {
			return nil, false, err
		}
		answer, err := s.honest.PredictFraud(ctx, req)
		return answer, req.TransactionId == 0, err
	case "GetModel":
		answer, err := s.honest.GetModel(ctx, &fraud_detection.GetModelRequest{})
		return answer, true, err
	default:
		return nil, false, connect.NewError(connect.CodeUnimplemented, errors.New(method))
	}
}

// isProbe knows the payment that the gateway asks about to find out how a host is.
func isProbe(req *fraud_detection.PredictFraudBatchRequest) bool {
	return req.Rows == 1 && len(req.Columns) > 0 && len(req.Columns[0].Values) == 1 && req.Columns[0].Values[0] == 10
}

// frame is a message as gRPC sends it.
func frame(message proto.Message) []byte {
	body, err := proto.Marshal(message)
	if err != nil {
		panic(err) // one of ours
	}
	n := len(body)
	return append([]byte{0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, body...)
}

func send(w http.ResponseWriter, message proto.Message) {
	w.Write(frame(message))
	w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
}
