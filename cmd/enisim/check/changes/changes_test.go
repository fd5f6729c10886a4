package changes

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/service"
)

// testCall is a call of a test's history. from and to are in milliseconds.
type testCall struct {
	from, to int
	// create TOKEN [ADDRESS], assign ENI TOKEN ADDRESS or assign ENI TOKEN +COUNT, unassign ENI ADDRESS, delete
	// ENI, list. The token - is none.
	call string
	// Of a creation ENI ADDRESS, of an assignment ADDRESS..., of a list ENI:TOKEN:ADDRESS,ADDRESS...; ok, unknown,
	// or a code.
	answer string
}

// newHistory returns a history of calls in vsw-1. The account may have 3 interfaces, of which one is
// there at the start. The VSwitch has 4 addresses, which are free.
func newHistory(calls ...testCall) *history.History {
	h := &history.History{Quota: &history.Quota{Limit: 3, Held: 1},
		VSwitches: []history.VSwitch{{ID: "vsw-1", Capacity: 4}}}
	codes := []string{codeQuota, codeNotEnough, codeTaken, codeTakenPrimary, codeUnassigned, codeNoInterface,
		codeUsedUp, codeOtherRequest, service.EcsTaskConflict.Code}
	for k, c := range calls {
		words := append(strings.Fields(c.call), "", "", "")
		change := history.Change{ID: k + 1, Line: k + 4, Client: k, Outcome: history.OK,
			Invoked: time.Duration(c.from) * time.Millisecond, Ended: time.Duration(c.to) * time.Millisecond}
		switch words[0] {
		case "create":
			change.Action, change.VSwitch, change.Token = history.Create, "vsw-1", words[1]
			change.Named = nonEmpty(words[2])
		case "assign":
			change.Action, change.Interface, change.Token = history.Assign, words[1], words[2]
			if _, err := fmt.Sscanf(words[3], "+%d", &change.Count); err != nil {
				change.Named = nonEmpty(words[3])
			}
		case "unassign":
			change.Action, change.Interface, change.Named = history.Unassign, words[1], nonEmpty(words[2])
		case "delete":
			change.Action, change.Interface = history.Delete, words[1]
		case "list":
			change.Action, change.VSwitch = history.Describe, "vsw-1"
		}
		if change.Token == "-" {
			change.Token = ""
		}
		answer := strings.Fields(c.answer)
		switch {
		case c.answer == "unknown":
			change.Outcome, change.Ended = history.Unknown, 0
		case slices.Contains(codes, c.answer):
			change.Outcome, change.Code = history.Fail, c.answer
		case change.Action == history.Create:
			change.Interface, change.Addresses = answer[0], answer[1:]
		case change.Action == history.Assign:
			change.Addresses = answer
		case change.Action == history.Describe:
			for _, f := range answer {
				parts := strings.Split(f, ":")
				change.Found = append(change.Found, history.Found{Interface: parts[0], Token: parts[1],
					Addresses: strings.Split(parts[2], ",")})
			}
		}
		h.Changes = append(h.Changes, change)
	}
	return h
}

