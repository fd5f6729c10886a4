package httpapi_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"enisim.alt/service"
)

// What creates and changes write and their own tests do not read back: security groups, stopped
// instances, changes of instances, tags. Each reads twice, and twice the same.

// These tests create and change resources, and read them back twice each: security groups, stopped
// instances, changes of instances, and tags.
var (
	anyName = rapid.StringMatching(`[a-zA-Z中文][a-zA-Z0-9中:_.-]{1,20}`)
	anyText = rapid.StringMatching(`[a-z <>&"'中%+/-]{2,40}`)
)

// A security group reads back as it was created and changed.
func TestSecurityGroupsReadBack(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom([]string{"normal", "enterprise"}).Draw(rt, "type")
		name, description, resourceGroup := anyName.Draw(rt, "name"), anyText.Draw(rt, "description"),
			"rg-"+rapid.StringMatching(`[a-z]{3}`).Draw(rt, "group")
		key, value := anyName.Draw(rt, "key"), anyText.Draw(rt, "value")
		id, _ := s.mustCall(t, "CreateSecurityGroup", "VpcId", "vpc-main", "SecurityGroupName", name,
			"Description", description,
			"SecurityGroupType", kind, "ResourceGroupId", resourceGroup, "Tag.1.Key", key,
			"Tag.1.Value", value).body["SecurityGroupId"].(string)
		read := func() string {
			groups := s.mustCall(t, "DescribeSecurityGroups",
				"SecurityGroupId", id).body["SecurityGroups"].(map[string]any)["SecurityGroup"].([]any)
			if len(groups) != 1 {
				rt.Fatalf("%s: got %d groups, want 1", id, len(groups))
			}
			g := groups[0].(map[string]any)
			return fmt.Sprint(g["SecurityGroupName"], g["Description"], g["SecurityGroupType"], g["ResourceGroupId"],
				g["VpcId"], encodeJSON(g["Tags"]))
		}
		want := func() string {
			tags := map[string]any{"Tag": []any{map[string]any{"TagKey": key, "TagValue": value}}}
			return fmt.Sprint(name, description, kind, resourceGroup, "vpc-main", encodeJSON(tags))
		}
		for range 2 {
			if got := read(); got != want() {
				rt.Fatalf("created: got %s, want %s", got, want())
			}
		}
		change := []string{"SecurityGroupId", id}
		if rapid.Bool().Draw(rt, "rename") {
			name = anyName.Draw(rt, "new name")
			change = append(change, "SecurityGroupName", name)
		}
		if rapid.Bool().Draw(rt, "new description set") {
			description = anyText.Draw(rt, "new description")
			change = append(change, "Description", description)
		}
		if r := s.mustCall(t, "ModifySecurityGroupAttribute", change...); r.code() != ok {
			rt.Fatalf("%v: got %v, want a success", change, r)
		}
		for range 2 {
			if got := read(); got != want() {
				rt.Fatalf("changed: got %s, want %s", got, want())
			}
		}
		if r := s.mustCall(t, "DeleteSecurityGroup", "SecurityGroupId", id); r.code() != ok {
			rt.Fatal(r)
		}
	})
}

