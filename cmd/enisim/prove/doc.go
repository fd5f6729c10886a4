// Package prove is a test: 64 clients call two server processes on one Postgres while servers and Postgres are killed, their connections cut and Postgres is
// paused. Afterwards enisim check must find the history of all calls linearizable, and enisim verify every invariant kept. docs/proof.md tells the whole of it.
//
//	go test ./cmd/enisim/prove -v                      # short, as CI runs it
//	go test ./cmd/enisim/prove -v -operations 1000000  # make prove
//
// What runs is the program itself, built for the test, on durable commits. The package holds nothing that other packages could use, and it knows nothing of
// the rules of the simulator: what may happen is for enisim check to say.
package prove
