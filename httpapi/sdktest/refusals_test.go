package sdktest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"enisim.alt/testdata/scenarios"
)

// attachErrorsKey is the key of the account of testdata/scenarios/attach-errors.yaml.
var attachErrorsKey = key{"LTAIattacherrors001", "attach-errors-secret"}

// attachErrors returns the scenario with an object for each error of an attach.
func attachErrors(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "scenarios", "attach-errors.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The SDK's error object has all fields of each error: status, code, message, ids and
// recommendation.
func testRefusals(t *testing.T, s sdk) {
	endpoint := serve(t, attachErrors(t)).endpoint
	for _, c := range []struct {
		name    string
		key     key // if not attachErrorsKey
		detach  bool
		request attachment
		status  int
		code    string
		message string
	}{
		{
			name: "interface in use", request: attachment{"cn-hangzhou", "i-ok", "eni-invalid-eni-state-in-use"},
			status: 400, code: "InvalidOperation.InvalidEniState",
			message: `The operation is not allowed in the current ENI state. ` +
				`Expecting status is "Available" while current status is "InUse".`,
		},
		{
			name: "instance full", request: attachment{"cn-hangzhou", "i-eni-per-instance-limit-exceeded", "eni-ok"},
			status: 403, code: "EniPerInstanceLimitExceeded",
			message: "The number of ENI exceeds the limit for the type of instance you are trying to launch.",
		},
		{
			name: "instance of another account", request: attachment{"cn-hangzhou", "i-not-found", "eni-ok"},
			status: 404, code: "InvalidEcsId.NotFound",
			message: "The specified EcsId is not found.",
		},
		{
			name: "interface of another account", request: attachment{"cn-hangzhou", "i-ok", "eni-not-found"},
			status: 404, code: "InvalidEniId.NotFound",
			message: `The specified EniId "eni-not-found" is not found.`,
		},
		{
			name: "other VPC", request: attachment{"cn-hangzhou", "i-ok", "eni-vpc-mismatch"},
			status: 403, code: "InvalidOperation.VpcMismatch",
			message: "The VPC of the specified ENI and security group are not in the same VPC.",
		},
		{
			name: "other zone", request: attachment{"cn-hangzhou", "i-ok", "eni-availability-zone-mismatch"},
			status: 403, code: "InvalidOperation.AvailabilityZoneMismatch",
			message: "The VPC VSwitch of the specified ENI and ECS instance are not in the same availability zone.",
		},
		{
			name: "primary interface", request: attachment{"cn-hangzhou", "i-ok", "eni-holder-primary"},
			status: 403, code: "InvalidOperation.InvalidEniType",
			message: "The operation is not allowed in the current ENI type.",
		},
		{
			name: "type without hot-plug", request: attachment{"cn-hangzhou", "i-hot-plug-not-support", "eni-ok"},
			status: 403, code: "InvalidOperation.HotPlugNotSupport",
			message: "The instance type does not support hot-plugging of ENIs. Please stop the ECS instance, and try " +
				"again.",
		},
		{
			name: "starting instance", request: attachment{"cn-hangzhou", "i-invalid-ecs-state-starting", "eni-ok"},
			status: 400, code: "InvalidOperation.InvalidEcsState",
			message: "The operation is not allowed in the current ECS state.",
		},
		{
			name: "full security group", request: attachment{"cn-hangzhou", "i-ok",
				"eni-security-group-instance-limit-exceed"},
			status: 403, code: "SecurityGroupInstanceLimitExceed",
			message: "The maximum number of instances in a security group is exceeded.",
		},
		{
			name: "no instance", request: attachment{"cn-hangzhou", "", "eni-ok"},
			status: 400, code: "MissingParameter",
			message: `The input parameter that is mandatory for processing this request is not supplied.`,
		},
		{
			name: "unknown region", request: attachment{"mars-1", "i-ok", "eni-ok"},
			status: 404, code: "InvalidRegionId.NotFound",
			message: "The specified RegionId does not exist.",
		},
		{
			name: "RAM user with reads only", key: key{"LTAIramother0000001", "ram-other-secret"},
			request: attachment{"cn-hangzhou", "i-ok", "eni-ok"},
			status:  403, code: "Forbidden.SubUser",
			message: "The specified action is not available for you.",
		},
		{
			name: "expired key", key: key{"LTAIexpired00000001", "expired-secret"},
			request: attachment{"cn-hangzhou", "i-ok", "eni-ok"},
			status:  403, code: "Abs.InvalidAccount.NotFound",
			message: "The Account is not found or ak is expired.",
		},
		{
			name: "unknown key", key: key{"LTAInobody", "no-secret"},
			request: attachment{"cn-hangzhou", "i-ok", "eni-ok"},
			status:  404, code: "InvalidAccessKeyId.NotFound",
			message: "Specified access key is not found.",
		},
		{
			name: "detach from another instance", detach: true,
			request: attachment{"cn-hangzhou", "i-ok", "eni-invalid-eni-state-in-use"},
			status:  400, code: "InvalidParameter.EniNotBelongEcs",
			message: "The specified ENI is not attached to the specified ECS instance.",
		},
		{
			name: "detach of a primary interface", detach: true,
			request: attachment{"cn-hangzhou", "i-holder", "eni-holder-primary"},
			status:  400, code: "InvalidOperation.DetachPrimaryEniNotAllowed",
			message: "Detaching primary ENI from ECS instance is not allowed.",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := c.key
			if k == (key{}) {
				k = attachErrorsKey
			}
			client := s.client(t, endpoint, k)
			var err error
			if c.detach {
				_, err = detach(client, c.request)
			} else {
				_, err = attach(client, c.request)
			}
			want := refusal{
				Status: c.status, Code: c.code, Message: c.message, RequestID: requestID, HostID: endpoint,
				Recommend: "https://api.aliyun.com/troubleshoot?q=" + c.code + "&product=Ecs&requestId=" + requestID,
			}
			if got := s.refusal(t, err); got != want {
				t.Errorf("\ngot  %+v\nwant %+v", got, want)
			}
		})
	}
}

