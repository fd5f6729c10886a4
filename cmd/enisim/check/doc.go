// Package check decides whether a history is linearizable. In its model an interface is free or on
// one instance, and an instance holds at most its limit. docs/check.md describes what the verdicts
// mean.
//
// # How
//
// The model is op.allows and op.apply; no other code knows the rules. An operation happens at one
// point in time between its invoke and its end. An operation of unknown outcome happens at any time
// after its invoke, or never.
//
//  1. The history of each interface is cut into episodes. At a cut, no call on the interface is in
//     progress, and all orders agree on the instance that it is on.
//  2. Episodes that share an instance are joined, and cut again wherever none of them is in
//     progress. The results are the pieces; each piece is decided independently.
//  3. A sweep through the invokes and ends of a piece searches for an order (see sweep).
//  4. Where the sweep finds no order, windows of the piece that start earlier and earlier are tried
//     until one has no order. Then that window is minimized.
//
// # Why the verdicts are reliable
//
// A wrong cut or a bug in the sweep cannot cause a wrong verdict. "Linearizable" is based on an
// order of the whole history, which certify replays through the model, one operation at a time.
// "Violation" is based on a small part of the history with relaxed constraints, for which porcupine
// confirms that no order exists. Without either of these the verdict is Undecided. A test compares
// the verdicts with those of porcupine on thousands of small whole histories.
package check
