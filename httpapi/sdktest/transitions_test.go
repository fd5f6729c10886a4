package sdktest

import (
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/vpc"

	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
	"enisim.alt/testdata/scenarios"
)

// transitionCase is a transition of a resource whose lifecycle says how long it lasts.
type transitionCase struct {
	name string
	disturbance.Lifecycle
	begin  func(*lifecycle) (id string)
	status func(*lifecycle, string) string // "" if the resource does not exist
	to     string                          // the status after it
}

func minutes(n int) disturbance.Duration { return disturbance.Duration(time.Duration(n) * time.Minute) }

// transitionCases have each transition, and each way to say how long it lasts. The start that fails
// comes before the one of the same instance that does not.
var transitionCases = []transitionCase{
	{
		"uniform",
		disturbance.Lifecycle{
			Transition: disturbance.Attaching,
			Lasts:      disturbance.Lasts{Uniform: []disturbance.Duration{minutes(1), minutes(9)}, Seed: 7},
		},
		func(l *lifecycle) string {
			_, l.err = attach(l, attachment{"cn-hangzhou", "i-web", "eni-free-1"})
			return "eni-free-1"
		},
		(*lifecycle).interfaceStatus, "InUse",
	},
	{
		"triangular",
		disturbance.Lifecycle{
			Transition: disturbance.Detaching,
			Lasts:      disturbance.Lasts{Triangular: []disturbance.Duration{minutes(1), minutes(2), minutes(9)}},
		},
		func(l *lifecycle) string {
			_, l.err = detach(l, attachment{"cn-hangzhou", "i-app", "eni-used"})
			return "eni-used"
		},
		(*lifecycle).interfaceStatus, "Available",
	},
	{
		"log-normal",
		disturbance.Lifecycle{
			Transition: disturbance.Deleting,
			Lasts:      disturbance.Lasts{LogNormal: disturbance.LogNormal{Median: minutes(2), P99: minutes(30)}},
		},
		func(l *lifecycle) string {
			l.deleteInterface("eni-free-2")
			return "eni-free-2"
		},
		(*lifecycle).interfaceStatus, "",
	},
	{
		"fixed, a VPC",
		disturbance.Lifecycle{
			Transition: disturbance.Pending, Action: "CreateVpc",
			Lasts: disturbance.Lasts{Fixed: new(minutes(5))},
		},
		func(l *lifecycle) string {
			request, created := vpc.CreateCreateVpcRequest(), vpc.CreateCreateVpcResponse()
			request.RegionId = "cn-hangzhou"
			l.call(request, created)
			return created.VpcId
		},
		(*lifecycle).vpcStatus, "Available",
	},
	{
		"fixed, a VSwitch",
		disturbance.Lifecycle{
			Transition: disturbance.Pending, Action: "CreateVSwitch",
			Lasts: disturbance.Lasts{Fixed: new(minutes(6))},
		},
		func(l *lifecycle) string {
			request, created := vpc.CreateCreateVSwitchRequest(), vpc.CreateCreateVSwitchResponse()
			request.RegionId, request.VpcId, request.ZoneId = "cn-hangzhou", "vpc-main", "cn-hangzhou-h"
			request.CidrBlock = "10.9.0.0/16"
			l.call(request, created)
			return created.VSwitchId
		},
		func(l *lifecycle, id string) string {
			read, attributes := vpc.CreateDescribeVSwitchAttributesRequest(),
				vpc.CreateDescribeVSwitchAttributesResponse()
			read.RegionId, read.VSwitchId = "cn-hangzhou", id
			l.call(read, attributes)
			return attributes.Status
		}, "Available",
	},
	{
		"fixed, an instance",
		disturbance.Lifecycle{
			Transition: disturbance.Pending, Action: "RunInstances",
			Lasts: disturbance.Lasts{Fixed: new(minutes(7))},
		},
		func(l *lifecycle) string {
			run, ran := ecs.CreateRunInstancesRequest(), ecs.CreateRunInstancesResponse()
			run.RegionId, run.VSwitchId, run.SecurityGroupId = "cn-hangzhou", "vsw-h", "sg-main"
			run.ImageId, run.InstanceType = "aliyun_3_x64_20G_alibase_20240819.vhd", "ecs.g6.large"
			run.Amount = requests.NewInteger(1)
			l.call(run, ran)
			l.expect("launched instances", len(ran.InstanceIdSets.InstanceIdSet), 1)
			if l.err != nil {
				return ""
			}
			return ran.InstanceIdSets.InstanceIdSet[0]
		},
		instanceStatus, "Starting",
	},
	{
		"a start that fails",
		disturbance.Lifecycle{
			Transition: disturbance.Starting, Resource: "i-db", Lasts: disturbance.Lasts{Fixed: new(minutes(8))},
			Fails: disturbance.Fails{Probability: new(1.0)},
		},
		startInstance("i-db"), instanceStatus, "Stopped",
	},
	{
		"a start",
		disturbance.Lifecycle{
			Transition: disturbance.Starting, Resource: "i-db", Lasts: disturbance.Lasts{Fixed: new(minutes(8))},
		},
		startInstance("i-db"), instanceStatus, "Running",
	},
	{
		"never",
		disturbance.Lifecycle{Transition: disturbance.Stopping, Lasts: disturbance.Lasts{Never: true}},
		func(l *lifecycle) string {
			stop := ecs.CreateStopInstanceRequest()
			stop.InstanceId = "i-web"
			l.call(stop, ecs.CreateStopInstanceResponse())
			return "i-web"
		},
		instanceStatus, "Stopped",
	},
}

func instanceStatus(l *lifecycle, id string) string { return l.instance(id).Status }

func startInstance(id string) func(*lifecycle) string {
	return func(l *lifecycle) string {
		start := ecs.CreateStartInstanceRequest()
		start.InstanceId = id
		l.call(start, ecs.CreateStartInstanceResponse())
		return id
	}
}

// The user of an SDK sees each transition last as long as its lifecycle says.
func testTransitions(t *testing.T, s sdk) {
	server := serve(t, scenarios.Quickstart)
	l := &lifecycle{client: s.client(t, server.endpoint, quickstartKey), clock: server.clock}
	for _, c := range transitionCases {
		c.Account = quickstartAccount
		if _, err := server.operator.AddLifecycle(t.Context(), c.Lifecycle); err != nil {
			t.Fatal(err)
		}
		id := c.begin(l)
		l.expect("at once", c.status(l, id), c.Transition)
		if lasts := c.Decide(1, 0).Lasts; lasts != nil {
			server.clock.advance(*lasts - time.Millisecond)
			l.expect("a millisecond before its end", c.status(l, id), c.Transition)
			server.clock.advance(time.Millisecond)
		} else {
			server.clock.advance(365 * 24 * time.Hour)
			l.expect("a year later", c.status(l, id), c.Transition)
			if _, err := server.operator.ReleaseTransition(t.Context(),
				operator.ReleaseRequest{Account: quickstartAccount, Resource: id}); err != nil {
				t.Fatal(err)
			}
		}
		l.expect("at its end", c.status(l, id), c.to)
		if l.err != nil {
			t.Fatalf("%s: %v", c.name, l.err)
		}
		if err := server.operator.RemoveLifecycles(t.Context(), quickstartAccount); err != nil {
			t.Fatal(err)
		}
	}
}
