// Package prove is a test: 64 clients call two server processes on one Postgres while faults
// happen. Servers and Postgres are killed, their connections are cut, and Postgres is paused.
// Afterwards enisim check must find the history of all calls linearizable, and enisim verify must
// find all invariants satisfied. docs/proof.md describes it in full.
//
//	go test ./cmd/enisim/prove -v                      # short, as CI runs it
//	go test ./cmd/enisim/prove -v -operations 1000000  # make prove
//
// The test runs the program itself, built for the test, with durable commits. The package exports
// nothing, and it knows no rules of the simulator: enisim check decides whether a history is
// correct.
package prove
