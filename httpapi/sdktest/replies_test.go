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

	"enisim.alt/httpapi"
)

// newerFields are fields that the TypeScript SDKs have and the Go SDK lacks.
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

// otherFields are fields that no SDK has, or has with another type, each with its evidence.
var otherFields = map[string]string{
	"ecs:DescribeSecurityGroupAttribute.Permissions.Permission.Priority": "captured answers have a number, which the " +
		"SDKs read as text",
	"vpc:AssociateVpcCidrBlock.CidrBlock": "the vendor's page has it since 2025",
	"vpc:AssociateVpcCidrBlock.IpVersion": "the vendor's page has it since 2025",
}

// Each field of each golden reply is in the model of an SDK, with a type that the SDK reads.
func TestReplyFieldsAreInSDKs(t *testing.T) {
	t.Parallel()
	unknown := map[string]bool{} // to the Go SDK
	replies := 0
	for path, reply := range goldenReplies(t) {
		action, _, _ := strings.Cut(path, "/")
		replies++
		reportUnknownFields(reply, reflect.TypeOf(models[action].response), action, func(field string) {
			unknown[field] = true
			if !slices.Contains(newerFields, field) && otherFields[field] == "" {
				t.Errorf("%s: got the field %s, which the Go SDK does not read", path, field)
			}
		})
	}
	if replies < len(models) {
		t.Errorf("got %d replies, want at least one of each of %d actions", replies, len(models))
	}
	for _, field := range newerFields {
		if !unknown[field] {
			t.Errorf("%s: got it in newerFields, but it is in no reply or in the Go SDK", field)
		}
	}
	for field, reason := range otherFields {
		if !unknown[field] {
			t.Errorf("%s: got it in otherFields (%s), but it is in no reply or in the Go SDK", field, reason)
		}
	}
}

// The TypeScript SDKs have all fields in newerFields.
func TestNewerFieldsAreInTheTypeScriptSDKs(t *testing.T) {
	t.Parallel()
	command := exec.CommandContext(t.Context(), nodeForTypeScript(t),
		append([]string{"models.mjs"}, httpapi.ActionNames()...)...)
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
			t.Errorf("%s: got no such field in the TypeScript SDK", field)
		}
	}
}

// goldenReplies returns the successful golden replies by product:Action/file. If several products
// have an action, its files count for each of them.
func goldenReplies(t *testing.T) map[string]any {
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
		for _, product := range []string{"ecs", "vpc", "sts", "location", "resourcemanager"} {
			if action := product + ":" + filepath.Base(filepath.Dir(path)); models[action].response != nil {
				replies[action+"/"+filepath.Base(path)] = reply
			}
		}
	}
	return replies
}

// reportUnknownFields reports the path of each field that a model lacks or has with another type.
func reportUnknownFields(value any, model reflect.Type, path string, report func(string)) {
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
				reportUnknownFields(inner, field, path+"."+name, report)
			} else {
				report(path + "." + name)
			}
		}
	case []any:
		if fits = model.Kind() == reflect.Slice; !fits {
			break
		}
		for _, inner := range v {
			reportUnknownFields(inner, model.Elem(), path, report)
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

// fieldNamed returns the type of a field by its JSON name.
func fieldNamed(model reflect.Type, name string) (reflect.Type, bool) {
	for field := range model.Fields() {
		if field.Tag.Get("json") == name {
			return field.Type, true
		}
	}
	return nil, false
}