// A stopped instance reads back as it was created and changed.
func TestInstancesReadBack(t *testing.T) {
	t.Parallel()
	s := serve(t, world().KeyPair("key"), service.Options{})
	rapid.Check(t, func(rt *rapid.T) {
		want := map[string]string{
			"Status": "Stopped", "ImageId": "m-" + rapid.StringMatching(`[a-z0-9]{4,10}`).Draw(rt, "image"),
			"KeyPairName":  "key",
			"InstanceName": anyName.Draw(rt, "name"), "Description": anyText.Draw(rt, "description"),
			"HostName":           rapid.StringMatching(`[a-z]{2,12}`).Draw(rt, "host"),
			"DeletionProtection": strconv.FormatBool(rapid.Bool().Draw(rt, "protection")),
			"SecurityGroupIds":   "[sg-main]",
			"UserData":           base64.StdEncoding.EncodeToString([]byte(anyText.Draw(rt, "data"))),
		}
		pairs := []string{"InstanceType", "ecs.g6.large", "VSwitchId", "vsw-h", "SecurityGroupId", "sg-main"}
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if name != "Status" && name != "SecurityGroupIds" {
				pairs = append(pairs, name, want[name])
			}
		}
		created := s.mustCall(t, "CreateInstance", pairs...)
		id, _ := created.body["InstanceId"].(string)
		read := func() map[string]string {
			instances := s.mustCall(t, "DescribeInstances",
				"InstanceIds", `["`+id+`"]`).body["Instances"].(map[string]any)["Instance"].([]any)
			if len(instances) != 1 {
				rt.Fatalf("%v: got %d instances, want 1", created, len(instances))
			}
			i := instances[0].(map[string]any)
			got := map[string]string{
				"SecurityGroupIds": fmt.Sprint(i["SecurityGroupIds"].(map[string]any)["SecurityGroupId"]),
				"UserData":         fmt.Sprint(s.mustCall(t, "DescribeUserData", "InstanceId", id).body["UserData"]),
			}
			for name := range want {
				if _, known := got[name]; !known {
					got[name] = fmt.Sprint(i[name])
				}
			}
			return got
		}
		for range 2 {
			if got := read(); !maps.Equal(got, want) {
				rt.Fatalf("created: got %v, want %v", got, want)
			}
		}
		change := []string{"InstanceId", id}
		draws := map[string]func() string{
			"InstanceName": func() string { return anyName.Draw(rt, "new name") },
			"Description":  func() string { return anyText.Draw(rt, "new description") },
			"HostName":     func() string { return rapid.StringMatching(`[a-z]{2,12}`).Draw(rt, "new host") },
			"UserData": func() string {
				return base64.StdEncoding.EncodeToString([]byte(anyText.Draw(rt,
					"new data")))
			},
			"DeletionProtection": func() string { return "false" },
		}
		for _, name := range slices.Sorted(maps.Keys(draws)) {
			if rapid.Bool().Draw(rt, "change "+name) {
				want[name] = draws[name]()
				change = append(change, name, want[name])
			}
		}
		if rapid.Bool().Draw(rt, "change the groups") {
			want["SecurityGroupIds"] = "[sg-small sg-main]"
			change = append(change, "SecurityGroupIds.1", "sg-small", "SecurityGroupIds.2", "sg-main")
		}
		if r := s.mustCall(t, "ModifyInstanceAttribute", change...); r.code() != ok {
			rt.Fatalf("%v: got %v, want a success", change, r)
		}
		for range 2 {
			if got := read(); !maps.Equal(got, want) {
				rt.Fatalf("changed: got %v, want %v", got, want)
			}
		}
		s.mustCall(t, "ModifyInstanceAttribute", "InstanceId", id, "DeletionProtection", "false")
		if r := s.mustCall(t, "DeleteInstance", "InstanceId", id); r.code() != ok {
			rt.Fatal(r)
		}
	})
}

// The tags of an interface behave like a map.
func TestTagsReadBack(t *testing.T) {
	t.Parallel()
	s := serve(t, world().
		NetworkInterface("eni-1"), service.Options{})
	want := map[string]string{}
	rapid.Check(t, func(rt *rapid.T) {
		if key := rapid.StringMatching(`[a-h]`).Draw(rt, "key"); rapid.Bool().Draw(rt, "tag") {
			want[key] = anyText.Draw(rt, "value")
			s.mustCall(t, "TagResources", "ResourceType", "eni", "ResourceId.1", "eni-1", "Tag.1.Key", key,
				"Tag.1.Value", want[key])
		} else {
			delete(want, key)
			s.mustCall(t, "UntagResources", "ResourceType", "eni", "ResourceId.1", "eni-1", "TagKey.1", key)
		}
		for range 2 {
			got := map[string]string{}
			for _, tag := range s.mustCall(t, "ListTagResources", "ResourceType", "eni",
				"ResourceId.1", "eni-1").body["TagResources"].(map[string]any)["TagResource"].([]any) {
				got[tag.(map[string]any)["TagKey"].(string)] = tag.(map[string]any)["TagValue"].(string)
			}
			if !maps.Equal(got, want) {
				rt.Fatalf("got %v, want %v", got, want)
			}
		}
	})
}
