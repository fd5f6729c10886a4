package httpapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/store/storetest"
)

// violation is a request that violates one rule of an action, and the answer to it.
type violation struct {
	name        string
	first, last int    // the positions of the rules that may have given the answer, mostly one; -1: the gateway
	kind        string // of the rule: parameter, caller or resource; gateway
	world       string
	in          func(*goldenWorld) *httptest.Server
	request     parameterSet
	want        refusal
}

// refusal is the answer to a request that is refused.
type refusal struct {
	Status        int `json:"-"`
	Code, Message string
}

// orderedRule is a line of testdata/contract/order.txt, with the error that the rule answers.
type orderedRule struct {
	kind string // parameter, caller or resource
	args string // the arguments of the message, if every request has the same; else ""
	err  *service.Error
}

// productOf has the product of each Version.
var productOf = map[string]string{
	"2014-05-26": "ecs", vpcVersion: "vpc", "2015-04-01": "sts", "2015-06-12": "location",
	"2020-03-31": "resourcemanager",
}

const vpcVersion = "2016-04-28"

// inVPC has the values that a golden request of ECS about tags has otherwise in VPC.
var inVPC = map[string]string{
	"instance": "VPC", "i-ok": "vpc-main", "VPC": "instance", "vpc": "instance", "disk": "VSwitch",
}

// answeredByResourceRule has the golden cases whose code a parameter rule has too.
var answeredByResourceRule = map[string]bool{
	"CreateVSwitch InvalidParameter":      true, // a block outside of the VPC's
	"ModifyVpcAttribute InvalidParameter": true, // another IPv6 block than the VPC has
	// a time that is too near
	"ModifyInstanceAutoReleaseTime InvalidAutoReleaseTime.Malformed": true,
}

// keptRule is a pair in which the change of the later case lets the request keep the earlier rule, with the reason. So
// a later rule answers.
type keptRule struct{ action, earlier, later, reason string }

var keptRules = []keptRule{
	{
		"ecs:AssignIpv6Addresses", "MaxEniIpv6IpsCountExceeded", "InvalidOperation.Ipv6NotSupport",
		"the later case names an interface that has no address yet",
	},
	{
		"ecs:AttachNetworkInterface", "UnsupportedParameter", "InvalidOperation.InstanceTypeNotSupportEniTrunking",
		"the later case is of an account with trunking",
	},
	{
		"ecs:AttachNetworkInterface", "UnsupportedParameter", "InvalidOperation.TrunkingIsNotAllowed",
		"the later case is of an account with trunking",
	},
	{
		"ecs:DescribeNetworkInterfaces", "InvalidOperation.InvalidEniPageNumber", "InvalidParameter",
		"a list that goes on by token has no page numbers",
	},
	{
		"ecs:DetachNetworkInterface", "UnsupportedParameter", "InvalidOperation.HasMemberEniAttached",
		"the later case is of an account with trunking",
	},
	{
		"ecs:JoinSecurityGroup", "InvalidInstanceId.AlreadyExists", "InstanceSecurityGroupLimitExceeded",
		"the later case names an interface instead of the instance",
	},
	{
		"ecs:JoinSecurityGroup", "InvalidInstanceId.Mismatch", "InvalidOperation.VpcMismatch",
		"the later case names an interface instead of the instance",
	},
	{
		"ecs:LeaveSecurityGroup", "InvalidSecurityGroupAssociation.NotFound", "InstanceLastSecurityGroup",
		"the later case names a group that the instance is in",
	},
	{
		"ecs:AttachNetworkInterface", "UnsupportedParameter", "InvalidOperation.HasMemberEniAttached",
		"the later case is of an account with trunking",
	},
	{
		"ecs:ModifyNetworkInterfaceAttribute", "InvalidOperation.EniTrafficModeNotSupportIPv6",
		"InvalidOperation.MaxEniQueuePairNumberExceed", "the later case is of an RDMA interface",
	},
	{
		"ecs:ModifyInstanceSpec", "InvalidOperation.InstanceTypeNotSupportHighPerformance",
		"InvalidOperation.HighPerformanceEniPerInstanceLimitExceeded",
		"the later case is of a type with RDMA interfaces",
	},
	{
		"ecs:ModifyNetworkInterfaceAttribute", "InvalidParameter.QueuePairNumberMustEmpty",
		"InvalidOperation.InstanceTypeNotSupportHighPerformance", "the later case makes it an RDMA interface",
	},
	{
		"ecs:ModifyNetworkInterfaceAttribute", "InvalidParameter.QueuePairNumberMustEmpty",
		"InvalidOperation.HighPerformanceEniPerInstanceLimitExceeded", "the later case makes it an RDMA interface",
	},
	{
		"ecs:ModifySecurityGroupEgressRule", "MissingParameter.Dest", "InvalidSecurityGroupRule.RuleConflict",
		"the later case names the rule by its id, which needs no destination",
	},
	{
		"ecs:TagResources", "InvalidResourceType.NotFound", "InvalidTagValue.Malformed",
		"the later case is one of VPC, where the type exists",
	},
	{
		"ecs:UnassignPrivateIpAddresses", "InvalidIp.IpRepeated", "InvalidIp.IpUnassigned",
		"the later case changes one of the two addresses",
	},
	{"vpc:CreateVSwitch", "MissingParameter", "CidrMask=15", "a mask stands for the block that is missing"},
}

