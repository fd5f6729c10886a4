// Package metrics measures a server for Prometheus: requests, batches, transactions, and the
// resources of its world. docs/metrics.md describes each metric.
//
// Each server has a registry of its own, so several servers in one process do not count together.
// Every label has a bounded number of values: what a client sends never becomes one.
//
// It never decides anything, and it knows no HTTP but the answer to a scrape.
package metrics
