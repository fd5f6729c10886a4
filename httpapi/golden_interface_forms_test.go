package httpapi_test

import (
	"slices"

	"enisim.alt/service/worldtest"
)

// formsWorld has instances whose types limit RDMA interfaces, queues and network cards.
var formsWorld = worldtest.New(goldenAccount).
	AccessKey(goldenKey).
	AccessKey("LTAIexpired00000001", expired).
	RAMUser("other", "LTAIramother0000001", "ecs:Describe*").
	VPC("vpc-main", "10.0.0.0/8").
	VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16").
	SecurityGroup("sg-main").
	InstanceType("ecs.form.test", 4, worldtest.Set("eri_quantity", 1), worldtest.Set("primary_eni_queue_number", 4),
		worldtest.Set("secondary_eni_queue_number", 2), worldtest.Set("maximum_queue_number_per_eni", 6),
		worldtest.Set("total_eni_queue_quantity", 8), worldtest.Set("queue_pair_number", 8),
		worldtest.Set("network_cards", 2), worldtest.Set("eni_quantity_per_network_card", 1)).
	InstanceType("ecs.no-rdma.test", 4, worldtest.Set("eri_quantity", 0), worldtest.Set("network_cards", 2)).
	InstanceType("ecs.no-cards.test", 4).
	InstanceType("ecs.few-queues.test", 4, worldtest.Set("network_cards", 2),
		worldtest.Set("maximum_queue_number_per_eni", 1)).
	InstanceType("ecs.few-in-all.test", 4, worldtest.Set("network_cards", 2),
		worldtest.Set("total_eni_queue_quantity", 2)).
	Instance("i-running", worldtest.Type("ecs.form.test")).
	Instance("i-held", worldtest.Type("ecs.form.test"), worldtest.Status("Stopped")).
	Instance("i-no-rdma", worldtest.Type("ecs.no-rdma.test"), worldtest.Status("Stopped")).
	Instance("i-cards", worldtest.Type("ecs.form.test"), worldtest.Status("Stopped")).
	NetworkInterface("eni-free").
	NetworkInterface("eni-rdma", isRDMA).
	NetworkInterface("eni-no-rdma", worldtest.AttachedTo("i-no-rdma")).
	NetworkInterface("eni-held-rdma", isRDMA, worldtest.AttachedTo("i-held"), worldtest.Set("queue_number", 1),
		worldtest.Set("network_card_index", 1)).
	NetworkInterface("eni-held", worldtest.AttachedTo("i-held"), worldtest.Set("queue_number", 2)).
	NetworkInterface("eni-on-card", worldtest.AttachedTo("i-cards"), worldtest.Set("network_card_index", 1)).
	NetworkInterface("eni-of-running", worldtest.AttachedTo("i-running"), worldtest.Set("queue_number", 1)).
	String()

// isRDMA makes an interface an RDMA interface.
var isRDMA = worldtest.Set("traffic_mode", "HighPerformance")

// modeOf is the parameter of the traffic mode, and pairsOf of the queue pairs.
const (
	modeOf  = "NetworkInterfaceTrafficConfig.NetworkInterfaceTrafficMode"
	pairsOf = "NetworkInterfaceTrafficConfig.QueuePairNumber"
)

// launchForm returns the parameters of an instance with interfaces of a form.
func launchForm(more ...string) []string {
	return newInstance(append([]string{"InstanceType", "ecs.form.test"}, more...)...)
}

// freeRDMA makes all free interfaces RDMA interfaces.
const freeRDMA = `
	UPDATE network_interfaces SET traffic_mode = 'HighPerformance'
	WHERE type <> 'Primary' AND id NOT IN (SELECT network_interface_id FROM attachments);`

