package httpapi_test

import (
	"fmt"
	"testing"
	"time"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// formType takes five interfaces, one of them RDMA, ten queues, and two interfaces on each of its network cards.
const formType = "ecs.form.test"

// formWorld returns a world with instances of formType: i-1 is stopped, i-2 is running.
func formWorld() *worldtest.World {
	return world().
		InstanceType(formType, 5,
			worldtest.Set("eri_quantity", 1), worldtest.Set("primary_eni_queue_number", 4),
			worldtest.Set("secondary_eni_queue_number", 2), worldtest.Set("maximum_queue_number_per_eni", 6),
			worldtest.Set("total_eni_queue_quantity", 10), worldtest.Set("queue_pair_number", 8),
			worldtest.Set("network_cards", 2), worldtest.Set("eni_quantity_per_network_card", 2)).
		Instance("i-1", worldtest.Type(formType), worldtest.Status("Stopped")).
		Instance("i-2", worldtest.Type(formType))
}

// attachWith attaches an interface with further parameters, and expects a code.
func attachWith(t *testing.T, s *server, want, instance, eni string, further ...string) {
	t.Helper()
	s.expectCode(t, want, "AttachNetworkInterface",
		append([]string{"InstanceId", instance, "NetworkInterfaceId", eni}, further...)...)
}

// An RDMA interface is created as such or becomes one, is attached to stopped instances only, within the number of
// the type, and stays an RDMA interface.
func TestRDMAInterfaces(t *testing.T) {
	t.Parallel()
	s := serve(t, formWorld().NetworkInterface("eni-{n}", worldtest.Count(2)), service.Options{})
	const modify, rdma = "ModifyNetworkInterfaceAttribute", "HighPerformance"
	s.expectCode(t, "InvalidParameter.QueuePairNumberMustEmpty", "CreateNetworkInterface", "VSwitchId", "vsw-h",
		"SecurityGroupId", "sg-main", "QueuePairNumber", "4")
	created, _ := s.createInterface(t, "NetworkInterfaceTrafficMode", rdma, "QueuePairNumber", "4")
	n := describeInterface(t, s, created)
	if got := fmt.Sprint(n["NetworkInterfaceTrafficMode"], n["QueuePairNumber"]); got != "HighPerformance4" {
		t.Errorf("a new RDMA interface: got %s, want HighPerformance4", got)
	}
	attachWith(t, s, "InvalidOperation.EniHotPlugNotSupported", "i-2", created)
	attachWith(t, s, ok, "i-1", created)
	// Then another interface becomes one, which its instance has no place for.
	mode := "NetworkInterfaceTrafficConfig.NetworkInterfaceTrafficMode"
	attachWith(t, s, ok, "i-1", "eni-1")
	s.expectCode(t, "InvalidOperation.HighPerformanceEniPerInstanceLimitExceeded", modify,
		"NetworkInterfaceId", "eni-1", mode, rdma)
	s.expectCode(t, ok, modify, "NetworkInterfaceId", "eni-2", mode, rdma)
	attachWith(t, s, "InvalidOperation.HighPerformanceEniPerInstanceLimitExceeded", "i-1", "eni-2")
	s.expectCode(t, "InvalidTrafficMode.ModifyToStandardNotSupported", modify,
		"NetworkInterfaceId", "eni-2", mode, "Standard")
	pairs := "NetworkInterfaceTrafficConfig.QueuePairNumber"
	s.expectCode(t, "InvalidOperation.MaxEniQueuePairNumberExceed", modify, "NetworkInterfaceId", created, pairs, "9")
	s.expectCode(t, ok, modify, "NetworkInterfaceId", created, pairs, "8")
	s.expectCode(t, "InvalidParameter.QueuePairNumberMustEmpty", modify, "NetworkInterfaceId", "eni-1", pairs, "8")
	// Last it leaves while the instance is stopped, and another one takes its place.
	s.expectCode(t, ok, "StartInstance", "InstanceId", "i-1")
	s.expectCode(t, "InvalidOperation.EniHotPlugNotSupported", "DetachNetworkInterface",
		"InstanceId", "i-1", "NetworkInterfaceId", created)
	s.expectCode(t, ok, "StopInstance", "InstanceId", "i-1")
	s.expectCode(t, ok, "DetachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", created)
	s.expectCode(t, ok, modify, "NetworkInterfaceId", "eni-1", mode, rdma)
	checkInvariants(t, s.pool)
}

// Queues are the default of the type or the number that was set, within the maximum of an interface and the total of
// the instance.
func TestQueuesOfInterfaces(t *testing.T) {
	t.Parallel()
	s := serve(t, formWorld().NetworkInterface("eni-{n}", worldtest.Count(4)), service.Options{})
	const modify = "ModifyNetworkInterfaceAttribute"
	if n := describeInterface(t, s, "eni-1"); fmt.Sprint(n["QueueNumber"]) != "0" {
		t.Errorf("queues of a free interface: got %v, want 0", n["QueueNumber"])
	}
	s.expectCode(t, ok, modify, "NetworkInterfaceId", "eni-1", "QueueNumber", "7")
	attachWith(t, s, "InvalidOperation.MaxEniQueueNumberExceeded", "i-1", "eni-1")
	s.expectCode(t, ok, modify, "NetworkInterfaceId", "eni-1", "QueueNumber", "3")
	attachWith(t, s, ok, "i-1", "eni-1") // 4 + 3
	attachWith(t, s, ok, "i-1", "eni-2") // + 2
	attachWith(t, s, "InvalidOperation.ExceedInstanceTypeQueueNumber", "i-1", "eni-3")
	s.expectCode(t, "InvalidOperation.ExceedInstanceTypeQueueNumber", modify,
		"NetworkInterfaceId", "eni-2", "QueueNumber", "4")
	s.expectCode(t, "InvalidOperation.MaxEniQueueNumberExceeded", modify,
		"NetworkInterfaceId", "eni-2", "QueueNumber", "7")
	s.expectCode(t, ok, modify, "NetworkInterfaceId", "eni-2", "QueueNumber", "1")
	attachWith(t, s, ok, "i-1", "eni-3") // 4 + 3 + 1 + 2
	s.expectCode(t, "InvalidOperation.ExceedInstanceTypeQueueNumber", "ModifyInstanceAttribute",
		"InstanceId", "i-1", "NetworkInterfaceQueueNumber", "5")
	s.expectCode(t, ok, "ModifyInstanceAttribute", "InstanceId", "i-1", "NetworkInterfaceQueueNumber", "2")
	attachWith(t, s, ok, "i-1", "eni-4")
	for id, want := range map[string]string{"eni-1": "3", "eni-2": "1", "eni-3": "2", "eni-1-primary": "2"} {
		n := describeInterface(t, s, id)
		if got := fmt.Sprint(n["QueueNumber"]); got != want {
			t.Errorf("queues of %s: got %s, want %s", id, got, want)
		}
	}
	// A detach gives its queues back.
	s.expectCode(t, ok, "DetachNetworkInterface", "InstanceId", "i-1", "NetworkInterfaceId", "eni-1")
	s.expectCode(t, ok, modify, "NetworkInterfaceId", "eni-2", "QueueNumber", "4")
	checkInvariants(t, s.pool)
}

// An interface that has left its instance may get any mode and number of queues, although its attachment still has a
// row until the instance is attached to again.
func TestFormsOfAnInterfaceThatHasLeft(t *testing.T) {
	t.Parallel()
	clock := newTestClock()
	s := serve(t, formWorld().
		InstanceType("ecs.no-rdma.test", 5, worldtest.Set("eri_quantity", 0),
			worldtest.Set("total_eni_queue_quantity", 8)).
		Instance("i-3", worldtest.Type("ecs.no-rdma.test")).
		NetworkInterface("eni-1", worldtest.AttachedTo("i-3"), worldtest.Set("queue_number", 2)),
		service.Options{Now: clock.now, DetachDelay: time.Second})
	s.expectCode(t, ok, "DetachNetworkInterface", "InstanceId", "i-3", "NetworkInterfaceId", "eni-1")
	clock.advance(time.Second)
	if n := s.count(t, `SELECT count(*) FROM attachments`); n != 1 {
		t.Fatalf("rows of attachments: got %d, want that of eni-1", n)
	}
	s.expectCode(t, ok, "ModifyNetworkInterfaceAttribute", "NetworkInterfaceId", "eni-1", "QueueNumber", "9",
		"NetworkInterfaceTrafficConfig.NetworkInterfaceTrafficMode", "HighPerformance")
	if n := describeInterface(t, s, "eni-1"); n["Status"] != "Available" || fmt.Sprint(n["QueueNumber"]) != "9" {
		t.Errorf("eni-1: got %v with %v queues, want Available with 9", n["Status"], n["QueueNumber"])
	}
	checkInvariants(t, s.pool)
}

// A network card takes as many interfaces that name it as the type says. The primary interface is on card 0, and one
// that names no card is on none.
func TestPlacesOfNetworkCards(t *testing.T) {
	t.Parallel()
	s := serve(t, formWorld().NetworkInterface("eni-{n}", worldtest.Count(5), worldtest.Set("queue_number", 1)),
		service.Options{})
	const card = "NetworkCardIndex"
	attachWith(t, s, "InvalidParameter.NetworkCardIndexInvalid", "i-2", "eni-1", card, "2")
	attachWith(t, s, ok, "i-2", "eni-1", card, "0")
	attachWith(t, s, "EniPerInstanceLimitExceeded", "i-2", "eni-2", card, "0")
	attachWith(t, s, ok, "i-2", "eni-2", card, "1")
	attachWith(t, s, ok, "i-2", "eni-3", card, "1")
	attachWith(t, s, "EniPerInstanceLimitExceeded", "i-2", "eni-4", card, "1")
	attachWith(t, s, ok, "i-2", "eni-4")
	s.expectCode(t, ok, "DetachNetworkInterface", "InstanceId", "i-2", "NetworkInterfaceId", "eni-2")
	attachWith(t, s, ok, "i-2", "eni-5", card, "1")
	checkInvariants(t, s.pool)
}

// An account without network cards may not name one.
func TestAccountsWithoutNetworkCards(t *testing.T) {
	t.Parallel()
	s := serve(t, world(worldtest.Set("network_cards", false)).Instance("i-1").NetworkInterface("eni-1"),
		service.Options{})
	attachWith(t, s, "InvalidOperation.UserNotSupportNetworkCard", "i-1", "eni-1", "NetworkCardIndex", "0")
	attachWith(t, s, ok, "i-1", "eni-1")
}

// An instance whose interfaces have forms that another type lacks keeps its type.
func TestChangeOfATypeKeepsForms(t *testing.T) {
	t.Parallel()
	s := serve(t, formWorld().
		InstanceType("ecs.one.card", 5, worldtest.Set("network_cards", 1)).
		InstanceType("ecs.no.rdma", 5, worldtest.Set("network_cards", 2), worldtest.Set("eri_quantity", 0)).
		InstanceType("ecs.few.queues", 5, worldtest.Set("network_cards", 2),
			worldtest.Set("total_eni_queue_quantity", 4), worldtest.Set("primary_eni_queue_number", 2),
			worldtest.Set("secondary_eni_queue_number", 2)).
		InstanceType("ecs.more.queues", 5, worldtest.Set("network_cards", 2),
			worldtest.Set("total_eni_queue_quantity", 9), worldtest.Set("primary_eni_queue_number", 2),
			worldtest.Set("secondary_eni_queue_number", 3)).
		NetworkInterface("eni-rdma", worldtest.Set("traffic_mode", "HighPerformance"), worldtest.AttachedTo("i-1"),
			worldtest.Set("network_card_index", 1)).
		NetworkInterface("eni-1", worldtest.AttachedTo("i-1")).
		NetworkInterface("eni-2"), service.Options{})
	for typ, want := range map[string]string{
		"ecs.one.card":   "InvalidParameter.NetworkCardIndexInvalid",
		"ecs.no.rdma":    "InvalidOperation.InstanceTypeNotSupportHighPerformance",
		"ecs.few.queues": "InvalidOperation.ExceedInstanceTypeQueueNumber",
	} {
		s.expectCode(t, want, "ModifyInstanceSpec", "InstanceId", "i-1", "InstanceType", typ)
	}
	s.expectCode(t, ok, "ModifyInstanceSpec", "InstanceId", "i-1", "InstanceType", "ecs.more.queues")
	attachWith(t, s, "InvalidOperation.ExceedInstanceTypeQueueNumber", "i-1", "eni-2") // 2 + 3 + 3
	checkInvariants(t, s.pool)
}

// RunInstances creates instances whose interfaces fit the type.
func TestLaunchesWithForms(t *testing.T) {
	t.Parallel()
	s := serve(t, formWorld(), service.Options{})
	launch := func(want string, interfaces ...string) {
		t.Helper()
		s.expectCode(t, want, "RunInstances", append([]string{
			"InstanceType", formType, "ImageId", service.InstanceImageID,
			"VSwitchId", "vsw-h", "SecurityGroupId", "sg-main",
		}, interfaces...)...)
	}
	const first, second = "NetworkInterface.1.", "NetworkInterface.2."
	launch("InvalidOperation.HighPerformanceEniPerInstanceLimitExceeded",
		first+"NetworkInterfaceTrafficMode", "HighPerformance", second+"NetworkInterfaceTrafficMode", "HighPerformance")
	launch("InvalidOperation.MaxEniQueueNumberExceeded", first+"QueueNumber", "7")
	launch("InvalidOperation.ExceedInstanceTypeQueueNumber", first+"QueueNumber", "4", second+"QueueNumber", "3")
	launch("InvalidParameter.NetworkCardIndexInvalid", first+"NetworkCardIndex", "2")
	launch("EniPerInstanceLimitExceeded", first+"NetworkCardIndex", "0", second+"NetworkCardIndex", "0")
	launch(ok, first+"NetworkInterfaceTrafficMode", "HighPerformance", first+"NetworkCardIndex", "1",
		second+"QueueNumber", "4", second+"NetworkCardIndex", "0")
	checkInvariants(t, s.pool)
}

// 24 callers attach RDMA interfaces to an instance that takes one: one of them succeeds. 24 others attach interfaces
// with two queues each to one with six left: three succeed.
func TestRaceForRDMAAndQueues(t *testing.T) {
	t.Parallel()
	s := serve(t, formWorld().
		InstanceType("ecs.queues.test", 24, worldtest.Set("primary_eni_queue_number", 4),
			worldtest.Set("secondary_eni_queue_number", 2), worldtest.Set("total_eni_queue_quantity", 10)).
		Instance("i-3", worldtest.Type("ecs.queues.test")).
		NetworkInterface("eni-rdma-{n}", worldtest.Count(24), worldtest.Set("traffic_mode", "HighPerformance"),
			worldtest.Set("queue_number", 1)).
		NetworkInterface("eni-{n}", worldtest.Count(24)), service.Options{AttachDelay: time.Hour})
	expect(t, race(t, 48, func(k int) (string, error) {
		pairs := []string{"InstanceId", "i-3", "NetworkInterfaceId", fmt.Sprintf("eni-%d", k/2+1)}
		if k%2 == 0 {
			pairs = []string{"InstanceId", "i-1", "NetworkInterfaceId", fmt.Sprintf("eni-rdma-%d", k/2+1)}
		}
		r, err := s.call(t.Context(), "AttachNetworkInterface", pairs...)
		return r.code(), err
	}), map[string]int{
		ok: 4,
		"InvalidOperation.HighPerformanceEniPerInstanceLimitExceeded": 23,
		"InvalidOperation.ExceedInstanceTypeQueueNumber":              21,
	})
	checkInvariants(t, s.pool)
}