// nonEmpty returns a list of a text, or none.
func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// Check refuses answers that no server can give, whatever the order of the calls was.
func TestContradictions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		calls []testCall
		want  string // in the claim
	}{
		{"an address on two interfaces", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {5, 15, "create t-2", "eni-2 a"},
		}, "address a of vsw-1 explains op"},
		{"an address on two interfaces, one of which was assigned it", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "create t-2", "eni-2 b"}, {21, 30, "assign eni-1 t-3 c", "c"},
			{31, 40, "assign eni-2 t-4 +1", "c"},
		}, "address c of vsw-1 explains op 4"},
		{"an address that was released after it went to another interface", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "assign eni-1 t-2 b", "b"},
			{21, 30, "create t-3 b", "eni-2 b"}, {31, 40, "unassign eni-1 b", "ok"},
		}, "address b of vsw-1 explains op 3"},
		{"an address that is released twice", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "assign eni-1 t-2 b", "b"}, {21, 30, "unassign eni-1 b", "ok"},
			{31, 40, "unassign eni-1 b", "ok"},
		}, "address b of vsw-1 explains op 4"},
		{"an address refused as taken that is free", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "delete eni-1", "ok"},
			{21, 30, "create t-2 a", codeTakenPrimary},
		}, "address a of vsw-1 explains op 3"},
		{"an address refused as unassigned that is assigned", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "assign eni-1 - b", "b"},
			{21, 30, "unassign eni-1 b", codeUnassigned},
		}, "address b of vsw-1 explains op 3"},
		{"a token with two effects", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "create t-1", "eni-2 b"},
		}, "token t-1 has two answers"},
		{"a token with two effects, the answer of one of which was lost", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {1, 0, "create t-1", "unknown"},
			{20, 30, "list", "eni-1:t-1:a eni-2:t-1:b"},
		}, "another interface of this token, eni-2"},
		{"a token with two effects, no answer of which arrived", []testCall{
			{0, 0, "create t-1", "unknown"}, {1, 0, "create t-1", "unknown"},
			{20, 30, "list", "eni-1:t-1:a eni-2:t-1:b"},
		}, "another interface of this token, eni-2"},
		{"an assignment's token with two effects", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "assign eni-1 t-2 +1", "b"},
			{11, 20, "assign eni-1 t-2 +1", "c"},
		}, "token t-2 has two answers"},
		{"an interface of two tokens", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "create t-2", "eni-1 a"},
		}, "eni-1 was created twice"},
		{"a token that forgot its answer", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "create t-1", codeQuota},
		}, "token t-1 was answered with 200, and was refused afterwards"},
		{"a token that is used up by nothing", []testCall{
			{0, 10, "create t-1", codeUsedUp},
		}, "token t-1 is refused as used up, and was not refused before"},
		{"a token that knows another request", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "create t-1", codeOtherRequest},
		}, "as if it had come with another request"},
		{"a lost acknowledged creation", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {20, 30, "list", ""},
		}, "eni-1 explains op 2"},
		{"a lost acknowledged assignment", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "assign eni-1 t-2 b", "b"}, {31, 40, "list", "eni-1:t-1:a"},
		}, "address b of vsw-1 explains op 3"},
		{"a lost acknowledged deletion", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "delete eni-1", "ok"}, {31, 40, "list", "eni-1:t-1:a"},
		}, "eni-1 explains op 3"},
		{"a capacity refusal that only a request without an effect could explain", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 0, "assign eni-1 t-2 +3", "unknown"},
			{21, 30, "assign eni-1 t-2 +3", codeUsedUp}, {31, 40, "create t-3", codeNotEnough},
		}, "at most 1 can have been in use while op 4 asked for 1 more"},
		{"a refused creation with an effect", []testCall{
			{0, 10, "create t-1", codeTakenPrimary}, {20, 30, "list", "eni-1:t-1:a"},
		}, "the creation with token t-1 was refused"},
		{"an interface that is deleted twice", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "delete eni-1", "ok"}, {21, 30, "delete eni-1", "ok"},
		}, "eni-1 explains op 3"},
		{"an address for an interface that is gone", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "delete eni-1", "ok"}, {21, 30, "assign eni-1 t-2 b", "b"},
		}, "eni-1 explains op 3"},
		{"an interface refused as gone that is there", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "delete eni-1", codeNoInterface},
		}, "eni-1 explains op 2"},
		{"a quota that is exceeded", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {1, 11, "create t-2", "eni-2 b"}, {2, 12, "create t-3", "eni-3 c"},
		}, "the quota of interfaces is 3, and 4 are in use"},
		{"a quota refusal that is unfounded", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "create t-2", codeQuota},
		}, "at most 2 can have been in use while op 2 asked for 1 more"},
		{"a quota refusal that comes before the effect of an unknown call", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "create t-2", codeQuota}, {21, 0, "create t-3", "unknown"},
		}, "at most 2 can have been in use while op 2 asked for 1 more"},
		{"a capacity that is exceeded", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "assign eni-1 - +4", "b c d e"},
		}, "the capacity of vsw-1 is 4, and 5 are in use"},
		{"a capacity refusal that is unfounded", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "assign eni-1 - +2", "b c"},
			{21, 30, "create t-2", codeNotEnough},
		}, "the capacity of vsw-1 is 4, and at most 3 can have been in use while op 3 asked for 1 more"},
		{"a capacity refusal after a release", []testCall{
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "assign eni-1 - +3", "b c d"},
			{21, 30, "unassign eni-1 d", "ok"}, {31, 40, "assign eni-1 - +1", codeNotEnough},
		}, "at most 3 can have been in use while op 4 asked for 1 more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := Check(newHistory(c.calls...))
			if err != nil || got == nil || !strings.Contains(got.Claim, c.want) {
				t.Fatalf("got %+v and %v, want a claim with %q", got, err, c.want)
			}
			var text strings.Builder
			if got.Write(&text); len(got.Calls) == 0 || !strings.Contains(text.String(), c.want) {
				t.Errorf("got the text %s, want the claim and calls", &text)
			}
		})
	}
}

