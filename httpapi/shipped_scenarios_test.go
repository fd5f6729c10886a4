package httpapi_test

import (
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

	"enisim/service"
	"enisim/service/scenario"
)

// shipped is a server with one of testdata/scenarios, as its key's owner sees it.
type shipped struct {
	*server
	t     *testing.T
	key   string
	later atomic.Int64 // how far the clock is ahead
}

func ship(t *testing.T, file, key string) *shipped {
	t.Helper()
	w := &shipped{t: t, key: key}
	w.server = serve(t, scenarioText(shippedText(t, file)), service.Options{
		AttachDelay: time.Hour,
		Now:         func() time.Time { return time.Now().Add(time.Duration(w.later.Load())) },
	})
	return w
}

func shippedText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "testdata", "scenarios", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// attach is the code that an attach answers.
func (w *shipped) attach(instance, eni string) string {
	w.t.Helper()
	return w.mustCall(w.t, "AttachNetworkInterface", "AccessKeyId", w.key, "InstanceId", instance, "NetworkInterfaceId", eni).code()
}

// expect attaches and compares the code; "" is a success.
func (w *shipped) expect(instance, eni, code string) {
	w.t.Helper()
	if got := w.attach(instance, eni); got != code {
		w.t.Errorf("%s to %s: got %q, want %q", eni, instance, got, code)
	}
}

