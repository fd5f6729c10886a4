// Package world reads and writes all that some accounts have, at once: it applies a world, creates
// accounts with content, resets them, reads them, saves and restores snapshots, and verifies the
// invariants of the whole database. Operators' commands use it (docs/design/worlds.md).
//
// A world is applied in one transaction, which takes the locks of package store in its order. It
// copies the rows into staging tables, and changes only the stored rows that differ.
//
// Like store it knows no API error and never asks for the time. It never answers a request of the
// simulated cloud.
package world
