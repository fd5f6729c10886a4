// Package load sends requests to an endpoint of the API, many at a time, and tells how it fared: counts, rates, latencies, codes, and a history of every call.
//
// A Run is the engine. A Plan says what each client sends next; NewPlan makes the one of the command line (a mix of actions on a world, drawn from a seed), and
// whoever needs another load gives a function of their own. A Target is the endpoint and the key; World is what Discover found there, by the API's own lists, so
// that every endpoint will do.
//
// Load is closed (a client sends its next request when it has its answer) or open (requests have moments at which they are due, whatever the server does, and
// latency counts from those: a server that stalls cannot keep the requests that it held up out of the statistics).
//
// The package never asks the simulator anything that the real API would not answer, sends no request twice, and takes no unanswered request for undone.
package load