// formsOfAttaches are the cases of an attach. They are in the world of its other cases, so that they make pairs.
var formsOfAttaches = []goldenCase{
	{name: "InvalidOperation.UserNotSupportNetworkCard", pairs: also(attachTo("i-ok"), "NetworkCardIndex", "1"),
		in: afterSQL(`UPDATE accounts SET without_network_cards = true`)},
	{name: "InvalidOperation.EniHotPlugNotSupported", pairs: attachTo("i-ok"), in: afterSQL(freeRDMA)},
	{name: "InvalidOperation.InstanceTypeNotSupportHighPerformance", pairs: attachTo("i-ok"), in: afterSQL(freeRDMA + `
		UPDATE instances SET status = 'Stopped' WHERE id = 'i-ok';
		UPDATE instance_types SET eri_quantity = 0`)},
	{name: "InvalidOperation.HighPerformanceEniPerInstanceLimitExceeded", pairs: attachTo("i-ok"),
		in: afterSQL(freeRDMA + `
			UPDATE instances SET status = 'Stopped' WHERE id = 'i-ok';
			UPDATE instance_types SET eri_quantity = 1;
			INSERT INTO attachments (account_id, network_interface_id, instance_id, vpc_id, zone_id,
			    instance_eni_quantity, device_index, status, traffic_mode)
			SELECT n.account_id, n.id, i.id, n.vpc_id, n.zone_id, i.eni_quantity, 1, 'InUse', n.traffic_mode
			FROM network_interfaces n
			JOIN instances i ON i.account_id = n.account_id AND i.id = 'i-ok'
			WHERE n.id = 'eni-ipv6'`)},
	{name: "InvalidOperation.MaxEniQueueNumberExceeded", pairs: attachTo("i-ok"), in: afterSQL(`
		UPDATE network_interfaces SET queue_number = 9 WHERE type = 'Secondary';
		UPDATE instance_types SET max_queues_per_eni = 8`)},
	{name: "InvalidOperation.ExceedInstanceTypeQueueNumber", pairs: attachTo("i-ok"),
		in: afterSQL(`UPDATE instance_types SET total_eni_queues = 1, secondary_eni_queues = 2`)},
}

