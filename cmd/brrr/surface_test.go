package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	reflection "google.golang.org/grpc/reflection/grpc_reflection_v1"
)

// TestThePublicPortServesWhatIsListedAndNothingElse asks for what others leave open by
// accident: of operators, of older and newer versions, of models, of the data folder.
func TestThePublicPortServesWhatIsListedAndNothingElse(t *testing.T) {
	s := startServer(t, noModel, "--admin-listen=127.0.0.1:0")
	for path, status := range map[string]int{"/healthz": 200, "/readyz": 503} {
		if res, body := ask(t, http.MethodGet, s.url+path, ""); res.StatusCode != status || strings.Contains(body, "127.0.0.1") {
			t.Errorf("%s: %s %s", path, res.Status, body)
		}
	}
	for _, path := range []string{
		"/metrics", "/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/cmdline", "/debug/vars",
		"/api/", "/api", "/api/v1/FraudActivity", "/api/fraudactivity",
		"/fraudactivity.v1.FraudActivityService/", "/fraudactivity.v1.FraudActivityService/CreateKey",
		"/fraudactivity.v1.AdminService/GetFraudActivity", "/fraudactivity.v2.FraudActivityService/GetFraudActivity",
		"/fraud_detection.FraudDetectionService/PredictFraud", "/fraud_detection.FraudDetectionService/GetModel",
		"/brrr.db", "/data/brrr.db", "/%2e%2e/brrr.db", "/assets/",
		"/.env", "/.git/config", "/.gitkeep", "/config", "/swagger.json", "/openapi.json",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			res, body := ask(t, method, s.url+path, s.keys["admin"])
			if res.StatusCode != http.StatusNotFound {
				t.Errorf("%s %s: %s %.100s", method, path, res.Status, body)
			}
			if strings.Contains(body, s.data) || res.Header.Get("Server")+res.Header.Get("X-Powered-By") != "" {
				t.Errorf("%s %s tells of itself: %v %.200s", method, path, res.Header, body)
			}
		}
	}
	for _, path := range []string{"/../brrr.db", "/assets/../../brrr.db", "//evil.example/../brrr.db", "/assets//evil.example"} { // made plain first
		res, _ := ask(t, http.MethodGet, s.url+path, s.keys["admin"])
		plain := res.Header.Get("Location")
		if res.StatusCode != http.StatusTemporaryRedirect || strings.HasPrefix(plain, "//") || strings.Contains(plain, "..") || !strings.HasPrefix(plain, "/") {
			t.Errorf("%s: %s, to %q", path, res.Status, plain)
		}
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodTrace, "PROPFIND"} {
		for _, path := range []string{"/api/FraudActivity", servicePath + "GetFraudActivity", "/healthz", "/"} {
			res, body := ask(t, method, s.url+path, s.keys["admin"])
			if res.StatusCode != http.StatusMethodNotAllowed && res.StatusCode != http.StatusNotFound || strings.Contains(body, s.keys["admin"]) {
				t.Errorf("%s %s: %s %.100s", method, path, res.Status, body)
			}
		}
	}
	if res, _ := ask(t, http.MethodGet, s.adminURL+"/metrics", ""); res.StatusCode != http.StatusOK {
		t.Errorf("the port of operators: %s", res.Status)
	}
	if got := strings.Join(reflected(t, s), " "); got != "fraudactivity.v1.FraudActivityService" {
		t.Errorf("reflection lists %s", got)
	}
}

// ask sends a request as it stands, without a path made plain.
func ask(t *testing.T, method, url, key string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	res, err := http1.Transport.RoundTrip(req) // redirects are answers
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return res, string(body)
}

// reflected are the services that server reflection lists.
func reflected(t *testing.T, s *testServer) (names []string) {
	t.Helper()
	conn, err := grpc.NewClient(strings.TrimPrefix(s.url, "http://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stream, err := reflection.NewServerReflectionClient(conn).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&reflection.ServerReflectionRequest{MessageRequest: &reflection.ServerReflectionRequest_ListServices{}}); err != nil {
		t.Fatal(err)
	}
	answer, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range answer.GetListServicesResponse().GetService() {
		names = append(names, service.Name)
	}
	return names
}
