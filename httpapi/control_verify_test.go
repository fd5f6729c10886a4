package httpapi_test

import (
	"fmt"
	"net/http"
	"testing"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/service/operator"
	"enisim.alt/service/worldtest"
)

// The control API lists all invariants, and each row that violates one.
func TestControlVerify(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		Instance("i-1", worldtest.Type("ecs.g6.xlarge")), service.Options{},
		withControl(httpapi.Control{Open: true}, &safeBuffer{}))
	verify := func() (invariants []any, violations []any) {
		t.Helper()
		status, body, _ := s.control(t, controlRequest{method: "GET", path: "/verify"})
		if status != http.StatusOK {
			t.Fatalf("got %d %s", status, body)
		}
		reply := decodeJSON(t, body)
		return reply["invariants"].([]any), reply["violations"].([]any)
	}
	if invariants, violations := verify(); len(invariants) != len(operator.Invariants()) || len(violations) > 0 {
		t.Errorf("got %v of %v, want no violation", violations, invariants)
	}
	if _, err := s.pool.Exec(t.Context(), `UPDATE private_ip_addresses SET address = '10.0.0.0'`); err != nil {
		t.Fatal(err)
	}
	_, violations := verify()
	want := map[string]any{
		"invariant": "a_reserved_address_is_given_to_nobody",
		"account":   account,
		"what":      "address 10.0.0.0 of interface eni-1-primary is reserved in VSwitch vsw-h (10.0.0.0/16)",
	}
	if fmt.Sprint(violations) != fmt.Sprint([]any{want}) {
		t.Errorf("got %v, want %v", violations, want)
	}
}
