package sdktest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"enisim/httpapi"
)

// newerFields are those that the Go SDK lacks and the TypeScript SDKs have.
var newerFields = []string{
	"ecs:CreateNetworkInterface.Ipv6Sets.Ipv6Set.Primary",
	"ecs:DescribeInstanceAttribute.NetworkOptions",
	"ecs:DescribeInstanceAttribute.SecurityOptions",
	"ecs:DescribeInstanceTypes.InstanceTypes.InstanceType.Clock",
	"ecs:DescribeInstanceTypes.InstanceTypes.InstanceType.NetworkInfo",
	"ecs:DescribeInstances.Instances.Instance.ClockOptions",
	"ecs:DescribeInstances.Instances.Instance.SecurityOptions",
	"ecs:DescribeNetworkInterfaceAttribute.QoSConfig",
	"ecs:DescribeNetworkInterfaces.NetworkInterfaceSets.NetworkInterfaceSet.Ipv6Sets.Ipv6Set.Primary",
	"ecs:DescribeSecurityGroupAttribute.Permissions.Permission.PortRangeListId",
	"ecs:DescribeSecurityGroupAttribute.Permissions.Permission.PortRangeListName",
	"ecs:DescribeSecurityGroupAttribute.SnapshotPolicyIds",
}

// otherFields are those that no SDK has, or has in another type, with what they rest on.
var otherFields = map[string]string{
	"ecs:DescribeSecurityGroupAttribute.Permissions.Permission.Priority": "captured answers have a number, which the SDKs read as text",
}

// Every field of every kept reply is one that the vendor's SDKs have for the action, in a type that they read.
func TestEveryFieldOfAReplyIsKnownToTheSDKs(t *testing.T) {
	t.Parallel()
	unknown := map[string]bool{} // to the Go SDK
	walked := 0
	for path, reply := range keptReplies(t) {
		action, _, _ := strings.Cut(path, "/")
		walked++
		unread(reply, reflect.TypeOf(models[action].response), action, func(field string) {
			unknown[field] = true
			if !slices.Contains(newerFields, field) && otherFields[field] == "" {
				t.Errorf("%s: the Go SDK does not read %s", path, field)
			}
		})
	}
	if walked < len(models) {
		t.Errorf("got %d replies, want at least one of each of %d actions", walked, len(models))
	}
	for _, field := range newerFields {
		if !unknown[field] {
			t.Errorf("%s: is listed as newer than the Go SDK, but is in no reply, or is in the SDK", field)
		}
	}
	for field, reason := range otherFields {
		if !unknown[field] {
			t.Errorf("%s: is listed (%s), but is in no reply, or is in the SDK", field, reason)
		}
	}
}

// What is newer than the Go SDK is in the models of the TypeScript SDKs.
func TestNewerFieldsAreInTheTypeScriptSDKs(t *testing.T) {
	t.Parallel()
	command := exec.CommandContext(t.Context(), nodeForTypeScript(t), append([]string{"models.mjs"}, httpapi.ActionNames()...)...)
	command.Dir, command.Env = "typescript", []string{}
	text, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var shapes map[string]any
	if err := json.Unmarshal(text, &shapes); err != nil {
		t.Fatal(err)
	}
	for _, field := range newerFields {
		names := strings.Split(field, ".")
		at := shapes[names[0]]
		for _, name := range names[1:] {
			inner, _ := at.(map[string]any)
			at = inner[name]
		}
		if at == nil {
			t.Errorf("%s: the TypeScript SDK does not have it either", field)
		}
	}
}

// keptReplies are the successes among the golden files, by product:Action/file. Of an action that several products have, a file belongs to the
// product that it names.
func keptReplies(t *testing.T) map[string]any {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", "testdata", "golden", "*", "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	replies := map[string]any{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		head, body, _ := strings.Cut(string(text), "\n\n")
		if !strings.HasPrefix(head, "200 ") {
			continue
		}
		var reply any
		if err := json.Unmarshal([]byte(body), &reply); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, product := range []string{"ecs", "vpc", "sts"} {
			if action := product + ":" + filepath.Base(filepath.Dir(path)); models[action].response != nil {
				replies[action+"/"+filepath.Base(path)] = reply
			}
		}
	}
	return replies
}

// unread reports the fields of a reply that a model lacks, or has in another type, by their way from the action.
func unread(value any, model reflect.Type, path string, report func(string)) {
	for model.Kind() == reflect.Pointer {
		model = model.Elem()
	}
	fits := true
	switch v := value.(type) {
	case map[string]any:
		if fits = model.Kind() == reflect.Struct; !fits {
			break
		}
		for name, inner := range v {
			if field, found := fieldNamed(model, name); found {
				unread(inner, field, path+"."+name, report)
			} else {
				report(path + "." + name)
			}
		}
	case []any:
		if fits = model.Kind() == reflect.Slice; !fits {
			break
		}
		for _, inner := range v {
			unread(inner, model.Elem(), path, report)
		}
	case string:
		fits = model.Kind() == reflect.String
	case float64:
		fits = model.Kind() != reflect.String && model.Kind() != reflect.Bool
	case bool:
		fits = model.Kind() == reflect.Bool
	}
	if !fits {
		report(path)
	}
}

func fieldNamed(model reflect.Type, name string) (reflect.Type, bool) {
	for field := range model.Fields() {
		if field.Tag.Get("json") == name {
			return field.Type, true
		}
	}
	return nil, false
}
