package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestBothPathsAnswerAboutTheIdThatWasAskedFor(t *testing.T) {
	server := httptest.NewServer(handler())
	defer server.Close()
	for _, path := range []string{"/api/FraudActivity", "/fraudactivity.v1.FraudActivityService/GetFraudActivity"} {
		t.Run(path, func(t *testing.T) {
			res, err := http.Post(server.URL+path, "application/json", strings.NewReader(`{"transaction_id":"b1"}`))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(body), `"b1"`) {
				t.Errorf("%s: %s, %v", res.Status, body, err)
			}
		})
	}
}
