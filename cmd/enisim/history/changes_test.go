package history_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"enisim.alt/cmd/enisim/history"
)

// Read returns the quota, the VSwitches and the changes that a Writer wrote.
func TestReadReturnsChanges(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	w := history.NewWriter(&file, history.Header{})
	quota, vswitch := history.Quota{Limit: 9, Held: 2}, history.VSwitch{ID: "vsw-1", Capacity: 12, Held: 3}
	w.Quota(quota)
	w.VSwitch(vswitch)
	list := func() int { return w.Invoke(history.Call{Client: 3, Action: history.Describe, VSwitch: "vsw-1"}) }
	w.Listed(list(), nil)
	create := w.Invoke(history.Call{Client: 1, Action: history.Create, VSwitch: "vsw-1", Token: "t-1",
		Addresses: []string{"10.0.0.7"}})
	w.Changed(create, "eni-1", []string{"10.0.0.7"})
	assign := w.Invoke(history.Call{Client: 1, Action: history.Assign, Interface: "eni-1", Token: "t-2", Count: 2})
	w.Changed(assign, "", []string{"10.0.0.8", "10.0.0.9"})
	found := []history.Found{{Interface: "eni-1", Token: "t-1", Addresses: []string{"10.0.0.7", "10.0.0.8"}}}
	w.Listed(list(), found)
	w.OK(w.Invoke(history.Call{Client: 1, Action: history.Unassign, Interface: "eni-1",
		Addresses: []string{"10.0.0.8", "10.0.0.9"}}))
	w.Fail(w.Invoke(history.Call{Client: 1, Action: history.Assign, Interface: "eni-1",
		Addresses: []string{"10.0.0.1"}}), "InvalidIp.IpAssigned")
	w.Unknown(w.Invoke(history.Call{Client: 1, Action: history.Delete, Interface: "eni-1"}), "lost")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	h := read(t, file.Bytes())
	if *h.Quota != quota || len(h.VSwitches) != 1 || h.VSwitches[0] != vswitch {
		t.Errorf("got quota %v and VSwitches %v, want %v and %v", *h.Quota, h.VSwitches, quota, vswitch)
	}
	want := []history.Change{
		{ID: 1, Line: 4, Client: 3, Action: history.Describe, VSwitch: "vsw-1", Outcome: history.OK,
			Found: []history.Found{}},
		{ID: 2, Line: 6, Client: 1, Action: history.Create, VSwitch: "vsw-1", Token: "t-1", Interface: "eni-1",
			Named: []string{"10.0.0.7"}, Outcome: history.OK, Addresses: []string{"10.0.0.7"}},
		{ID: 3, Line: 8, Client: 1, Action: history.Assign, Token: "t-2", Interface: "eni-1", Count: 2,
			Outcome: history.OK, Addresses: []string{"10.0.0.8", "10.0.0.9"}},
		{ID: 4, Line: 10, Client: 3, Action: history.Describe, VSwitch: "vsw-1", Outcome: history.OK, Found: found},
		{ID: 5, Line: 12, Client: 1, Action: history.Unassign, Interface: "eni-1",
			Named: []string{"10.0.0.8", "10.0.0.9"}, Outcome: history.OK},
		{ID: 6, Line: 14, Client: 1, Action: history.Assign, Interface: "eni-1", Named: []string{"10.0.0.1"},
			Outcome: history.Fail, Code: "InvalidIp.IpAssigned"},
		{ID: 7, Line: 16, Client: 1, Action: history.Delete, Interface: "eni-1", Outcome: history.Unknown,
			Error: "lost"},
	}
	for k := range h.Changes {
		if h.Changes[k].Ended < h.Changes[k].Invoked {
			t.Errorf("change %d: got an end before its invoke", k)
		}
		h.Changes[k].Invoked, h.Changes[k].Ended = 0, 0
	}
	if !reflect.DeepEqual(h.Changes, want) || len(h.Operations) != 0 {
		t.Errorf("got %+v\nwant %+v", h.Changes, want)
	}
}