// A wrong secret has its own error, with the string that the server signed.
func testWrongSecret(t *testing.T, s sdk) {
	got := s.refusal(t, attachWithWrongSecret(t, s))
	if got.Status != 400 || got.Code != "SignatureDoesNotMatch" || got.RequestID != requestID {
		t.Errorf("got %d %s, request id %s; want 400 SignatureDoesNotMatch, request id %s", got.Status, got.Code,
			got.RequestID, requestID)
	}
	const start = "Specified signature is not matched with our calculation. server string to sign is:"
	if rest, found := strings.CutPrefix(got.Message, start); !found || rest == "" {
		t.Errorf("message: got %q, want %q and a string to sign", got.Message, start)
	}
}

// attachWithWrongSecret returns the error of an attach with a wrong secret.
func attachWithWrongSecret(t *testing.T, s sdk) error {
	t.Helper()
	endpoint := serve(t, scenarios.Quickstart).endpoint
	_, err := attach(s.client(t, endpoint, key{quickstartKey.id, "not-the-secret"}), freeInterface)
	return err
}

// A server without its database answers ServiceUnavailable, which the SDK understands.
func testUnavailable(t *testing.T, s sdk) {
	server := serve(t, scenarios.Quickstart)
	c := s.client(t, server.endpoint, quickstartKey)
	expectState(t, c, interfaceState{Status: "Available"}) // fills the caches of keys and regions
	server.pool.Close()
	_, err := attach(c, freeInterface)
	if got := s.refusal(t, err); got.Status != 503 || got.Code != "ServiceUnavailable" {
		t.Errorf("got %d %s, want 503 ServiceUnavailable", got.Status, got.Code)
	}
}
