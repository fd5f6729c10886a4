package service

import (
	"enisim.alt/service/disturbance"
	"enisim.alt/store"
)

// DeleteNetworkInterfaceRequest is the request to delete a secondary interface that is on no
// instance.
type DeleteNetworkInterfaceRequest struct {
	RegionID           string `api:"RegionId"`
	NetworkInterfaceID string `api:"NetworkInterfaceId"`
}

var deleteNetworkInterfaceParameterRules = []rule[DeleteNetworkInterfaceRequest]{
	required[DeleteNetworkInterfaceRequest]("RegionId"),
	required[DeleteNetworkInterfaceRequest]("NetworkInterfaceId"),
	wellFormed[DeleteNetworkInterfaceRequest](InvalidEniID, "NetworkInterfaceId", isValidID),
}

// deleteNetworkInterfaceInput is the request plus the locked rows that its rules check, settled to
// the current time.
type deleteNetworkInterfaceInput struct {
	DeleteNetworkInterfaceRequest
	*store.DeleteNetworkInterfaceScene
}

var deleteNetworkInterfaceRules = []rule[deleteNetworkInterfaceInput]{
	{err: InvalidEniIDForbidden, violated: func(d deleteNetworkInterfaceInput) bool { return d.ENI == nil },
		messageArgs: func(d deleteNetworkInterfaceInput) []any { return []any{d.NetworkInterfaceID} }},
	{err: EniServiceManaged, violated: func(d deleteNetworkInterfaceInput) bool { return d.ENI.ServiceManaged }},
	{
		err:      InvalidEniType,
		violated: func(d deleteNetworkInterfaceInput) bool { return d.ENI.Type == store.ENIPrimary },
	},
	{err: InvalidEniState, violated: func(d deleteNetworkInterfaceInput) bool {
		return !oneOf(d.ENI.Status, store.ENIAvailable, store.ENIDeleting)
	},
		messageArgs: func(d deleteNetworkInterfaceInput) []any { return []any{store.ENIAvailable, d.ENI.Status} }},
	{err: HasRouteEntries, violated: func(d deleteNetworkInterfaceInput) bool { return d.IsNextHop }},
}

// DeleteNetworkInterface deletes an interface: it is Deleting, and gone after the delete delay,
// when its addresses are free again. A repeat while it is Deleting succeeds and changes nothing.
// Only if the interface is stuck in Deleting, a repeat deletes it.
var DeleteNetworkInterface = newAction(Action[DeleteNetworkInterfaceRequest, Empty]{
	permission: "ecs:DeleteNetworkInterface",
	parameters: deleteNetworkInterfaceParameterRules,
	refusals:   errorsOf(deleteNetworkInterfaceRules),
	change:     (*Service).deleteNetworkInterface,
	begins:     []string{disturbance.Deleting},
	changes:    "NetworkInterfaceId",
})

func (s *Service) deleteNetworkInterface(caller Caller, req DeleteNetworkInterfaceRequest) interfaceChange[Empty] {
	return interfaceChange[Empty]{
		InterfaceChange: store.InterfaceChange{
			RegionID: req.RegionID, NetworkInterfaceID: req.NetworkInterfaceID, Deletes: true,
		},
		conflict: InvalidOperationConflict,
		decide: func(rows *store.InterfaceBatch, c interfaceInput) (Empty, error) {
			scene := rows.DeleteScene(c.InterfaceChange)
			if err := check(deleteNetworkInterfaceRules, deleteNetworkInterfaceInput{req, scene}); err != nil {
				return Empty{}, err
			}
			if scene.ENI.Status == store.ENIDeleting && scene.ENI.SettlesAt != nil {
				return Empty{}, nil // already in transition
			}
			end := s.transition(caller, disturbance.Deleting, req.NetworkInterfaceID, 0).ending(rows.Now())
			if end == nil {
				rows.Delete(*scene.ENI)
			} else {
				rows.BeginDelete(*scene.ENI, *end)
			}
			return Empty{}, nil
		},
	}
}