// Check accepts answers that some order of the calls explains.
func TestRightAnswers(t *testing.T) {
	t.Parallel()
	conflict := service.EcsTaskConflict.Code
	for name, calls := range map[string][]testCall{
		"nothing": nil,
		"an address goes from one interface to the next while calls overlap": {
			{0, 10, "create t-1", "eni-1 a"}, {11, 30, "delete eni-1", "ok"}, {12, 25, "create t-2 a", "eni-2 a"},
		},
		"a repeat gets the first answer, also when the interface is gone": {
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "delete eni-1", "ok"}, {21, 30, "create t-1", "eni-1 a"},
		},
		"a repeat gets the answer that was lost": {
			{0, 0, "create t-1", "unknown"}, {5, 9, "create t-2 a", codeTakenPrimary},
			{20, 30, "create t-1", "eni-1 a"},
		},
		"a lost creation is found": {
			{0, 0, "create t-1", "unknown"}, {20, 30, "list", "eni-1:t-1:a"},
		},
		"a lost creation has no effect": {
			{0, 0, "create t-1", "unknown"}, {20, 30, "list", ""},
		},
		"a lost deletion takes effect late": {
			{0, 10, "create t-1", "eni-1 a"}, {11, 0, "delete eni-1", "unknown"}, {20, 30, "list", "eni-1:t-1:a"},
			{40, 50, "list", ""}, {60, 70, "delete eni-1", codeNoInterface},
		},
		"a lost release takes effect late": {
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "assign eni-1 t-2 b", "b"},
			{21, 0, "unassign eni-1 b", "unknown"},
			{22, 30, "create t-3 b", codeTakenPrimary}, {31, 40, "create t-4 b", "eni-2 b"},
		},
		"a lost assignment may have taken any address": {
			{0, 10, "create t-1", "eni-1 a"}, {11, 0, "assign eni-1 - +1", "unknown"},
			{21, 30, "create t-2 d", codeTakenPrimary}, {31, 40, "list", "eni-1:t-1:a,d"},
		},
		"a token is used up by a refusal": {
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "assign eni-1 t-2 a", codeTaken},
			{21, 30, "assign eni-1 t-2 a", codeUsedUp},
		},
		"a lost request whose token was used up by its repeat has no effect": {
			{0, 10, "create t-1", "eni-1 a"}, {11, 0, "assign eni-1 t-2 +3", "unknown"},
			{21, 30, "assign eni-1 t-2 +3", codeUsedUp}, {31, 40, "list", "eni-1:t-1:a"},
		},
		"a conflict says nothing": {
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "assign eni-1 - +1", conflict},
		},
		"the quota is reached, and left": {
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "create t-2", "eni-2 b"}, {21, 30, "create t-3", codeQuota},
			{31, 50, "delete eni-1", "ok"}, {32, 40, "create t-4", "eni-3 c"}, {41, 45, "create t-5", codeQuota},
		},
		"the capacity is reached, and left": {
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "assign eni-1 - +3", "b c d"},
			{21, 30, "create t-2", codeNotEnough},
			{31, 50, "unassign eni-1 c", "ok"}, {32, 40, "create t-3 c", "eni-2 c"},
		},
		"an address is assigned to the same interface again": {
			{0, 10, "create t-1", "eni-1 a"}, {11, 20, "assign eni-1 - b", "b"}, {21, 30, "unassign eni-1 b", "ok"},
			{31, 40, "assign eni-1 - b", "b"}, {41, 50, "unassign eni-1 a", codeUnassigned},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustPass(t, newHistory(calls...))
		})
	}
}

// mustPass fails the test if a history has a contradiction, or is not decided.
func mustPass(t interface{ Fatalf(string, ...any) }, h *history.History) {
	got, err := Check(h)
	switch {
	case err != nil:
		t.Fatalf("got %v, want a verdict", err)
	case got != nil:
		var text strings.Builder
		got.Write(&text)
		t.Fatalf("got %s, want no contradiction", &text)
	}
}

// Many calls of unknown outcome, each of which may have taken any address, do not make a check slow.
func TestManyLostCalls(t *testing.T) {
	t.Parallel()
	calls := []testCall{{0, 10, "create t-0", "eni-0 a"}}
	for k := 1; k < 25; k++ {
		eni := fmt.Sprint("eni-", k)
		calls = append(calls, testCall{20 * k, 20*k + 9, fmt.Sprint("create t-", k), eni + " b"},
			testCall{20*k + 10, 0, "assign eni-0 - +1", "unknown"},
			testCall{20*k + 10, 0, "assign " + eni + " - c", "unknown"},
			testCall{20*k + 10, 20*k + 19, "delete " + eni, "ok"},
			testCall{20*k + 10, 0, "unassign " + eni + " c", "unknown"},
			testCall{20*k + 10, 20*k + 19, "create - c", codeTakenPrimary})
	}
	h := newHistory(calls...)
	h.VSwitches[0].Capacity = 200
	mustPass(t, h)
}
