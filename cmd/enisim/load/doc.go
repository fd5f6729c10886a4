// Package load sends requests to an endpoint of the API, many at a time, and measures the results:
// counts, rates, latencies and codes, and a history of every call.
//
// A Run is the engine. A Plan decides what each client sends next. NewPlan makes the plan of the
// command line: a mix of actions on a world, drawn from a seed. For other loads, the caller
// supplies a function. A Target is an endpoint and a key. A World is what Discover found at a
// target with the API's own lists, so any endpoint of the API can be loaded.
//
// A closed load has each client send its next request when it has the last answer. An open load has
// requests that are due at fixed times, whatever the server does. Their latency counts from those
// times, so a server that stalls cannot hide the requests that it delayed.
//
// The package uses only requests that the real API answers too. It sends no request twice, and does
// not take an unanswered request for one without effect.
package load
