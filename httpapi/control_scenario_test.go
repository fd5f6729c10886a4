package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"enisim.alt/httpapi"
	"enisim.alt/service"
)

// The control API compares and applies a scenario. An invalid scenario gets a 400 with all
// problems.
func TestControlScenarioDiffAndApply(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{}, withControl(httpapi.Control{Open: true}, &safeBuffer{}))
	send := func(path, text string) (int, map[string]any) {
		t.Helper()
		body, err := json.Marshal(map[string]string{"scenario": text, "name": "staging.yaml"})
		if err != nil {
			t.Fatal(err)
		}
		status, reply, _ := s.control(t, controlRequest{method: "POST", path: "/scenario/" + path, body: string(body)})
		return status, decodeJSON(t, reply)
	}
	const newAccount = `
enisim: 1
accounts:
  - id: "1000000000000009"
    access_keys: [{id: LTAInine, secret: secret-of-nine}]
    regions: [{id: cn-hangzhou, vpcs: [{id: vpc-nine, cidr_block: 10.0.0.0/8}]}]
`
	status, reply := send("diff", newAccount)
	differences, _ := reply["differences"].([]any)
	if status != http.StatusOK || len(differences) != 3 || differences[2].(map[string]any)["id"] != "vpc-nine" {
		t.Errorf("diff: got %d %v, want the account, its key and its VPC", status, reply)
	}
	if status, reply := send("apply", newAccount); status != http.StatusOK || reply["new"] != 3.0 ||
		len(reply["tables"].([]any)) != 3 {
		t.Errorf("apply: got %d %v, want 3 new rows of 3 tables", status, reply)
	}
	if status, reply := send("diff", newAccount); status != http.StatusOK || len(reply["differences"].([]any)) != 0 {
		t.Errorf("diff afterwards: got %d %v, want none", status, reply)
	}
	for _, path := range []string{"apply", "diff"} {
		status, reply := send(path, "enisim: 1\nacounts: []\n")
		if text, _ := reply["error"].(string); status != http.StatusBadRequest ||
			!strings.HasPrefix(text, "staging.yaml:2:1:") {
			t.Errorf("%s of an invalid file: got %d %v, want the line", path, status, reply)
		}
		withTakenKey := strings.Replace(newAccount, "1000000000000009", "1000000000000008", 1)
		status, reply = send(path, withTakenKey)
		if text, _ := reply["error"].(string); status != http.StatusBadRequest || !strings.Contains(text, "LTAInine") {
			t.Errorf("%s with the key of another account: got %d %v, want the name of the key", path, status, reply)
		}
	}

	_, withoutKeys, _ := s.control(t, controlRequest{method: "GET", path: "/accounts/1000000000000009/scenario"})
	_, withKeys, _ := s.control(t, controlRequest{method: "GET", path: "/accounts/1000000000000009/scenario?keys=true"})
	if strings.Contains(withoutKeys, "secret-of-nine") || !strings.Contains(withKeys, "secret-of-nine") {
		t.Errorf("export: got %s without and %s with keys; want the secret only with keys", withoutKeys, withKeys)
	}
}
