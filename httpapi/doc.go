// Package httpapi serves the API over HTTP: one endpoint for all actions, like the cloud's RPC
// gateway. Bytes become parameters, parameters a typed request, the service's answer a reply in XML
// or JSON, and every failure one API error. It also serves /healthz and /readyz.
//
// Every reply has a RequestId, and every request writes one log line with it.
//
// It never sees pgx or rows, has no rules about resources, and holds no state that a reply depends
// on.
package httpapi
