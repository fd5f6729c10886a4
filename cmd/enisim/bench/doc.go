// Command bench compares enisim with pgbench and prints tables: make bench. Both use the same
// private Postgres with its default durability.
//
// pgbench sends the transaction of an attach or a detach directly to Postgres, as prepared
// statements over a Unix socket (attach.sql). The engine of enisim load sends the same operations
// over HTTP, signed, to a server process that verifies the signatures. Load, server and Postgres
// share the machine. Every cell of a table is measured in the same run, one after the other, so
// ratios are comparable where absolute figures vary from run to run.
//
// It is a program of this repository and not a command of enisim. It listens on loopback, works in
// a folder that it removes, and ends by itself.
package main
