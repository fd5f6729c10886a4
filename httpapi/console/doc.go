// Package console serves the web console at /console: pages for operators, rendered by the server. They
// show what the accounts have, what is disturbed, and how the server does. docs/console.md describes them.
//
// The pages work without JavaScript, except that they do not update themselves then. Everything that they
// need is in the binary. Names and descriptions come from callers, so they are data: html/template escapes
// them, and the Content-Security-Policy allows no inline script or style.
//
// It reads through service/operator, and it changes by the same methods as the control API. It never runs an
// action of the simulated API by itself: the explorer calls through the handler of all requests.
package console
