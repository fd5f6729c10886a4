package service

import (
	"context"

	"enisim.alt/store"
)

// AttachKeyPairRequest is the request to give instances a key pair.
type AttachKeyPairRequest struct {
	KeyPairRequest
	Malformed Malformed
}

// KeyPairRequest has the parameters of a key pair with instances.
type KeyPairRequest struct {
	RegionID    string `api:"RegionId"`
	KeyPairName string
	InstanceIDs JSONList `api:"InstanceIds"`
}

// maxKeyPairInstances is the documented number of instances of a call.
const maxKeyPairInstances = 50

// keyPairParameterRules returns the rules on these parameters.
func keyPairParameterRules[R any]() []rule[R] {
	return []rule[R]{
		required[R]("RegionId"),
		required[R]("KeyPairName"),
		requiredList[R]("InstanceIds"),
		validNames[R](InvalidInstanceIDsOfKeyPair, "InstanceIds", maxKeyPairInstances),
	}
}

// InstanceResult is what has become of one of several instances. Refusal is nil if it was changed.
type InstanceResult struct {
	InstanceID string
	Refusal    *Error
}

// InstanceResults is the answer of an action on several instances, which gives them something with a name, or takes it
// from them.
type InstanceResults struct {
	Name    string
	Results []InstanceResult
}

// Failed returns how many of the instances were not changed.
func (r InstanceResults) Failed() (n int) {
	for _, result := range r.Results {
		if result.Refusal != nil {
			n++
		}
	}
	return n
}

var attachKeyPairParameterRules = keyPairParameterRules[AttachKeyPairRequest]()

// instanceInput is a locked instance that the rules check.
type instanceInput struct{ *store.InstanceScene }

var (
	attachKeyPairRules = []rule[*store.KeyPairScene]{
		{err: KeyPairNotFound, violated: func(k *store.KeyPairScene) bool { return !k.IsKnown }},
	}
	existingInstanceRules = []rule[instanceInput]{
		{err: InvalidInstanceIDNotFound, violated: func(i instanceInput) bool { return i.Instance == nil }},
	}
	// An instance that one of these rules refuses fails alone, in the results of a call.
	keyPairResultTable = append(existingInstanceRules[:1:1], rule[instanceInput]{
		err:      KeyPairOfWindows,
		violated: func(i instanceInput) bool { return isWindows(i.Instance.Attributes.ImageID) },
	})
)

// isWindows reports whether an image is one of Windows.
func isWindows(imageID string) bool { return FindImage(imageID).OSType == "windows" }

// AttachKeyPair gives instances a key pair, in place of the one that they have.
var AttachKeyPair = newAction(Action[AttachKeyPairRequest, InstanceResults]{
	permission: "ecs:AttachKeyPair",
	parameters: attachKeyPairParameterRules,
	refusals:   errorsOf(attachKeyPairRules),
	run:        (*Service).attachKeyPair,
})

func (s *Service) attachKeyPair(
	ctx context.Context, caller Caller, req AttachKeyPairRequest,
) (answer InstanceResults, err error) {
	ids := withoutRepeats(req.InstanceIDs)
	err = s.store.InTx(ctx, func(tx *store.Tx) error {
		scene, err := tx.LockForKeyPair(ctx, caller.AccountID, req.RegionID, req.KeyPairName, ids)
		if err != nil {
			return err
		}
		if err := check(attachKeyPairRules, scene); err != nil {
			return err
		}
		answer.Name = req.KeyPairName
		answer.Results, err = s.changeInstances(tx, caller, ids, scene.Instances, keyPairResultTable,
			func(i *store.Instance) { i.Attributes.KeyPairName = req.KeyPairName })
		return err
	})
	return answer, err
}

// changeInstances changes those of some locked instances that no rule refuses, and returns the results in the order of
// their ids.
func (s *Service) changeInstances(
	tx *store.Tx, caller Caller, ids []string, scenes map[string]*store.InstanceScene, rules []rule[instanceInput],
	change func(*store.Instance),
) (results []InstanceResult, err error) {
	now := s.timeOf(caller)
	var changes []store.Change
	for _, id := range ids {
		scene := scenes[id]
		scene.Settle(now)
		result := InstanceResult{InstanceID: id}
		if err := check(rules, instanceInput{scene}); err != nil {
			result.Refusal, _ = APIError(err)
		} else {
			after := *scene.Instance
			change(&after)
			tx.ChangeInstance(after)
			changes = append(changes, store.ChangesOf(scene.Instance, &after, now)...)
		}
		results = append(results, result)
	}
	return results, s.record(tx, caller, now, changes...)
}
