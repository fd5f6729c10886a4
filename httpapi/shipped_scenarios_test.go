package httpapi_test

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"enisim.alt/service"
	"enisim.alt/service/scenario"
)

// shippedWorld is a server with one of testdata/scenarios, used with one of its keys.
type shippedWorld struct {
	*server
	t      *testing.T
	key    string
	offset atomic.Int64 // of the clock, in nanoseconds
}

// serveShipped starts the API with a shipped scenario.
func serveShipped(t *testing.T, file, key string) *shippedWorld {
	t.Helper()
	w := &shippedWorld{t: t, key: key}
	w.server = serve(t, scenarioText(shippedText(t, file)), service.Options{
		AttachDelay: time.Hour,
		Now:         func() time.Time { return time.Now().Add(time.Duration(w.offset.Load())) },
	})
	return w
}

// shippedText returns a shipped scenario.
func shippedText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "scenarios", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// attach attaches an interface and returns the code of the reply.
func (w *shippedWorld) attach(instance, eni string) string {
	w.t.Helper()
	return w.mustCall(w.t, "AttachNetworkInterface", "AccessKeyId", w.key, "InstanceId", instance,
		"NetworkInterfaceId", eni).code()
}

// expect attaches an interface and compares the code; "" is a success.
func (w *shippedWorld) expect(instance, eni, code string) {
	w.t.Helper()
	if got := w.attach(instance, eni); got != code {
		w.t.Errorf("%s to %s: got %q, want %q", eni, instance, got, code)
	}
}

// attachAll attaches all pairs concurrently and returns the number of each code.
func (w *shippedWorld) attachAll(pairs [][2]string) map[string]int {
	w.t.Helper()
	const callers = 32
	queue := make(chan [2]string)
	var mu sync.Mutex
	var calling sync.WaitGroup
	counts := map[string]int{}
	for range callers {
		calling.Go(func() {
			for p := range queue {
				r, err := w.call(w.t.Context(), "AttachNetworkInterface", "AccessKeyId", w.key, "InstanceId", p[0],
					"NetworkInterfaceId", p[1])
				code := r.code()
				if err != nil {
					code = err.Error()
				}
				mu.Lock()
				counts[code]++
				mu.Unlock()
			}
		})
	}
	for _, p := range pairs {
		queue <- p
	}
	close(queue)
	calling.Wait()
	checkInvariants(w.t, w.pool)
	return counts
}

// list reads all pages of a list, and returns the id and the status of each resource.
func (w *shippedWorld) list(action string, pairs ...string) []string {
	w.t.Helper()
	outer, inner, id := "NetworkInterfaceSets", "NetworkInterfaceSet", "NetworkInterfaceId"
	size := "500"
	if action == "DescribeInstances" {
		outer, inner, id, size = "Instances", "Instance", "InstanceId", "100"
	}
	var all []string
	for token := ""; ; {
		r := w.mustCall(w.t, action, slices.Concat([]string{"AccessKeyId", w.key, "MaxResults", size,
			"NextToken", token}, pairs)...)
		if r.code() != "" {
			w.t.Fatalf("%s: got %v", action, r.body)
		}
		for _, item := range r.body[outer].(map[string]any)[inner].([]any) {
			one := item.(map[string]any)
			all = append(all, fmt.Sprintf("%s %s", one[id], one["Status"]))
		}
		if token, _ = r.body["NextToken"].(string); token == "" {
			slices.Sort(all)
			return all
		}
	}
}

// shippedChecks check the statements in the comments of testdata/scenarios.
var shippedChecks = map[string]func(*testing.T){
	"quickstart.yaml":             quickstartCheck,
	"attach-errors.yaml":          attachErrorsCheck,
	"limit-corner.yaml":           limitCornerCheck,
	"zones-and-vpcs-crossed.yaml": crossedCheck,
	"two-tenants.yaml":            twoTenantsCheck,
	"transient-states.yaml":       transientStatesCheck,
	"hot-instance.yaml":           hotInstanceCheck,
	"hot-security-group.yaml":     hotSecurityGroupCheck,
	"cluster.yaml":                clusterCheck,
	"big-world.yaml":              bigWorldCheck,
}

