package httpapi_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"enisim.alt/service"
	"enisim.alt/service/operator"
	"enisim.alt/service/worldtest"
)

// changesOf sends a request, and returns the changes of its event.
func (s *server) changesOf(t *testing.T, action string, pairs ...string) []string {
	t.Helper()
	r := s.mustCall(t, action, pairs...)
	page, err := s.controlClient().Events(t.Context(), operator.EventQuery{Request: r.requestID()})
	if err != nil {
		t.Fatal(err)
	}
	changes := []string{}
	for _, e := range page.Events {
		for _, c := range e.Changes {
			line := fmt.Sprintf("%s %s:%s->%s", c.Resource, c.Field, c.From, c.To)
			if c.Then != "" {
				line += " then " + c.Then
			}
			changes = append(changes, line)
		}
	}
	return changes
}

// An event has the fields that change, and a call that changes nothing has no event.
func TestChangesOfEvents(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		SecurityGroup("sg-2").
		Instance("i-1", worldtest.Set("type", "ecs.g7.2xlarge")).
		NetworkInterface("eni-kept", worldtest.Set("delete_on_release", false), worldtest.Set("attached_to", "i-1")).
		NetworkInterface("eni-leaving", worldtest.Set("attached_to", "i-1")).
		NetworkInterface("eni-gone", worldtest.Set("attached_to", "i-1")),
		service.Options{DeleteDelay: time.Hour, DetachDelay: time.Hour}, openControl)
	group := s.groupOf(t, "eni-kept")
	for _, c := range []struct {
		action string
		pairs  []string
		want   []string
	}{
		{"ModifyInstanceAttribute", []string{"InstanceId", "i-1", "InstanceName", "web", "Password", "Secret-0001"},
			[]string{"i-1 InstanceName:->web"}},
		{"ModifyInstanceAttribute", []string{"InstanceId", "i-1", "InstanceName", "web"}, nil},
		{"ModifyNetworkInterfaceAttribute", []string{"NetworkInterfaceId", "eni-kept", "SourceDestCheck", "true"},
			[]string{"eni-kept SourceDestCheck:false->true"}},
		{"JoinSecurityGroup", []string{"NetworkInterfaceId", "eni-kept", "SecurityGroupId", "sg-2"},
			[]string{"eni-kept SecurityGroupIds:" + group + "->" + group + ",sg-2"}},
		{"LeaveSecurityGroup", []string{"NetworkInterfaceId", "eni-kept", "SecurityGroupId", group},
			[]string{"eni-kept SecurityGroupIds:" + group + ",sg-2->sg-2"}},
		{"ModifyNetworkInterfaceAttribute", []string{"NetworkInterfaceId", "eni-kept", "SecurityGroupId.1", "sg-2"},
			nil},
		{"TagResources", []string{"ResourceType", "eni", "ResourceId.1", "eni-kept", "Tag.1.Key", "team",
			"Tag.1.Value", "net"}, []string{"eni-kept Tag:->team=net"}},
		{"TagResources", []string{"ResourceType", "eni", "ResourceId.1", "eni-kept", "Tag.1.Key", "team",
			"Tag.1.Value", "net"}, nil},
		{"DetachNetworkInterface", []string{"InstanceId", "i-1", "NetworkInterfaceId", "eni-leaving"},
			[]string{"eni-leaving Status:InUse->Detaching then Available"}},
		{"DeleteInstance", []string{"InstanceId", "i-1", "Force", "true"}, []string{
			"eni-gone DeviceIndex:3->",
			"eni-gone InstanceId:i-1->",
			"eni-gone Status:InUse->Deleting then Deleted",
			"eni-kept DeviceIndex:1->",
			"eni-kept InstanceId:i-1->",
			"eni-kept Status:InUse->Available",
			"eni-leaving DeviceIndex:2->",
			"eni-leaving InstanceId:i-1->",
			"eni-leaving Status:Detaching->Available",
			"i-1 Status:Running->Deleted",
		}},
	} {
		got := s.changesOf(t, c.action, c.pairs...)
		if c.action == "DeleteInstance" { // without what its other fields and its primary interface were
			shown := regexp.MustCompile(`^(i-1|eni-gone|eni-kept|eni-leaving) (Status|InstanceId|DeviceIndex):`)
			got = slices.DeleteFunc(got, func(line string) bool { return !shown.MatchString(line) })
			slices.Sort(got)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s %v: got\n%s\nwant\n%s",
				c.action, c.pairs, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// groupOf returns the only security group of an interface.
func (s *server) groupOf(t *testing.T, eniID string) string {
	t.Helper()
	var group string
	err := s.pool.QueryRow(t.Context(),
		`SELECT security_group_id FROM network_interface_security_groups WHERE network_interface_id = $1`, eniID).
		Scan(&group)
	if err != nil {
		t.Fatal(err)
	}
	return group
}
