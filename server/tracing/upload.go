package tracing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// uploader posts spans to a collector. OpenTelemetry's own one, otlptracehttp, would
// bring grpc-go and a REST gateway into the binary, for a message of one field.
type uploader struct {
	url         string
	headersFile string
	http        *http.Client
}

var _ otlptrace.Client = (*uploader)(nil)

func newUploader(endpoint, headersFile string) (*uploader, error) {
	if err := CheckEndpoint(endpoint); err != nil {
		return nil, err
	}
	if _, err := readHeaders(headersFile); err != nil {
		return nil, err
	}
	return &uploader{
		url: strings.TrimRight(endpoint, "/") + "/v1/traces", headersFile: headersFile,
		http: &http.Client{
			Transport: http.DefaultTransport.(*http.Transport).Clone(),
			// Elsewhere the headers would be told to somebody else.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// CheckEndpoint refuses what is no collector's address.
func CheckEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" ||
		u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return errors.New("must be http://HOST:PORT or https://HOST:PORT of an OTLP collector, without a name, password or query")
	}
	return nil
}

// laterError says that a collector may take the same spans later.
type laterError struct{ error }

func (e *laterError) Unwrap() error { return e.error }

// later are the answers that OTLP wants repeated.
var later = []int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}

// UploadTraces implements otlptrace.Client. On the wire an ExportTraceServiceRequest
// is what TracesData is.
func (u *uploader) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	headers, err := readHeaders(u.headersFile)
	if err != nil {
		return &laterError{err}
	}
	if headers != nil {
		req.Header = headers
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	res, err := u.http.Do(req)
	if err != nil {
		return &laterError{err}
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // or the connection could not be used again
	switch {
	case res.StatusCode < 300:
		return nil
	case slices.Contains(later, res.StatusCode):
		return &laterError{fmt.Errorf("the collector answered %d", res.StatusCode)}
	}
	return fmt.Errorf("the collector answered %d", res.StatusCode)
}

// Start implements otlptrace.Client.
func (u *uploader) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (u *uploader) Stop(context.Context) error {
	u.http.CloseIdleConnections()
	return nil
}
