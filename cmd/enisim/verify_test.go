package main

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"enisim.alt/service/operator"
	"enisim.alt/store/storetest"
)

// Verify reports that all invariants hold, or the row that violates one.
func TestVerify(t *testing.T) {
	t.Parallel()
	database := storetest.URL(t)
	if _, errOut, exit := output(t, "scenario", "apply", file(t, worldOf(1, "ecs.g6.xlarge", 1).String()),
		"--database-url", database); exit != 0 {
		t.Fatal(errOut)
	}
	out, errOut, exit := output(t, "verify", "--database-url", database)
	if want := fmt.Sprintf("%d invariants hold\n", len(operator.Invariants())); out != want || errOut != "" ||
		exit != 0 {
		t.Errorf("a valid world: got %q, %q, exit code %d, want %q", out, errOut, exit, want)
	}
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(),
		`UPDATE private_ip_addresses SET address = '10.0.0.0' WHERE network_interface_id = 'eni-1'`); err != nil {
		t.Fatal(err)
	}
	out, errOut, exit = output(t, "verify", "--database-url", database)
	want := "a_reserved_address_is_given_to_nobody: account 1000000000000001: address 10.0.0.0 of interface eni-1 " +
		"is reserved in VSwitch vsw-h (10.0.0.0/16)\n"
	if out != want || errOut != "" || exit != exitFailure {
		t.Errorf("a world with a reserved address: got %q, %q, exit code %d, want %q", out, errOut, exit, want)
	}
}
