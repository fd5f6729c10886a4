// Package service implements the simulated cloud: requests, the rules that accept or refuse them,
// the API errors, life cycles and the clock. Each action is a method of Service in a file of its
// name. It checks the request, and then runs one transaction. The transaction locks rows and
// settles them, applies the rules in the order in which the API answers, and queues its writes.
//
// A rule is a pure function of what the locks returned. The time of the decision is read after the
// locks, and travels as a value.
//
// It never sees HTTP, Echo, pgx or SQL, and starts no goroutine.
package service