// readRuleOrder reads the rules of each action, by product:Action.
func readRuleOrder(t *testing.T) map[string][]orderedRule {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "contract", "order.txt"))
	if err != nil {
		t.Fatal(err)
	}
	order, action := map[string][]orderedRule{}, ""
	var errs []*service.Error // of the action's rules, without those that a line has named
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "\t") {
			action = strings.TrimSpace(line)
			product, name, _ := strings.Cut(action, ":")
			for version, p := range productOf {
				if p == product {
					errs = httpapi.RuleErrors(version, name)
				}
			}
			continue
		}
		fields := strings.Fields(line)
		k := slices.IndexFunc(errs, func(e *service.Error) bool {
			return strconv.Itoa(e.Status) == fields[1] && e.Code == fields[2]
		})
		if k < 0 {
			t.Fatalf("%s: no rule answers %s", action, strings.TrimSpace(line))
		}
		_, args, _ := strings.Cut(strings.TrimSuffix(strings.TrimSpace(line), "]"), "[")
		order[action] = append(order[action], orderedRule{fields[0], strings.TrimSpace(args), errs[k]})
		errs = slices.Delete(errs, k, k+1)
	}
	return order
}

var blankOfMessage = regexp.MustCompile(`%[a-z]`)

// mayAnswer reports whether a rule may have given an answer, and whether its line names the parameters of the message.
func (r orderedRule) mayAnswer(got refusal) (may, byName bool) {
	if r.err.Status != got.Status || r.err.Code != got.Code {
		return false, false
	}
	message := regexp.QuoteMeta(r.err.Message)
	if byName = r.args != "" && strings.Count(message, "%s") == 1; byName {
		message = strings.Replace(message, "%s", regexp.QuoteMeta(r.args), 1)
	}
	pattern := regexp.MustCompile("(?s)^" + blankOfMessage.ReplaceAllString(message, ".*") + "$")
	return pattern.MatchString(got.Message), byName
}

// positions returns the positions of the first and the last rule that may have given an answer, or -1. A parameter that
// is not of its type is refused by the one rule for all such parameters, and any other by the rule with its name.
func positions(rules []orderedRule, got refusal, malformed, byResourceRule bool) (first, last int) {
	var named, others []int
	for k, r := range rules {
		switch may, byName := r.mayAnswer(got); {
		case byResourceRule && r.kind != "resource":
		case may && byName:
			named = append(named, k)
		case may:
			others = append(others, k)
		}
	}
	found := others
	switch {
	case malformed && len(others) > 0:
		found = others[:1]
	case len(named) > 0:
		found = named
	}
	if len(found) == 0 {
		return -1, -1
	}
	return found[0], found[len(found)-1]
}

// rulePairs walks the pairs of one action.
type rulePairs struct {
	t       *testing.T
	product string
	action  string
	order   map[string][]orderedRule
	shared  *sharedWorlds
	servers map[string]*httptest.Server // by the world, and by the case that disturbs it
	bases   []parameterSet              // requests that violate nothing
}

