// Package scenario reads the YAML files that describe a world (docs/scenarios.md) and brings
// accounts into that state.
//
// Parse does all that needs no database. It reads the file, expands its entries with counts, and
// assigns addresses, device indexes and MAC addresses. It checks the result against the catalogue
// and against the rules of the real cloud. It reports all problems at once, each with its line and
// how to mend it. The same file always gives the same world.
//
// Apply passes the world to the store, which writes it in one transaction.
//
// The package never reads the clock, the file system or the environment. A world that Parse accepts
// violates no constraint of the schema.
package scenario
