// Package store contains all use of Postgres and nothing else: the pool, transactions, rows, locks
// and SQL.
//
// It keeps these promises:
//   - A transaction takes its locks in one order (see rank; rows of one table by id), so
//     transactions never deadlock. Tx panics when code breaks the order.
//   - Rows are counted in a statement after the one that takes the lock, so the count sees the
//     changes of the transactions that the lock waited for.
//   - SQL never asks the database for the time: the caller passes it.
//   - A commit whose outcome is unknown is reported as ErrOutcomeUnknown and never retried.
//
// It knows nothing of API errors, policy, HTTP, or identities.
package store