// rules returns the rules of the action in the product of a request.
func (w *rulePairs) rules(request parameterSet) []orderedRule {
	return w.order[productOf[request["Version"]]+":"+w.action]
}

// goldenViolations returns the golden cases of the action that violate a rule. The others show the state of the
// database, or repeat a ClientToken.
func (w *rulePairs) goldenViolations() (violations []violation) {
	for _, c := range goldenCases[w.action] {
		want, refused := w.goldenRefusal(c.name)
		if !refused || slices.Contains([]string{"OperationConflict", "Operation.Conflict"}, c.name) {
			continue
		}
		v := violation{
			name: c.name, kind: "gateway", first: -1, last: -1,
			world: c.world, in: c.in, request: requestOf(w.action, c), want: want,
		}
		if !strings.HasPrefix(c.name, "InvalidAccessKeyId.") && !w.place(&v) {
			continue
		}
		violations = append(violations, v)
		if v.kind == "caller" && c.key != "" { // then only the key is wrong
			w.bases = append(w.bases, v.request.with(parameterSet{"AccessKeyId": goldenKey}))
		}
	}
	return violations
}

// ofVPC turns violations of an action of ECS into those of the action of the same name of VPC. Each is sent alone
// first. No VPC has as many tags as it may have.
func (w *rulePairs) ofVPC(violations []violation) (out []violation) {
	translated := func(p parameterSet) parameterSet {
		if p["Version"] == vpcVersion {
			return p
		}
		request := p.with(parameterSet{"Version": vpcVersion})
		for name, value := range p {
			if other, has := inVPC[value]; has {
				request[name] = other
			}
		}
		return request
	}
	for k, base := range w.bases {
		w.bases[k] = translated(base)
	}
	for _, v := range violations {
		if v.name == "QuotaExceed.Tags" {
			continue
		}
		v.request = translated(v.request)
		v.want = w.answer(w.server(v.world, v.name, v.in), v.request)
		if v.want.Code != v.name || !w.place(&v) {
			w.t.Errorf("%s of VPC: %v: got %v", v.name, v.request, v.want)
			continue
		}
		out = append(out, v)
	}
	return out
}

// place finds the rule of a violation, and reports whether there is one.
func (w *rulePairs) place(v *violation) bool {
	rules := w.rules(v.request)
	description, _ := httpapi.FindDescription(v.request["Version"], w.action)
	malformed := namesMalformed(description, v.request, v.want)
	v.first, v.last = positions(rules, v.want, malformed, answeredByResourceRule[w.action+" "+v.name])
	if v.first < 0 {
		return false
	}
	v.kind = rules[v.first].kind
	return true
}

// namesMalformed reports whether a message names a parameter that is not of its type.
func namesMalformed(d httpapi.ActionDescription, request parameterSet, got refusal) bool {
	return slices.ContainsFunc(d.Parameters, func(p httpapi.ParameterDescription) bool {
		value := request[p.Name]
		if value == "" || !strings.Contains(got.Message, `"`+p.Name+`"`) {
			return false
		}
		_, notInteger := strconv.Atoi(value)
		_, notBoolean := strconv.ParseBool(value)
		return p.Schema.Type == "integer" && notInteger != nil || p.Schema.Type == "boolean" && notBoolean != nil
	})
}

// goldenRefusal reads the answer to a golden case, and reports whether it is a refusal.
func (w *rulePairs) goldenRefusal(name string) (got refusal, refused bool) {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "golden", w.action, name+".json"))
	if err != nil {
		w.t.Fatal(err)
	}
	head, body, _ := strings.Cut(string(text), "\n\n")
	status, _, _ := strings.Cut(head, " ")
	number, _ := strconv.Atoi(status)
	got = w.parse(number, body)
	return got, got.Status != http.StatusOK
}

func (w *rulePairs) parse(status int, body string) refusal {
	w.t.Helper()
	got := refusal{Status: status}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		w.t.Fatalf("%v: %s", err, body)
	}
	return got
}

