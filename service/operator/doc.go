// Package operator contains the operations for operators of a simulator: create, change, reset,
// export and delete accounts, make and disable their access keys, save and restore snapshots, apply
// scenarios and verify the database. The control API (httpapi) and the commands (cmd/enisim) use
// it.
//
// Its errors say what to do next. They are of type Error, and not of the simulated API's contract;
// only an overload is (service.ServiceUnavailable).
//
// It never answers a call of the simulated cloud: those are actions, in package service.
package operator
