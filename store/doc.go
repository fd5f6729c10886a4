// Package store is Postgres and nothing but Postgres: the pool, transactions, rows, locks and SQL.
//
// It keeps these promises:
//   - A transaction takes its locks in one order (see rank; rows of one table by id), so
//     two of them never wait for each other in a circle. Tx panics when code breaks the order.
//   - What is counted is counted in a statement after the one that took the lock, so the count sees what the lock waited for.
//   - SQL never asks the database for the time: the moment comes from the caller.
//   - A commit whose outcome is unknown is reported as ErrOutcomeUnknown and never repeated.
//
// It never knows API errors, policy, HTTP, or who is calling.
package store
