package load

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/service"
)

// changesOnly is a plan that creates and deletes interfaces and changes their addresses.
func changesOnly(t *testing.T) Plan {
	t.Helper()
	plan, err := NewPlan(World{VSwitches: []VSwitch{{ID: "vsw-1", Block: netip.MustParsePrefix("10.0.0.0/26"),
		SecurityGroup: "sg-1", Capacity: 60}}},
		PlanOptions{Clients: 2, Mix: Mix{Create: 4, Delete: 2, Assign: 3, Unassign: 2}, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// answerTo returns the result of an operation that succeeds. The n-th one creates eni-n, and its
// address ends with n.
func answerTo(op Operation, n int) Result {
	r := Result{Operation: op, Outcome: history.OK}
	switch op.Action {
	case history.Create:
		r.Body = fmt.Appendf(nil, `{"NetworkInterfaceId":"eni-%d","PrivateIpSets":{"PrivateIpSet":[`+
			`{"PrivateIpAddress":"10.0.0.%d"}]}}`, n, n)
	case history.Assign:
		r.Body = fmt.Appendf(nil, `{"AssignedPrivateIpAddressesSet":{"PrivateIpSet":{"PrivateIpAddress":[`+
			`"10.0.1.%d"]}}}`, n)
	}
	return r
}

// A plan of changes first creates an interface, and then works on those that it has created and not
// deleted. Each creation has the token that is its interface's name, and most assignments have a token of their
// own.
func TestPlanChangesWhatItCreates(t *testing.T) {
	t.Parallel()
	next := changesOnly(t)(0)
	there := map[string]bool{}
	actions := map[string]int{}
	tokens := map[string]Operation{}
	var last Result
	for n := range 4000 {
		op, more := next(last)
		if !more || n == 0 && op.Action != history.Create {
			t.Fatalf("operation %d: got %+v, want a creation first, and no end", n, op)
		}
		actions[op.Action]++
		parameters := parametersOf(op)
		if token := parameters["ClientToken"]; token != "" {
			if first, repeats := tokens[token]; repeats && !reflect.DeepEqual(first, op) {
				t.Fatalf("got %+v and %+v with one token, want the same request", first, op)
			}
			tokens[token] = op
		}
		switch {
		case op.Action == history.Create && (parameters["VSwitchId"] != "vsw-1" ||
			parameters["SecurityGroupId"] != "sg-1" || parameters["ClientToken"] == "" ||
			parameters["NetworkInterfaceName"] != parameters["ClientToken"]):
			t.Fatalf("got %+v, want the VSwitch, the group, and a token that is the name", op)
		case op.Action == history.Unassign && parameters["PrivateIpAddress.1"] == "":
			t.Fatalf("got %+v, want an address", op)
		case op.Action != history.Create && op.Action != history.Assign && !there[op.Interface]:
			t.Fatalf("got %s of %s, which is not there", op.Action, op.Interface)
		}
		switch last = answerTo(op, n); op.Action {
		case history.Create:
			there[fmt.Sprint("eni-", n)] = true
		case history.Delete:
			delete(there, op.Interface)
		}
	}
	for _, action := range []string{history.Create, history.Delete, history.Assign, history.Unassign} {
		if actions[action] < 500 {
			t.Errorf("got the actions %v, want many of each", actions)
		}
	}
	if repeats := actions[history.Create] + actions[history.Assign] - len(tokens); repeats < 100 {
		t.Errorf("got %d repeats of tokens, want many", repeats)
	}
}

// A call without an answer is sent again until its outcome is known: a conflict says nothing about the
// call whose answer was lost.
func TestLostChangesAreSentAgain(t *testing.T) {
	t.Parallel()
	next := changesOnly(t)(1)
	first, _ := next(Result{})
	for _, r := range []Result{
		{Outcome: history.Unknown, Code: Timeout}, {Outcome: history.Unknown, Code: "ServiceUnavailable"},
		{Outcome: history.Fail, Code: service.EcsTaskConflict.Code},
	} {
		r.Operation = first
		if again, _ := next(r); !reflect.DeepEqual(again, first) {
			t.Errorf("after %s: got %+v, want %+v again", r.Code, again, first)
		}
	}
	if op, _ := next(answerTo(first, 1)); reflect.DeepEqual(op, first) {
		t.Errorf("after an answer: got %+v again, want another operation", op)
	}
}

// A mix of changes needs a VSwitch and creations.
func TestNewPlanRefusesUnusableChanges(t *testing.T) {
	t.Parallel()
	for want, mix := range map[string]Mix{"give create a share": {Delete: 1}, "no VSwitch": {Create: 1}} {
		if _, err := NewPlan(World{}, PlanOptions{Clients: 1, Mix: mix}); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want an error with %q", mix, err, want)
		}
	}
}
