package service

import (
	"context"

	"enisim.alt/store"
)

// DetachKeyPairRequest is the request to take a key pair from instances.
type DetachKeyPairRequest struct {
	KeyPairRequest
	Malformed Malformed
}

var detachKeyPairParameterRules = keyPairParameterRules[DetachKeyPairRequest]()

var detachKeyPairRules = []rule[*store.KeyPairScene]{
	{err: DetachedKeyPairUnknown, violated: func(k *store.KeyPairScene) bool { return !k.IsKnown }},
}

// DetachKeyPair takes a key pair from instances. One that has no key pair, or another one, stays as it is.
var DetachKeyPair = newAction(Action[DetachKeyPairRequest, InstanceResults]{
	permission: "ecs:DetachKeyPair",
	parameters: detachKeyPairParameterRules,
	refusals:   errorsOf(detachKeyPairRules),
	run:        (*Service).detachKeyPair,
})

func (s *Service) detachKeyPair(
	ctx context.Context, caller Caller, req DetachKeyPairRequest,
) (answer InstanceResults, err error) {
	ids := withoutRepeats(req.InstanceIDs)
	err = s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForKeyPair(ctx, caller.AccountID, req.RegionID, req.KeyPairName, ids)
		if err != nil {
			return err
		}
		if err := check(detachKeyPairRules, scene); err != nil {
			return err
		}
		answer.Name = req.KeyPairName
		answer.Results, err = s.changeInstances(tx, caller, ids, scene.Instances, keyPairResultTable,
			func(i *store.Instance) {
				if i.Attributes.KeyPairName == req.KeyPairName {
					i.Attributes.KeyPairName = ""
				}
			})
		return err
	})
	return answer, err
}
