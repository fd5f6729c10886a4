package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// The address of --metrics-listen answers scrapes without a token, and nothing else. The port of the
// API wants the token.
func TestMetricsListen(t *testing.T) {
	t.Parallel()
	server := start(t, "--data-dir", dataDir(t), "--control-token", "a-token-for-this-test", "--metrics-listen",
		"127.0.0.1:0")
	url := server.greeting["Metrics"]
	get := func(url string) (status int, body string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(text)
	}
	if status, body := get(url); status != http.StatusOK || !strings.Contains(body, "enisim_database_up 1") ||
		!strings.Contains(body, "\ngo_goroutines ") || !strings.Contains(body, "\npgxpool_max_conns 16") {
		t.Errorf("got %d %s, want the metrics of a server", status, body)
	}
	for _, path := range []string{"/", "/healthz", "/_enisim/accounts"} {
		if status, body := get(strings.TrimSuffix(url, "/metrics") + path); status != http.StatusNotFound {
			t.Errorf("%s: got %d %s, want 404", path, status, body)
		}
	}
	if status, body := get(server.endpoint + "/metrics"); status != http.StatusUnauthorized {
		t.Errorf("the port of the API without the token: got %d %s, want 401", status, body)
	}
}
