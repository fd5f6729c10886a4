package disturbance

import "enisim.alt/testdata/contract"

// PresetRealistic is the name of a set of limits that are about those of the real service.
const PresetRealistic = "realistic"

// The limits of PresetRealistic, in calls a minute, or in calls a second where the source says so.
// The service documents that it counts the calls of an account by action and region, and that a
// refused action may be called again in the next minute. So a bucket holds the calls of a minute.
const (
	perMinute = 60
	perSecond = 1
)

// realisticRate is the limit of an action.
type realisticRate struct {
	action string
	calls  int
	per    int // seconds
}

// documentedRates are from the vendor's tables of API rate limits of VPC and STS. The table of ECS is
// shown to the owner of an account only.
var documentedRates = []realisticRate{
	{"CreateVSwitch", 300, perMinute},
	{"AssumeRole", 100, perSecond},
	{"GetCallerIdentity", 100, perSecond},
}

// clientRates are the limits that the vendor's network plugin for Kubernetes (Terway,
// pkg/aliyun/client/ratelimit.go) keeps by itself.
var clientRates = []realisticRate{
	{"AttachNetworkInterface", 500, perMinute},
	{"CreateNetworkInterface", 500, perMinute},
	{"DeleteNetworkInterface", 500, perMinute},
	{"DescribeNetworkInterfaces", 800, perMinute},
	{"DescribeNetworkInterfaceAttribute", 2000, perMinute},
	{"DetachNetworkInterface", 400, perMinute},
	{"AssignPrivateIpAddresses", 400, perMinute},
	{"UnassignPrivateIpAddresses", 400, perMinute},
	{"AssignIpv6Addresses", 400, perMinute},
	{"UnassignIpv6Addresses", 400, perMinute},
	{"DescribeInstanceTypes", 400, perMinute},
	{"DescribeVSwitches", 300, perMinute},
}

// otherRate is ours, for actions without a source. It is what the plugin keeps for other actions.
const otherRate = 500

// realistic returns the limits of PresetRealistic: one for each action.
func realistic() []Limit {
	rates := map[string]realisticRate{}
	for _, known := range [][]realisticRate{clientRates, documentedRates} {
		for _, r := range known {
			rates[r.action] = r
		}
	}
	var limits []Limit
	for _, action := range contract.Actions() {
		r, known := rates[action]
		if !known {
			r = realisticRate{action, otherRate, perMinute}
		}
		limits = append(limits, Limit{
			Action: action, Region: "*", Per: PerAction,
			PerSecond: float64(r.calls) / float64(r.per), Burst: r.calls, Answer: ThrottlingUser,
		})
	}
	return limits
}