// formsGolden are the cases of the limits of types on RDMA interfaces, queues and network cards, without attaches.
var formsGolden = inWorld(formsWorld, map[string][]goldenCase{
	"DetachNetworkInterface": {
		{name: "InvalidOperation.EniHotPlugNotSupported", pairs: pair("i-held", "eni-held-rdma"),
			in: afterSQL(`UPDATE instances SET status = 'Running' WHERE id = 'i-held'`)},
	},
	"CreateNetworkInterface": {
		{name: "InvalidParameter.InvalidQueuePairNumber",
			pairs: newENI("QueuePairNumber", "0", "NetworkInterfaceTrafficMode", "HighPerformance")},
	},
	"ModifyNetworkInterfaceAttribute": {
		{name: "InvalidParameter.InvalidQueuePairNumber", pairs: eniRequest("eni-rdma", pairsOf, "0")},
		{name: "InvalidTrafficMode.ModifyToStandardNotSupported", pairs: eniRequest("eni-rdma", modeOf, "Standard")},
		{name: "InvalidOperation.InvalidEcsState", pairs: eniRequest("eni-of-running", modeOf, "HighPerformance")},
		{name: "InvalidOperation.EniTrafficModeNotSupportIPv6", pairs: eniRequest("eni-free", modeOf, "HighPerformance"),
			in: afterSQL(`
				INSERT INTO private_ip_addresses (account_id, vswitch_id, address, network_interface_id, is_primary)
				SELECT account_id, vswitch_id, '2001:db8::1'::inet + row_number() OVER (), id, false
				FROM network_interfaces`)},
		{name: "InvalidOperation.MaxEniQueuePairNumberExceed", pairs: eniRequest("eni-held-rdma", pairsOf, "9")},
		{name: "InvalidOperation.InstanceTypeNotSupportHighPerformance",
			pairs: eniRequest("eni-no-rdma", modeOf, "HighPerformance")},
		{name: "InvalidOperation.HighPerformanceEniPerInstanceLimitExceeded",
			pairs: eniRequest("eni-held", modeOf, "HighPerformance")},
		{name: "InvalidOperation.MaxEniQueueNumberExceeded", pairs: eniRequest("eni-held", "QueueNumber", "7")},
		{name: "InvalidOperation.ExceedInstanceTypeQueueNumber", pairs: eniRequest("eni-held", "QueueNumber", "4")},
	},
	"ModifyInstanceAttribute": {
		{name: "InvalidOperation.MaxEniQueueNumberExceeded",
			pairs: instanceRequest("i-held", "NetworkInterfaceQueueNumber", "7")},
		{name: "InvalidOperation.ExceedInstanceTypeQueueNumber",
			pairs: instanceRequest("i-held", "NetworkInterfaceQueueNumber", "6")},
	},
	"ModifyInstanceSpec": {
		{name: "InvalidParameter.NetworkCardIndexInvalid",
			pairs: instanceRequest("i-cards", "InstanceType", "ecs.no-cards.test")},
		{name: "InvalidOperation.InstanceTypeNotSupportHighPerformance",
			pairs: instanceRequest("i-held", "InstanceType", "ecs.no-rdma.test")},
		{name: "InvalidOperation.HighPerformanceEniPerInstanceLimitExceeded",
			pairs: instanceRequest("i-held", "InstanceType", "ecs.no-rdma.test"), in: afterSQL(`
				UPDATE instance_types SET eri_quantity = 1 WHERE id = 'ecs.no-rdma.test';
				UPDATE instance_types SET eri_quantity = 2, total_eni_queues = 9 WHERE id = 'ecs.form.test';
				WITH eni AS (
				    UPDATE network_interfaces SET traffic_mode = 'HighPerformance' WHERE id = 'eni-held'
				)
				UPDATE attachments SET traffic_mode = 'HighPerformance' WHERE network_interface_id = 'eni-held'`)},
		{name: "InvalidOperation.MaxEniQueueNumberExceeded",
			pairs: instanceRequest("i-held", "InstanceType", "ecs.few-queues.test")},
		{name: "InvalidOperation.ExceedInstanceTypeQueueNumber",
			pairs: instanceRequest("i-held", "InstanceType", "ecs.few-in-all.test")},
	},
	"RunInstances": {
		{name: "InvalidOperation.UserNotSupportNetworkCard", pairs: launchForm("NetworkInterface.1.NetworkCardIndex", "1"),
			in: afterSQL(`UPDATE accounts SET without_network_cards = true`)},
		{name: "EniPerInstanceLimitExceeded", pairs: launchForm("NetworkInterface.1.NetworkCardIndex", "0")},
		{name: "InvalidOperation.InstanceTypeNotSupportHighPerformance", pairs: newInstance("InstanceType", "ecs.no-rdma.test",
			"NetworkInterface.1.NetworkInterfaceTrafficMode", "HighPerformance")},
		{name: "InvalidOperation.HighPerformanceEniPerInstanceLimitExceeded", pairs: launchForm(
			"NetworkInterface.1.NetworkInterfaceTrafficMode", "HighPerformance", "NetworkInterface.1.QueueNumber", "1",
			"NetworkInterface.2.NetworkInterfaceTrafficMode", "HighPerformance", "NetworkInterface.2.QueueNumber", "1")},
		{name: "InvalidOperation.MaxEniQueueNumberExceeded", pairs: launchForm("NetworkInterface.1.QueueNumber", "7")},
		{name: "InvalidOperation.ExceedInstanceTypeQueueNumber", pairs: launchForm("NetworkInterface.1.QueueNumber", "5")},
	},
})

// withFurther returns the cases of all areas with further ones, which come after the first case of their action. They
// are in worlds of their own, so the other cases do not see their effects.
func withFurther(all map[string][]goldenCase, areas ...map[string][]goldenCase) map[string][]goldenCase {
	for _, further := range areas {
		for action, cases := range further {
			all[action] = slices.Insert(all[action], 1, cases...)
		}
	}
	return all
}
