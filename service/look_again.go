package service

import (
	"context"
	"errors"

	"enisim.alt/store"
)

// maxLookups is how often an action looks up the instance of an interface, if the interface moves
// each time before it is locked.
const maxLookups = 5

// inTxRetryingMoves runs fn in a transaction, and again in a new one if fn returns
// OperationConflict. That error means that the interface has moved to another instance after its
// instance was looked up and before it was locked. Locking the other instance in the same
// transaction would break the lock order. If the interface moves every time, the answer is
// OperationConflict. A lock timeout is another error and is not retried.
func (s *Service) inTxRetryingMoves(ctx context.Context, fn func(*store.Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := s.store.InTx(ctx, fn)
		if !errors.Is(err, OperationConflict) || attempt == maxLookups {
			return err
		}
	}
}
