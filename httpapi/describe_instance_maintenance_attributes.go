package httpapi

import "enisim.alt/service"

type describeInstanceMaintenanceAttributesReply struct {
	Reply
	numberedPageReply
	MaintenanceAttributes struct{ MaintenanceAttribute []maintenanceAttribute }
}

type maintenanceAttribute struct {
	InstanceId          string
	ActionOnMaintenance struct {
		Value           string
		DefaultValue    string
		SupportedValues struct{ SupportedValue []string }
	}
	MaintenanceWindows  struct{ MaintenanceWindow []struct{} }
	NotifyOnMaintenance bool
}

func newMaintenanceAttributesResponse(list service.List[service.Instance]) any {
	reply := &describeInstanceMaintenanceAttributesReply{numberedPageReply: numberedPageOf(list)}
	reply.MaintenanceAttributes.MaintenanceAttribute = mapEach(
		list.Items,
		func(i service.Instance) maintenanceAttribute {
			out := maintenanceAttribute{InstanceId: i.ID}
			out.ActionOnMaintenance.Value, out.ActionOnMaintenance.DefaultValue = "AutoRecover", "AutoRecover"
			out.ActionOnMaintenance.SupportedValues.SupportedValue = []string{"Stop", "AutoRecover", "AutoRedeploy"}
			out.MaintenanceWindows.MaintenanceWindow = []struct{}{}
			return out
		},
	)
	return reply
}
