// Package check decides whether a history can have happened: whether it is linearizable against a model in which an interface is free or on one
// instance, and an instance holds at most its limit. docs/check.md says what that promises to a reader of its verdicts.
//
// # How
//
// The model is op.allows and op.move; nothing else knows the rules. An operation is a moment between its invoke and its end at which it happens at once. One of unknown
// outcome may happen at any moment after its invoke, or never.
//
//  1. Each interface's history is cut into episodes where no call on it is under way and every order agrees on where it is.
//  2. Episodes that share an instance are put together, and cut again where none is under way: the pieces, each of which is decided by itself.
//  3. A sweep through a piece's invokes and ends looks for an order (see sweep).
//  4. Where it is stuck, windows of the piece that reach further and further back are tried, until one contradicts itself; it is made as small as can be.
//
// # Why to believe it
//
// A wrong cut, or a mistake in the sweep, cannot become a wrong verdict. "Linearizable" is an order of the whole history, which certify replays through the
// model, operation by operation. "Violation" is a small part, a relaxation of the history, of which porcupine says that it has no order. If neither is
// there, the verdict is Undecided. A test compares verdicts with those of porcupine on thousands of small whole histories.
package check
