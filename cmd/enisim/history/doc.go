// Package history writes and reads histories. A history is a file of JSON lines with all requests
// of the clients of a run, their answers, and the times of both. docs/history.md describes the
// format for other programs. enisim load writes histories, and enisim check decides whether they
// are linearizable.
//
// A Writer is for the hot path of a load generator. Under one lock it gives every event its time
// and its position in the file, so the lines of a file are in the order of their times. An invoke
// is written before its request is sent, and a completion after its answer was read. A file that
// was cut off at any byte is therefore still a valid history: only outcomes are missing at its end,
// and a missing outcome means unknown.
//
// The package does not judge histories: package check does.
package history