// Each shipped scenario has a comment with the question that it answers, and behaves as the comment
// says.
func TestShippedScenariosMatchTheirComments(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/scenarios/*.yaml")
	if err != nil || len(files) != len(shippedChecks) {
		t.Errorf("got %d files, error %v, want the %d with a check", len(files), err, len(shippedChecks))
	}
	for _, path := range files {
		file := filepath.Base(path)
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			comment, _, _ := strings.Cut(shippedText(t, file), "enisim: 1")
			if !strings.Contains(comment, "? ") {
				t.Errorf("got the comment\n%s\nwant the question that the scenario answers", comment)
			}
			check := shippedChecks[file]
			if check == nil {
				t.Fatal("got no check of this scenario")
			}
			check(t)
		})
	}
}

func quickstartCheck(t *testing.T) {
	w := serveShipped(t, "quickstart.yaml", "LTAIquickstart000001")
	w.expect("i-web", "eni-free-1", "")
	w.expect("i-web", "eni-free-2", "EniPerInstanceLimitExceeded")
	w.expect("i-app", "eni-used", "InvalidOperation.InvalidEniState")
	w.expect("i-app", "eni-free-3", "")
	w.expect("i-db", "eni-free-4", "")
	w.expect("i-burst", "eni-free-5", "InvalidOperation.HotPlugNotSupport")
	w.expect("i-db", "eni-other-zone", "InvalidOperation.AvailabilityZoneMismatch")
	w.expect("i-other-zone", "eni-other-zone", "")
	w.key = "LTAIquickstart000002" // the RAM user may attach too
	w.expect("i-db", "eni-free-6", "")
}

// Each documented error of an attach comes from an object that is named after its code. Exceptions
// are errors of the request alone, of the caller's key, or of a primary interface.
func attachErrorsCheck(t *testing.T) {
	byRequest := []string{
		"MissingParameter", "UnsupportedParameter", "InvalidInstanceID.Malformed", "InvalidParams.EniId",
		"InvalidParameter",
		"InvalidRegionId.NotFound", "InvalidParameter.NetworkCardIndexInvalid",
	}
	// No type of the file has the figures that limit these, and no account lacks network cards.
	byFigures := []string{
		"InvalidOperation.UserNotSupportNetworkCard", "InvalidOperation.EniHotPlugNotSupported",
		"InvalidOperation.InstanceTypeNotSupportHighPerformance",
		"InvalidOperation.HighPerformanceEniPerInstanceLimitExceeded",
		"InvalidOperation.MaxEniQueueNumberExceeded", "InvalidOperation.ExceedInstanceTypeQueueNumber",
	}
	mentions := map[string]string{ // by code: text of the file about a key or an object with another name
		"Abs.InvalidAccount.NotFound": "# Abs.InvalidAccount.NotFound: ",
		"Forbidden.NotSupportRAM":     "Forbidden.NotSupportRAM of a server with",
		"Forbidden.SubUser":           "# Forbidden.SubUser: may only look",

		"InvalidOperation.InvalidEniType":       "# InvalidOperation.InvalidEniType: attach eni-holder-primary",
		"InvalidOperation.HasMemberEniAttached": "# InvalidOperation.HasMemberEniAttached: attach this one",
	}
	text := shippedText(t, "attach-errors.yaml")
	w := serveShipped(t, "attach-errors.yaml", goldenKey)
	golden := map[string]goldenCase{}
	for _, c := range attachmentGolden["AttachNetworkInterface"] {
		golden[c.name] = c
	}
	checked := 0
	for _, code := range ruleCodes(t, "AttachNetworkInterface") {
		attempt, known := golden[code]
		switch {
		case slices.Contains(byFigures, code):
		case !known:
			t.Errorf("%s: got no golden case of this code", code)
		case slices.Contains(byRequest, code):
		case mentions[code] != "":
			if !strings.Contains(text, mentions[code]) {
				t.Errorf("%s: got no text %q in the file", code, mentions[code])
			}
		default:
			checked++
			name := kebabCase(code)
			if !slices.ContainsFunc(attempt.pairs, func(value string) bool {
				return strings.Contains(value, name) || strings.HasPrefix(name, "ipv") && value == "i-few-addresses"
			}) || !strings.Contains(text, name) {
				t.Errorf("%s: got the attempt %v, want an object named %s", code, attempt.pairs, name)
			}
			if got := w.mustCall(t, "AttachNetworkInterface",
				also(attempt.pairs, "AccessKeyId", cmp.Or(attempt.key, goldenKey))...).code(); got != code {
				t.Errorf("%v: got %q, want %s", attempt.pairs, got, code)
			}
		}
	}
	if checked < 19 {
		t.Errorf("got %d codes with an object, want at least 19", checked)
	}
}

// ruleCodes returns the documented codes of an action with the decision rule.
func ruleCodes(t *testing.T, action string) []string {
	t.Helper()
	reader := csv.NewReader(strings.NewReader(readFile(t, filepath.Join("..", "testdata", "contract", action+".tsv"))))
	reader.Comma, reader.LazyQuotes = '\t', true
	lines, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, line := range lines[1:] {
		if line[3] == "rule" {
			codes = append(codes, line[1])
		}
	}
	return codes
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// kebabCase returns the last part of a code in the form of an id: VpcMismatch becomes vpc-mismatch.
func kebabCase(code string) string {
	var out []rune
	for i, c := range code[strings.LastIndex(code, ".")+1:] {
		if unicode.IsUpper(c) && i > 0 {
			out = append(out, '-')
		}
		out = append(out, unicode.ToLower(c))
	}
	return string(out)
}

func limitCornerCheck(t *testing.T) {
	const full = "EniPerInstanceLimitExceeded"
	w := serveShipped(t, "limit-corner.yaml", "LTAIlimitcorner0001")
	next := 0
	for _, c := range []struct {
		instance string
		free     int
	}{
		{"i-one-full", 0}, {"i-two-full", 0}, {"i-eight-full", 0}, {"i-two-one-free", 1}, {"i-eight-one-free", 1},
		{"i-eight-none", 7},
	} {
		for range c.free {
			next++
			w.expect(c.instance, fmt.Sprintf("eni-free-%d", next), "")
		}
		w.expect(c.instance, fmt.Sprintf("eni-free-%d", next+1), full)
	}
	checkInvariants(t, w.pool)
}

func crossedCheck(t *testing.T) {
	w := serveShipped(t, "zones-and-vpcs-crossed.yaml", "LTAIcrossed00000001")
	corners := []string{"a-h", "a-i", "b-h", "b-i"}
	for _, instance := range corners {
		for _, eni := range corners {
			switch {
			case instance == eni:
			case instance[0] != eni[0]:
				w.expect("i-"+instance, "eni-"+eni, "InvalidOperation.VpcMismatch")
			default:
				w.expect("i-"+instance, "eni-"+eni, "InvalidOperation.AvailabilityZoneMismatch")
			}
		}
	}
	for _, corner := range corners {
		w.expect("i-"+corner, "eni-"+corner, "")
	}
}

func twoTenantsCheck(t *testing.T) {
	w := serveShipped(t, "two-tenants.yaml", "LTAItenantone000001")
	untouched := []string{"eni-shared-name Available", "eni-used InUse", "eni-web-primary InUse"}
	if got := w.list("DescribeNetworkInterfaces"); !slices.Equal(got, untouched) {
		t.Errorf("one tenant: got %v, want %v", got, untouched)
	}
	w.expect("i-web", "eni-shared-name", "")
	w.key = "LTAItenanttwo000001"
	if got := w.list("DescribeNetworkInterfaces"); !slices.Equal(got, untouched) {
		t.Errorf("the other tenant, after the attach: got %v, want %v", got, untouched)
	}
	w.expect("i-web", "eni-shared-name", "")
}

func transientStatesCheck(t *testing.T) {
	w := serveShipped(t, "transient-states.yaml", "LTAItransient000001")
	instances := []string{
		"i-holder Running", "i-pending Pending", "i-pending-moving Pending", "i-running Running", "i-starting Starting",
		"i-starting-moving Starting",
		"i-stopped Stopped", "i-stopping Stopping", "i-stopping-moving Stopping",
	}
	interfaces := []string{
		"eni-attaching Attaching", "eni-attaching-moving Attaching", "eni-available Available", "eni-deleting Deleting",
		"eni-deleting-moving Deleting",
		"eni-detaching Detaching", "eni-detaching-moving Detaching", "eni-in-use InUse",
	}
	secondary := []string{"Type", "Secondary"}
	if got := w.list("DescribeInstances"); !slices.Equal(got, instances) {
		t.Errorf("at the start: got %v, want %v", got, instances)
	}
	if got := w.list("DescribeNetworkInterfaces", secondary...); !slices.Equal(got, interfaces) {
		t.Errorf("at the start: got %v, want %v", got, interfaces)
	}
	for status, want := range map[string]string{
		"Available": "eni-available", "Attaching": "eni-attaching", "InUse": "eni-in-use", "Detaching": "eni-detaching",
		"Deleting": "eni-deleting",
	} {
		if got := w.list("DescribeNetworkInterfaces", "Type", "Secondary", "Status", status); !slices.Contains(got,
			want+" "+status) {
			t.Errorf("with status %s: got %v, want %s among them", status, got, want)
		}
	}
	w.offset.Store(int64(2 * time.Minute))
	moved := strings.NewReplacer("pending-moving Pending", "pending-moving Running", "starting-moving Starting",
		"starting-moving Running",
		"stopping-moving Stopping", "stopping-moving Stopped", "attaching-moving Attaching", "attaching-moving InUse",
		"detaching-moving Detaching", "detaching-moving Available", " eni-deleting-moving Deleting", "")
	if got, want := fmt.Sprint(w.list("DescribeInstances")), moved.Replace(fmt.Sprint(instances)); got != want {
		t.Errorf("two minutes later: got %v, want %v", got, want)
	}
	if got, want := fmt.Sprint(w.list("DescribeNetworkInterfaces", secondary...)),
		moved.Replace(fmt.Sprint(interfaces)); got != want {
		t.Errorf("two minutes later: got %v, want %v", got, want)
	}
}

func hotInstanceCheck(t *testing.T) {
	const candidates = 1000
	w := serveShipped(t, "hot-instance.yaml", "LTAIhotinstance0001")
	var pairs [][2]string
	for i := range candidates {
		pairs = append(pairs, [2]string{"i-hot", fmt.Sprintf("eni-%04d", i+1)})
	}
	expect(t, w.attachAll(pairs), map[string]int{ok: 7, "EniPerInstanceLimitExceeded": candidates - 7})
}

func hotSecurityGroupCheck(t *testing.T) {
	w := serveShipped(t, "hot-security-group.yaml", "LTAIhotgroup0000001")
	var pairs [][2]string
	for i := range 20 {
		pairs = append(pairs, [2]string{fmt.Sprintf("i-new-%02d", i+1), fmt.Sprintf("eni-new-%02d", i+1)})
	}
	expect(t, w.attachAll(pairs), map[string]int{ok: 5, "SecurityGroupInstanceLimitExceed": 15})
	w.expect("i-member-001", "eni-member", "")
}

func clusterCheck(t *testing.T) {
	w := serveShipped(t, "cluster.yaml", "LTAIcluster00000001")
	if got := w.list("DescribeInstances", "Tag.1.Key", "cluster", "Tag.1.Value", "c-demo"); len(got) != 1000 {
		t.Errorf("got %d nodes, want 1000", len(got))
	}
	if got := len(w.list("DescribeNetworkInterfaces", "Type", "Secondary")); got != 3400 {
		t.Errorf("got %d secondary interfaces, want 3400", got)
	}
	for node, enis := range map[string][]string{
		"i-node-0001": {"eni-node-0001 InUse", "eni-node-0001-primary InUse", "eni-node-0002 InUse",
			"eni-node-0003 InUse"},
		"i-node-1000": {"eni-node-1000-primary InUse", "eni-node-2998 InUse", "eni-node-2999 InUse",
			"eni-node-3000 InUse"},
	} {
		if got := w.list("DescribeNetworkInterfaces", "InstanceId", node); !slices.Equal(got, enis) {
			t.Errorf("%s: got %v, want %v", node, got, enis)
		}
	}
	addresses := 0
	if err := w.pool.QueryRow(t.Context(),
		`SELECT count(*) FROM private_ip_addresses WHERE network_interface_id = 'eni-node-3000'`,
	).Scan(&addresses); err != nil || addresses != 10 {
		t.Errorf("got %d addresses of an interface, error %v, want 10", addresses, err)
	}
	w.expect("i-node-0001", "eni-pool-001", "EniPerInstanceLimitExceeded")
	w.expect("i-node-0501", "eni-pool-001", "InvalidOperation.AvailabilityZoneMismatch")
	checkInvariants(t, w.pool)
}

// bigWorldCheck expands the world. With -short it does not apply it.
func bigWorldCheck(t *testing.T) {
	sc, err := scenario.Parse("big-world.yaml", []byte(shippedText(t, "big-world.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	const want = "1 account, 1 access key, 1 VPC, 4 VSwitches, 1 security group, 20000 instances, 50000 network " +
		"interfaces (20000 primary)"
	if got := sc.Summary(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if testing.Short() {
		t.Skip("applying 50,000 interfaces takes seconds")
	}
	w := serveShipped(t, "big-world.yaml", "LTAIbigworld0000001")
	if got, want := w.list("DescribeNetworkInterfaces", "InstanceId", "i-20000"),
		[]string{"eni-20000 InUse", "eni-20000-primary InUse"}; !slices.Equal(got, want) {
		t.Errorf("i-20000: got %v, want %v", got, want)
	}
	w.expect("i-20000", "eni-free-10000", "")
	checkInvariants(t, w.pool)
}
