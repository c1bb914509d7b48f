package predictor_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection/fraud_detectionconnect"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

// startTLS serves h over TLS, for 127.0.0.1, after change.
func startTLS(t *testing.T, h *host, change func(*httptest.Server)) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(fraud_detectionconnect.NewFraudDetectionServiceHandler(h))
	server := httptest.NewUnstartedServer(mux)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are to fail
	change(server)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// trusting is Options.TLS for a host whose certificate is to have this name.
func trusting(server *httptest.Server, name string) func(string) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return func(string) *tls.Config { return &tls.Config{RootCAs: pool, ServerName: name} }
}

// Probes on new connections succeed meanwhile: they must not end what is under way on
// the old ones.
func TestCallsUnderWayOutlastTheRenewalOfTheirConnections(t *testing.T) {
	t.Parallel()
	h := good("v1")
	begun, answer := make(chan struct{}, 10), make(chan struct{})
	var probes, opened, closed atomic.Int64
	h.batch = func(ctx context.Context, req *fraud_detection.PredictFraudBatchRequest) (*fraud_detection.PredictFraudBatchResponse, error) {
		if req.Columns[0].Values[0] == 10 {
			probes.Add(1)
		} else {
			begun <- struct{}{}
			<-answer
		}
		return thousandth("v1")(ctx, req)
	}
	server := startTLS(t, h, func(s *httptest.Server) {
		s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				opened.Add(1)
			case http.StateClosed:
				closed.Add(1)
			}
		}
	})
	pool, book := open(t, predictor.Options{Addresses: []string{server.URL}, TLS: trusting(server, "127.0.0.1"), WatchEvery: time.Millisecond})
	book.await(t, "predictor ready")
	rows := payments(3)
	done := make(chan error, 1)
	go func() {
		got, err := pool.Predict(patient(t), rows)
		if err == nil {
			checkThousandths(t, got, rows)
		}
		done <- err
	}()
	<-begun
	before := opened.Load()
	pool.Renew()
	from := probes.Load()
	until(t, func() bool { return probes.Load() >= from+3 })
	if opened.Load() == before || closed.Load() != 0 {
		t.Errorf("%d connections after %d, %d of them closed; want new ones beside the old one", opened.Load(), before, closed.Load())
	}
	close(answer)
	if err := <-done; err != nil || len(begun) != 0 {
		t.Errorf("%v, asked %d times more", err, len(begun))
	}
	until(t, func() bool { return closed.Load() == before })
}

func until(t *testing.T, holds func() bool) {
	t.Helper()
	patience, pace := patient(t), time.NewTicker(time.Millisecond)
	defer pace.Stop()
	for !holds() {
		select {
		case <-pace.C:
		case <-patience.Done():
			t.Fatal("waited in vain")
		}
	}
}

func TestHostsThatDoNotAgreeOnTLSAreToldInTheLog(t *testing.T) {
	t.Parallel()
	as := func(change func(*httptest.Server)) *httptest.Server { return startTLS(t, good("v1"), change) }
	plain := as(func(*httptest.Server) {})
	old := as(func(s *httptest.Server) { s.EnableHTTP2 = false })
	asking := as(func(s *httptest.Server) { s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert} })
	for name, c := range map[string]struct {
		server *httptest.Server
		config func(string) *tls.Config
		says   string
	}{
		"an unknown authority":        {plain, nil, "certificate signed by unknown authority"},
		"another name":                {plain, trusting(plain, "model.example.net"), "not model.example.net"},
		"HTTP/1.1 alone":              {old, trusting(old, "127.0.0.1"), "no application protocol"},
		"it wants to know who we are": {asking, trusting(asking, "127.0.0.1"), "certificate required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool, book := open(t, predictor.Options{Addresses: []string{c.server.URL}, TLS: c.config})
			book.await(t, "WARN predictor not ready", c.server.URL, c.says)
			_, err := pool.Predict(patient(t), payments(1))
			var known *fraud.Error
			if !errors.As(err, &known) || known.Reason != fraud.ReasonPredictorUnavailable {
				t.Errorf("%v", err)
			}
		})
	}
}
