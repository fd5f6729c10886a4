package service

import (
	"context"

	"enisim.alt/store"
)

// ModifyInstanceMetadataOptionsRequest is the request to change how an instance reads its metadata. What is
// absent stays unchanged.
type ModifyInstanceMetadataOptionsRequest struct {
	RegionID                string `api:"RegionId"`
	InstanceID              string `api:"InstanceId"`
	HTTPEndpoint            string `api:"HttpEndpoint"`            // enabled or disabled
	HTTPTokens              string `api:"HttpTokens"`              // optional or required
	HTTPPutResponseHopLimit *int   `api:"HttpPutResponseHopLimit"` // 1 to 64
	Malformed               Malformed
}

const maxHopLimit = 64

var modifyInstanceMetadataOptionsRules = []rule[ModifyInstanceMetadataOptionsRequest]{
	required[ModifyInstanceMetadataOptionsRequest]("RegionId"),
	required[ModifyInstanceMetadataOptionsRequest]("InstanceId"),
	readable[ModifyInstanceMetadataOptionsRequest](),
	{err: InvalidHTTPEndpoint, violated: func(r ModifyInstanceMetadataOptionsRequest) bool {
		return !oneOf(r.HTTPEndpoint, "", "enabled", "disabled")
	}},
	{err: InvalidHTTPTokens, violated: func(r ModifyInstanceMetadataOptionsRequest) bool {
		return !oneOf(r.HTTPTokens, "", "optional", "required")
	}},
	{err: InvalidHTTPHopLimit, violated: func(r ModifyInstanceMetadataOptionsRequest) bool {
		n := r.HTTPPutResponseHopLimit
		return n != nil && (*n < 1 || *n > maxHopLimit)
	}},
}

// ModifyInstanceMetadataOptions changes the metadata options of an instance, which are stored and shown.
var ModifyInstanceMetadataOptions = newAction(Action[ModifyInstanceMetadataOptionsRequest, Empty]{
	permission: "ecs:ModifyInstanceMetadataOptions",
	parameters: modifyInstanceMetadataOptionsRules,
	refusals:   errorsOf(existingInstanceRules),
	run:        answerless((*Service).modifyInstanceMetadataOptions),
})

func (s *Service) modifyInstanceMetadataOptions(
	ctx context.Context, caller Caller, req ModifyInstanceMetadataOptionsRequest,
) error {
	return s.changeAllInstances(ctx, caller, req.RegionID, []string{req.InstanceID}, existingInstanceRules,
		func(i *store.Instance) {
			setIfPresent(&i.Attributes.MetadataEndpoint, nonEmpty(req.HTTPEndpoint))
			setIfPresent(&i.Attributes.MetadataTokens, nonEmpty(req.HTTPTokens))
			setIfPresent(&i.Attributes.MetadataHopLimit, req.HTTPPutResponseHopLimit)
		})
}

// changeAllInstances changes all of some instances, or none.
func (s *Service) changeAllInstances(
	ctx context.Context, caller Caller, regionID string, instanceIDs []string, rules []rule[instanceInput],
	change func(*store.Instance),
) error {
	ids := withoutRepeats(instanceIDs)
	return s.store.InTx(ctx, func(tx *store.Tx) error {
		scenes, err := s.lockAllInstances(ctx, tx, caller, regionID, ids, rules)
		if err != nil {
			return err
		}
		_, err = s.changeInstances(tx, caller, ids, scenes, nil, change)
		return err
	})
}

// lockAllInstances locks instances, of which the rules must refuse none.
func (s *Service) lockAllInstances(
	ctx context.Context, tx *store.Tx, caller Caller, regionID string, ids []string, rules []rule[instanceInput],
) (map[string]*store.InstanceScene, error) {
	scenes, err := tx.LockInstances(ctx, caller.AccountID, regionID, ids)
	if err != nil {
		return nil, err
	}
	now := s.timeOf(caller)
	inputs := make([]instanceInput, len(ids))
	for k, id := range ids {
		scenes[id].Settle(now)
		inputs[k] = instanceInput{scenes[id]}
	}
	return scenes, checkEach(rules, inputs)
}
