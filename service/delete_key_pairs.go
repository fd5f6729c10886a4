package service

import (
	"context"
	"slices"

	"enisim.alt/store"
)

// DeleteKeyPairsRequest is the request to delete key pairs.
type DeleteKeyPairsRequest struct {
	RegionID     string   `api:"RegionId"`
	KeyPairNames JSONList `api:"KeyPairNames"`
	Malformed    Malformed
}

var deleteKeyPairsParameterRules = []rule[DeleteKeyPairsRequest]{
	required[DeleteKeyPairsRequest]("RegionId"),
	requiredList[DeleteKeyPairsRequest]("KeyPairNames"),
	validNames[DeleteKeyPairsRequest](InvalidKeyPairNames, "KeyPairNames", maxListed),
}

// requiredList demands a JSON list that is there, also if it cannot be read.
func requiredList[R any](parameter string) rule[R] {
	list, malformed := valueFrom[R, JSONList](parameter), valueFrom[R, Malformed]("Malformed")
	return rule[R]{
		err: MissingNamedParameter,
		violated: func(r R) bool {
			return list(r) == nil && !slices.Contains(malformed(r), parameter)
		},
		messageArgs: nameArg[R](parameter),
		constraint:  presence(parameter),
	}
}

// validNames returns err for a JSON list that cannot be read, is empty, or has too many members.
func validNames[R any](err *Error, parameter string, maximum int) rule[R] {
	list, malformed := valueFrom[R, JSONList](parameter), valueFrom[R, Malformed]("Malformed")
	return rule[R]{err: err, violated: func(r R) bool {
		return slices.Contains(malformed(r), parameter) || len(list(r)) == 0 || len(list(r)) > maximum
	}}
}

// DeleteKeyPairs deletes key pairs. Names of which there is none are skipped, and instances keep the names of theirs.
var DeleteKeyPairs = newAction(Action[DeleteKeyPairsRequest, Empty]{
	permission: "ecs:DeleteKeyPairs",
	parameters: deleteKeyPairsParameterRules,
	run:        answerless((*Service).deleteKeyPairs),
})

func (s *Service) deleteKeyPairs(ctx context.Context, caller Caller, req DeleteKeyPairsRequest) error {
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		pairs, err := tx.LockKeyPairs(ctx, caller.AccountID, req.RegionID, req.KeyPairNames)
		if err != nil {
			return err
		}
		now := s.timeOf(caller)
		tx.DeleteKeyPairs(caller.AccountID, req.RegionID, pairs)
		var changes []store.Change
		for k := range pairs {
			changes = append(changes, store.ChangesOf(&pairs[k], nil, now)...)
		}
		return s.record(tx, caller, now, changes...)
	})
}