// describedViolations returns requests that violate what the description of the action demands of one parameter. Each
// is sent alone first.
func (w *rulePairs) describedViolations(golden []violation) (violations []violation) {
	base := w.bases[0]
	description, _ := httpapi.FindDescription(base["Version"], w.action)
	world := golden[0].world
	for _, p := range description.Parameters {
		for _, value := range forbidden(p) {
			v := violation{name: p.Name + "=" + value, world: world, request: base.with(parameterSet{p.Name: value})}
			if p.Style == "repeatList" || maps.Equal(v.request, base) {
				continue
			}
			v.want = w.answer(w.server(world, "", nil), v.request)
			if v.want.Status == http.StatusOK {
				w.t.Errorf("%s: got success, but the description forbids it", v.name)
			}
			hasSameAnswer := func(other violation) bool { return other.want == v.want }
			known := slices.ContainsFunc(golden, hasSameAnswer) || slices.ContainsFunc(violations, hasSameAnswer)
			if !known && w.place(&v) {
				violations = append(violations, v)
			}
		}
	}
	return violations
}

// forbidden returns values that a parameter may not have.
func forbidden(p httpapi.ParameterDescription) (values []string) {
	if p.Schema.Required {
		values = append(values, "")
	}
	if p.Schema.Minimum != nil {
		values = append(values, strconv.Itoa(*p.Schema.Minimum-1))
	}
	if p.Schema.Maximum != nil {
		values = append(values, strconv.Itoa(*p.Schema.Maximum+1))
	}
	if p.Schema.Enum != nil || p.Schema.Type == "integer" || p.Schema.Type == "boolean" {
		values = append(values, "nonsense")
	}
	return values
}

// everyKeyExpired is a server that is closed to RAM users, and all keys have expired.
func everyKeyExpired(g *goldenWorld) *httptest.Server {
	options := service.Options{ClosedToRAM: httpapi.ActionNames()}
	server, _ := g.server(options, `UPDATE access_keys SET expires_at = '2020-01-01'`)
	return server
}

// combine returns a request that violates two rules, and the server that it is for.
func (w *rulePairs) combine(a, b violation) (parameterSet, *httptest.Server, bool) {
	disturbed := a
	switch {
	case a.kind == "caller" && b.kind == "caller" && a.name != "InvalidRegionId.NotFound":
		// The server refuses all callers by the earlier rule, so it also refuses the one of the later case.
		if a.in == nil {
			disturbed.name, disturbed.in = "every key expired", everyKeyExpired
		}
		a.request = a.request.with(parameterSet{"AccessKeyId": b.request["AccessKeyId"]})
	case a.in != nil && b.in != nil:
		return nil, nil, false
	case a.world != b.world && a.kind != "parameter": // a parameter rule is violated in every world
		return nil, nil, false
	case a.in == nil:
		disturbed = b
	}
	for _, base := range w.bases {
		first, second := a.request.changes(base), b.request.changes(base)
		second = second.renumbered(base, first)
		request := base.with(first).with(second)
		if agree(base, first, second) && a.keptIn(request) && b.keptIn(request) {
			return request, w.server(disturbed.world, disturbed.name, disturbed.in), true
		}
	}
	return nil, nil, false
}

// server returns the server of a world, or that of a case that disturbs it.
func (w *rulePairs) server(world, name string, in func(*goldenWorld) *httptest.Server) *httptest.Server {
	key := world + name
	if in == nil {
		key, in = world, ordinary
	}
	if w.servers[key] == nil {
		w.servers[key] = in(&goldenWorld{t: w.t, scenario: world, reads: true, shared: w.shared})
	}
	return w.servers[key]
}

// answer sends a request, without a connection.
func (w *rulePairs) answer(server *httptest.Server, request parameterSet) refusal {
	w.t.Helper()
	query := url.Values{}
	for name, value := range request {
		query.Set(name, value)
	}
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "/?"+query.Encode(), nil)
	r.Host = "ecs.cn-hangzhou.aliyuncs.com"
	defer w.shared.takeTurn(server)()
	recorder := httptest.NewRecorder()
	server.Config.Handler.ServeHTTP(recorder, r)
	return w.parse(recorder.Code, recorder.Body.String())
}

