// Package httpapi is the way in: one endpoint for all actions, as the cloud's RPC gateway has it. Bytes become parameters, parameters
// a typed request, the service's answer a reply in XML or JSON, and every failure one API error. Beside it stand /healthz and /readyz.
//
// Every reply carries a RequestId, and every request leaves one log line with it.
//
// It never sees pgx or rows, decides no rule about resources, and holds no state that a reply depends on.
package httpapi
