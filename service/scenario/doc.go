// Package scenario reads the YAML files that describe a world (docs/scenarios.md) and brings
// accounts into that state.
//
// Parse does all that needs no database: it reads the file, expands its counted entries, assigns
// addresses, device indexes and MAC addresses, and checks the result against the catalogue and the
// rules that also hold in the real cloud. It reports every problem in one go, each with its line,
// in words that suffice to mend the file. The same file always gives the same world.
//
// Apply hands the world to the store, which writes it in one transaction.
//
// The package never reads the clock, the file system or the environment, and what Parse accepts
// violates no constraint of the schema.
package scenario