// pairCount counts the pairs of an action, or of all.
type pairCount struct {
	walked, apart, third int
}

func (c pairCount) String() string {
	return fmt.Sprintf("%d pairs walked, %d of them violate a third rule before both; %d cannot be combined",
		c.walked, c.third, c.apart)
}

// walk sends a request for each two violations that can be combined.
func (w *rulePairs) walk(violations []violation) (count pairCount) {
	paired := map[string]bool{}
	for _, a := range violations {
		for _, b := range violations {
			if a.last >= b.first {
				continue
			}
			request, server, possible := w.combine(a, b)
			if !possible {
				count.apart++
				continue
			}
			got := w.answer(server, request)
			k := slices.IndexFunc(keptRules, func(r keptRule) bool {
				return r.action == w.product+":"+w.action && r.earlier == a.name && r.later == b.name
			})
			if k >= 0 {
				count.apart++
				if got != b.want && !w.follows(request, got, a) {
					reason := keptRules[k].reason
					w.t.Errorf("%s and %s: %v\ngot  %v\nwant %v: %s", a.name, b.name, request, got, b.want, reason)
				}
				continue
			}
			count.walked++
			paired[a.name], paired[b.name] = true, true
			switch {
			case got == a.want:
			case got != b.want && w.precedes(request, got, a):
				count.third++
			case !w.isOfRule(request, got, a):
				w.t.Errorf("%s and %s: %v\ngot  %v\nwant %v", a.name, b.name, request, got, a.want)
			}
		}
	}
	for _, v := range violations {
		if !paired[v.name] {
			w.t.Errorf("%s is in no pair", v.name)
		}
	}
	if count.walked < count.apart {
		w.t.Errorf("got %s, want most of them walked", count)
	}
	return count
}

// precedes reports whether a rule before that of a violation gave the answer. Two cases together may violate a third
// rule, such as that two parameters may not be there together.
func (w *rulePairs) precedes(request parameterSet, got refusal, v violation) bool {
	first, last := positions(w.rules(request), got, false, false)
	return first >= 0 && last < v.first
}

// follows reports whether a rule after that of a violation gave the answer.
func (w *rulePairs) follows(request parameterSet, got refusal, v violation) bool {
	first, _ := positions(w.rules(request), got, false, false)
	return first > v.last
}

// isOfRule reports whether the rule of a violation gave the answer, with another value in its message: one that the
// other case has changed.
func (w *rulePairs) isOfRule(request parameterSet, got refusal, v violation) bool {
	rules := w.rules(request)
	first, last := positions(rules, got, false, v.kind == "resource")
	return first >= 0 && first == v.first && last == v.last && blankOfMessage.MatchString(rules[first].err.Message)
}

// A request that violates two rules of an action gets the error of the earlier one, in the order of
// testdata/contract/order.txt. Each two requests that violate one rule are combined: the golden cases of the action,
// and what its description forbids. Two that need two values of one parameter cannot be combined.
func TestRulePairs(t *testing.T) {
	storetest.SkipInShortRuns(t)
	t.Parallel()
	order := readRuleOrder(t)
	shared := newSharedWorlds(t)
	var walked, apart, third atomic.Int64
	t.Cleanup(func() {
		t.Log("all actions:", pairCount{int(walked.Load()), int(apart.Load()), int(third.Load())})
	})
	for _, name := range httpapi.ActionNames() {
		product, action, _ := strings.Cut(name, ":")
		if action == "UnTagResources" { // another spelling
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &rulePairs{
				t: t, product: product, action: action, order: order,
				shared: shared, servers: map[string]*httptest.Server{},
			}
			violations := w.goldenViolations()
			if product == "vpc" && productOf[httpapi.VersionOf(action)] == "ecs" {
				violations = w.ofVPC(violations)
			}
			golden := len(violations)
			violations = append(violations, w.describedViolations(violations)...)
			count := w.walk(violations)
			walked.Add(int64(count.walked))
			apart.Add(int64(count.apart))
			third.Add(int64(count.third))
			t.Logf("%d golden cases, %d others: %s", golden, len(violations)-golden, count)
		})
	}
}
