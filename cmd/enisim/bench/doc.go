// Command bench measures enisim beside pgbench, both on the same private Postgres with its default durability, and prints tables: make bench.
//
// What it compares: pgbench sends the transaction of an attach or a detach straight to Postgres, as prepared statements over a Unix socket (attach.sql); enisim load's
// engine sends the same over HTTP, signed, to a server process, whose signatures are verified. Load, server and Postgres share the machine. Every cell of a table is
// measured anew, in the same run, one after the other, so that ratios hold where absolute figures move from run to run.
//
// It is a program of this repository and not a command of enisim. It listens on loopback, works in a folder that it removes, and ends by itself.
package main
