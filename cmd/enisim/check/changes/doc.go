// Package changes decides whether the answers to calls that create and delete interfaces, and that
// assign and release their addresses, are possible. docs/check.md describes what the verdict means.
//
// It looks at projections of the history, each of which is small: the calls with one token, the calls
// on one interface, those that concern one address, and the numbers that the limits count. A
// contradiction in a projection is one of the history. The converse does not hold: each projection may
// have an order, and the whole history none.
//
//   - Tokens: all answers of a token are the same, so that its calls are one effect.
//   - Interfaces and addresses: the events of each have an order (see timeline), which is exact.
//   - Limits: the number that can have been in use during a refusal reaches the limit, and the number
//     that was in use in every order never exceeds it. These are bounds: calls in progress blur them.
package changes