// Errors in the lines of changes say what is wrong.
func TestReadRefusesWrongChanges(t *testing.T) {
	t.Parallel()
	const (
		head   = `{"enisim_history":1}` + "\n" + `{"type":"vswitch","id":"vsw-1","capacity":9}` + "\n"
		create = `{"type":"invoke","op":1,"time":1,"action":"CreateNetworkInterface","vswitch":"vsw-1"}` + "\n"
		ok     = `{"type":"ok","op":1,"time":2,"interface":"eni-1","addresses":["10.0.0.1"]}` + "\n"
		invoke = `{"type":"invoke","op":2,"time":3,`
	)
	for _, c := range []struct{ text, want string }{
		{head + `{"type":"vswitch","id":"vsw-1","capacity":9}`,
			"f:3: vswitch vsw-1 is there already"},
		{head + `{"type":"vswitch"}`,
			"f:3: a vswitch needs an id"},
		{head + `{"type":"vswitch","id":"vsw-2"}`,
			"f:3: vswitch vsw-2 needs a capacity"},
		{head + `{"type":"vswitch","id":"vsw-2","capacity":1,"held":2}`,
			"f:3: vswitch vsw-2 has held 2 of capacity 1"},
		{head + create + `{"type":"vswitch","id":"vsw-2","capacity":1}`,
			"f:4: vswitch vsw-2 comes after the first invoke"},
		{head + `{"type":"quota"}`,
			"f:3: a quota needs a limit"},
		{head + `{"type":"quota","limit":1,"held":2}`,
			"f:3: the quota has held 2 of limit 1"},
		{head + `{"type":"quota","limit":1}` + "\n" + `{"type":"quota","limit":1}`,
			"f:4: there is a quota already"},
		{head + create + `{"type":"quota","limit":1}`,
			"f:4: the quota comes after the first invoke"},
		{head + create + create,
			"f:4: op 1 was invoked on line 3"},
		{head + strings.Replace(create, "vsw-1", "vsw-2", 1),
			"f:3: vswitch vsw-2 has no line of its own"},
		{head + invoke + `"action":"CreateNetworkInterface"}`,
			"f:3: CreateNetworkInterface needs a vswitch"},
		{head + invoke + `"action":"CreateNetworkInterface","vswitch":"vsw-1","interface":"eni-1"}`,
			"names no interface"},
		{head + invoke + `"action":"DeleteNetworkInterface"}`,
			"f:3: DeleteNetworkInterface needs an interface"},
		{head + invoke + `"action":"DeleteNetworkInterface","interface":"eni-1"}`,
			"which no answer before this line has created"},
		{head + create + ok + invoke + `"action":"UnassignPrivateIpAddresses","interface":"eni-1"}`,
			"f:5: UnassignPrivateIpAddresses needs addresses"},
		{head + create + ok + invoke + `"action":"AssignPrivateIpAddresses","interface":"eni-1"}`,
			"f:5: AssignPrivateIpAddresses needs addresses, or a count"},
		{head + create + ok + ok,
			"f:5: op 1 has an outcome already"},
		{head + create + `{"type":"ok","op":1,"time":0}`,
			"f:4: op 1 ends at 0, before its invoke on line 3"},
		{head + create + `{"type":"fail","op":1,"time":2}`,
			"f:4: op 1 fails without a code"},
		{head + create + `{"type":"ok","op":1,"time":2,"interface":"eni-1"}`,
			"f:4: op 1 is a creation; give the interface of its answer, and its addresses"},
		{head + create + ok + invoke + `"action":"DescribeNetworkInterfaces","vswitch":"vsw-1"}` + "\n" +
			`{"type":"ok","op":2,"time":4}`,
			"f:6: op 2 is a list; give found"},
		{head + create + ok + invoke + `"action":"AssignPrivateIpAddresses","interface":"eni-1","count":1}` + "\n" +
			`{"type":"ok","op":2,"time":4}`,
			"f:6: op 2 is an assignment; give the addresses of its answer"},
	} {
		_, err := history.Read("f", strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\ngot  %v\nwant %s", c.text, err, c.want)
		}
	}
}
