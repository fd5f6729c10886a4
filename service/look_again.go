package service

import (
	"context"
	"errors"

	"enisim/store"
)

// maxLookups is how often an action looks for the instance of an interface that moves each time
// between the look and its lock.
const maxLookups = 5

// inTxRetryingMoves runs fn in a transaction, and in a new one when fn returns OperationConflict:
// the interface has moved to another instance between the look for its instance and its lock, and
// locking that one as well would break the order of locks. An interface that moves every time stays
// a conflict. A lock that is not granted in time is none of these.
func (s *Service) inTxRetryingMoves(ctx context.Context, fn func(*store.Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := s.store.InTx(ctx, fn)
		if !errors.Is(err, OperationConflict) || attempt == maxLookups {
			return err
		}
	}
}
