package httpapi_test

import (
	"fmt"
	"net/http"
	"testing"

	"enisim/httpapi"
	"enisim/service"
	"enisim/service/operator"
	"enisim/service/worldtest"
)

func TestControlOfInvariants(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		Instance("i-1", worldtest.Type("ecs.g6.xlarge")), service.Options{}, withControl(httpapi.Control{Open: true}, &safeBuffer{}))
	look := func() (checked []any, broken []any) {
		t.Helper()
		status, body, _ := s.control(t, controlRequest{method: "GET", path: "/verify"})
		if status != http.StatusOK {
			t.Fatalf("got %d %s", status, body)
		}
		reply := decoded(t, body)
		return reply["invariants"].([]any), reply["violations"].([]any)
	}
	if checked, broken := look(); len(checked) != len(operator.Invariants()) || len(broken) > 0 {
		t.Errorf("got %v of %v, want no violation", broken, checked)
	}
	if _, err := s.pool.Exec(t.Context(), `UPDATE private_ip_addresses SET address = '10.0.0.0'`); err != nil {
		t.Fatal(err)
	}
	_, broken := look()
	want := map[string]any{
		"invariant": "a_reserved_address_is_given_to_nobody",
		"account":   account,
		"what":      "address 10.0.0.0 of interface eni-1-primary is reserved in VSwitch vsw-h (10.0.0.0/16)",
	}
	if fmt.Sprint(broken) != fmt.Sprint([]any{want}) {
		t.Errorf("got %v, want %v", broken, want)
	}
}