// storm attaches each of the pairs, many at a time, and counts the codes.
func (w *shipped) storm(pairs [][2]string) map[string]int {
	w.t.Helper()
	const callers = 32
	queue := make(chan [2]string)
	var mu sync.Mutex
	var calling sync.WaitGroup
	counts := map[string]int{}
	for range callers {
		calling.Go(func() {
			for p := range queue {
				r, err := w.call(w.t.Context(), "AttachNetworkInterface", "AccessKeyId", w.key, "InstanceId", p[0], "NetworkInterfaceId", p[1])
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

// list reads all pages of a list, as "id status" where the resources have one.
func (w *shipped) list(action string, pairs ...string) []string {
	w.t.Helper()
	outer, inner, id := "NetworkInterfaceSets", "NetworkInterfaceSet", "NetworkInterfaceId"
	size := "500"
	if action == "DescribeInstances" {
		outer, inner, id, size = "Instances", "Instance", "InstanceId", "100"
	}
	var all []string
	for token := ""; ; {
		r := w.mustCall(w.t, action, slices.Concat([]string{"AccessKeyId", w.key, "MaxResults", size, "NextToken", token}, pairs)...)
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

// promises are what the comments of testdata/scenarios say, each with the test that checks it.
var promises = map[string]func(*testing.T){
	"quickstart.yaml":             quickstartPromise,
	"attach-errors.yaml":          attachErrorsPromise,
	"limit-corner.yaml":           limitCornerPromise,
	"zones-and-vpcs-crossed.yaml": crossedPromise,
	"two-tenants.yaml":            twoTenantsPromise,
	"transient-states.yaml":       transientStatesPromise,
	"hot-instance.yaml":           hotInstancePromise,
	"hot-security-group.yaml":     hotSecurityGroupPromise,
	"cluster.yaml":                clusterPromise,
	"big-world.yaml":              bigWorldPromise,
}

func TestShippedScenariosKeepTheirPromise(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/scenarios/*.yaml")
	if err != nil || len(files) != len(promises) {
		t.Errorf("got %d files, error %v, want the %d that have a test", len(files), err, len(promises))
	}
	for _, path := range files {
		file := filepath.Base(path)
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			comment, _, _ := strings.Cut(shippedText(t, file), "enisim: 1")
			if !strings.Contains(comment, "? ") {
				t.Errorf("got the comment\n%s\nwant the question that the file answers", comment)
			}
			promise := promises[file]
			if promise == nil {
				t.Fatal("no test checks what it promises")
			}
			promise(t)
		})
	}
}

func quickstartPromise(t *testing.T) {
	w := ship(t, "quickstart.yaml", "LTAIquickstart000001")
	w.expect("i-web", "eni-free-1", "")
	w.expect("i-web", "eni-free-2", "EniPerInstanceLimitExceeded")
	w.expect("i-app", "eni-used", "InvalidOperation.InvalidEniState")
	w.expect("i-app", "eni-free-3", "")
	w.expect("i-db", "eni-free-4", "")
	w.expect("i-burst", "eni-free-5", "InvalidOperation.HotPlugNotSupport")
	w.expect("i-db", "eni-other-zone", "InvalidOperation.AvailabilityZoneMismatch")
	w.expect("i-other-zone", "eni-other-zone", "")
	w.key = "LTAIquickstart000002" // may attach too
	w.expect("i-db", "eni-free-6", "")
}

// attachErrorsPromise has each documented error of an attach come from an object named after its code, unless the request alone or the caller's key
// brings it about, or a primary interface, whose id follows from its instance's.
func attachErrorsPromise(t *testing.T) {
	byRequest := []string{
		"MissingParameter", "UnsupportedParameter", "InvalidInstanceID.Malformed", "InvalidParams.EniId", "InvalidParameter",
		"InvalidRegionId.NotFound", "InvalidParameter.NetworkCardIndexInvalid",
	}
	told := map[string]string{ // a key, or what is not named by the file: where it tells of the code
		"Abs.InvalidAccount.NotFound": "# Abs.InvalidAccount.NotFound: ",
		"Forbidden.NotSupportRAM":     "Forbidden.NotSupportRAM of a server with",
		"Forbidden.SubUser":           "# Forbidden.SubUser: may only look",

		"InvalidOperation.InvalidEniType": "# InvalidOperation.InvalidEniType: attach eni-holder-primary",
	}
	text := shippedText(t, "attach-errors.yaml")
	w := ship(t, "attach-errors.yaml", goldenKey)
	golden := map[string]goldenCase{}
	for _, c := range attachmentGolden["AttachNetworkInterface"] {
		golden[c.name] = c
	}
	checked := 0
	for _, code := range ruledCodes(t, "AttachNetworkInterface") {
		attempt, known := golden[code]
		switch {
		case !known:
			t.Errorf("%s: no golden case brings it about", code)
		case slices.Contains(byRequest, code):
		case told[code] != "":
			if !strings.Contains(text, told[code]) {
				t.Errorf("%s: the file does not say what meets it", code)
			}
		default:
			checked++
			name := kebab(code)
			if !slices.ContainsFunc(attempt.pairs, func(value string) bool {
				return strings.Contains(value, name) || strings.HasPrefix(name, "ipv") && value == "i-few-addresses"
			}) || !strings.Contains(text, name) {
				t.Errorf("%s: got the attempt %v, want an object named %s", code, attempt.pairs, name)
			}
			if got := w.mustCall(t, "AttachNetworkInterface", also(attempt.pairs, "AccessKeyId", goldenKey)...).code(); got != code {
				t.Errorf("%v: got %q, want %s", attempt.pairs, got, code)
			}
		}
	}
	if checked < 14 {
		t.Errorf("got %d codes with an object, want at least 14", checked)
	}
}

// ruledCodes are the documented codes of an action that a rule answers.
func ruledCodes(t *testing.T, action string) []string {
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

// kebab is the last part of a code as the ids of the world spell it: VpcMismatch is vpc-mismatch.
func kebab(code string) string {
	var out []rune
	for i, c := range code[strings.LastIndex(code, ".")+1:] {
		if unicode.IsUpper(c) && i > 0 {
			out = append(out, '-')
		}
		out = append(out, unicode.ToLower(c))
	}
	return string(out)
}

func limitCornerPromise(t *testing.T) {
	const full = "EniPerInstanceLimitExceeded"
	w := ship(t, "limit-corner.yaml", "LTAIlimitcorner0001")
	next := 0
	for _, c := range []struct {
		instance string
		free     int
	}{
		{"i-one-full", 0}, {"i-two-full", 0}, {"i-eight-full", 0}, {"i-two-one-free", 1}, {"i-eight-one-free", 1}, {"i-eight-none", 7},
	} {
		for range c.free {
			next++
			w.expect(c.instance, fmt.Sprintf("eni-free-%d", next), "")
		}
		w.expect(c.instance, fmt.Sprintf("eni-free-%d", next+1), full)
	}
	checkInvariants(t, w.pool)
}

func crossedPromise(t *testing.T) {
	w := ship(t, "zones-and-vpcs-crossed.yaml", "LTAIcrossed00000001")
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

func twoTenantsPromise(t *testing.T) {
	w := ship(t, "two-tenants.yaml", "LTAItenantone000001")
	untouched := []string{"eni-shared-name Available", "eni-used InUse", "eni-web-primary InUse"}
	if got := w.list("DescribeNetworkInterfaces"); !slices.Equal(got, untouched) {
		t.Errorf("one tenant: got %v, want %v", got, untouched)
	}
	w.expect("i-web", "eni-shared-name", "")
	w.key = "LTAItenanttwo000001"
	if got := w.list("DescribeNetworkInterfaces"); !slices.Equal(got, untouched) {
		t.Errorf("the other, after the one's attach: got %v, want %v", got, untouched)
	}
	w.expect("i-web", "eni-shared-name", "")
}

func transientStatesPromise(t *testing.T) {
	w := ship(t, "transient-states.yaml", "LTAItransient000001")
	instances := []string{
		"i-holder Running", "i-pending Pending", "i-pending-moving Pending", "i-running Running", "i-starting Starting", "i-starting-moving Starting",
		"i-stopped Stopped", "i-stopping Stopping", "i-stopping-moving Stopping",
	}
	interfaces := []string{
		"eni-attaching Attaching", "eni-attaching-moving Attaching", "eni-available Available", "eni-deleting Deleting", "eni-deleting-moving Deleting",
		"eni-detaching Detaching", "eni-detaching-moving Detaching", "eni-in-use InUse",
	}
	secondary := []string{"Type", "Secondary"}
	if got := w.list("DescribeInstances"); !slices.Equal(got, instances) {
		t.Errorf("at first: got %v, want %v", got, instances)
	}
	if got := w.list("DescribeNetworkInterfaces", secondary...); !slices.Equal(got, interfaces) {
		t.Errorf("at first: got %v, want %v", got, interfaces)
	}
	for status, want := range map[string]string{
		"Available": "eni-available", "Attaching": "eni-attaching", "InUse": "eni-in-use", "Detaching": "eni-detaching", "Deleting": "eni-deleting",
	} {
		if got := w.list("DescribeNetworkInterfaces", "Type", "Secondary", "Status", status); !slices.Contains(got, want+" "+status) {
			t.Errorf("those that are %s: got %v, want %s among them", status, got, want)
		}
	}
	w.later.Store(int64(2 * time.Minute))
	moved := strings.NewReplacer("pending-moving Pending", "pending-moving Running", "starting-moving Starting", "starting-moving Running",
		"stopping-moving Stopping", "stopping-moving Stopped", "attaching-moving Attaching", "attaching-moving InUse",
		"detaching-moving Detaching", "detaching-moving Available", " eni-deleting-moving Deleting", "")
	if got, want := fmt.Sprint(w.list("DescribeInstances")), moved.Replace(fmt.Sprint(instances)); got != want {
		t.Errorf("later: got %v, want %v", got, want)
	}
	if got, want := fmt.Sprint(w.list("DescribeNetworkInterfaces", secondary...)), moved.Replace(fmt.Sprint(interfaces)); got != want {
		t.Errorf("later: got %v, want %v", got, want)
	}
}

func hotInstancePromise(t *testing.T) {
	const candidates = 1000
	w := ship(t, "hot-instance.yaml", "LTAIhotinstance0001")
	var pairs [][2]string
	for i := range candidates {
		pairs = append(pairs, [2]string{"i-hot", fmt.Sprintf("eni-%04d", i+1)})
	}
	expect(t, w.storm(pairs), map[string]int{ok: 7, "EniPerInstanceLimitExceeded": candidates - 7})
}

func hotSecurityGroupPromise(t *testing.T) {
	w := ship(t, "hot-security-group.yaml", "LTAIhotgroup0000001")
	var pairs [][2]string
	for i := range 20 {
		pairs = append(pairs, [2]string{fmt.Sprintf("i-new-%02d", i+1), fmt.Sprintf("eni-new-%02d", i+1)})
	}
	expect(t, w.storm(pairs), map[string]int{ok: 5, "SecurityGroupInstanceLimitExceed": 15})
	w.expect("i-member-001", "eni-member", "")
}

func clusterPromise(t *testing.T) {
	w := ship(t, "cluster.yaml", "LTAIcluster00000001")
	if got := w.list("DescribeInstances", "Tag.1.Key", "cluster", "Tag.1.Value", "c-demo"); len(got) != 1000 {
		t.Errorf("got %d nodes, want 1000", len(got))
	}
	if got := len(w.list("DescribeNetworkInterfaces", "Type", "Secondary")); got != 3400 {
		t.Errorf("got %d secondary interfaces, want 3400", got)
	}
	for node, enis := range map[string][]string{
		"i-node-0001": {"eni-node-0001 InUse", "eni-node-0001-primary InUse", "eni-node-0002 InUse", "eni-node-0003 InUse"},
		"i-node-1000": {"eni-node-1000-primary InUse", "eni-node-2998 InUse", "eni-node-2999 InUse", "eni-node-3000 InUse"},
	} {
		if got := w.list("DescribeNetworkInterfaces", "InstanceId", node); !slices.Equal(got, enis) {
			t.Errorf("%s: got %v, want %v", node, got, enis)
		}
	}
	addresses := 0
	if err := w.pool.QueryRow(t.Context(), `SELECT count(*) FROM private_ip_addresses WHERE network_interface_id = 'eni-node-3000'`).Scan(&addresses); err != nil || addresses != 10 {
		t.Errorf("got %d addresses of an interface, error %v, want 10", addresses, err)
	}
	w.expect("i-node-0001", "eni-pool-001", "EniPerInstanceLimitExceeded")
	w.expect("i-node-0501", "eni-pool-001", "InvalidOperation.AvailabilityZoneMismatch")
	checkInvariants(t, w.pool)
}

// bigWorldPromise expands the world; the database is spared with -short.
func bigWorldPromise(t *testing.T) {
	sc, err := scenario.Parse("big-world.yaml", []byte(shippedText(t, "big-world.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	const want = "1 account, 1 access key, 1 VPC, 4 VSwitches, 1 security group, 20000 instances, 50000 network interfaces (20000 primary)"
	if got := sc.Summary(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if testing.Short() {
		t.Skip("applying 50,000 interfaces takes seconds")
	}
	w := ship(t, "big-world.yaml", "LTAIbigworld0000001")
	if got, want := w.list("DescribeNetworkInterfaces", "InstanceId", "i-20000"), []string{"eni-20000 InUse", "eni-20000-primary InUse"}; !slices.Equal(got, want) {
		t.Errorf("i-20000: got %v, want %v", got, want)
	}
	w.expect("i-20000", "eni-free-10000", "")
	checkInvariants(t, w.pool)
}
