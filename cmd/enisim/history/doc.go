// Package history writes and reads histories: what clients asked of the API and what they were answered, each with the moment, as a file of JSON lines that
// docs/history.md describes for other programs. enisim load writes them and enisim check decides about them.
//
// A Writer is for the hot path of a load generator. It gives every event its time and its place in the file under one lock, so that the lines of a
// file are in the order of their times, an invoke stands before the request is sent and a completion after the answer was read. A file that was cut off
// at any byte is therefore still a true history: what is missing at its end are outcomes that nobody knows.
//
// The package holds no opinion on histories: whether one may happen is for package check.
package history
