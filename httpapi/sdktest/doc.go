// Package sdktest drives a running server with the vendor's own SDKs, unmodified: the Go SDK
// (signature V1) and the TypeScript SDK (signature V3). It holds tests only.
//
// A test is written once, against the interface client, and runs through every SDK. What it looks
// at is what the SDK's user gets: the typed reply, or the SDK's own error object.
//
// The Go SDK is a module of go.mod. The TypeScript SDKs, one a product, are pinned in
// typescript/package-lock.json, and typescript/driver.mjs runs them: make sdk installs them, with
// Node 18 or newer. Where there is no Node their tests are skipped, except in CI.
package sdktest
