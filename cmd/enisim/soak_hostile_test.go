package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"enisim.alt/httpapi/signature"
	"enisim.alt/service/worldtest"
	"enisim.alt/store/storetest"
)

// soakFor is the duration of TestHostileSoak.
var soakFor = flag.Duration("soak", 0, "how long TestHostileSoak attacks a server; 0: not at all")

// maxSoakMemory is the maximum resident memory of a server at any time, whatever it receives.
const maxSoakMemory = 256 << 20

// soakWorld has an account for the attacks and one for a well-behaved client.
var soakWorld = worldtest.New("1000000000000001").
	AccessKey("LTAIhostile").
	VPC("vpc-1", "10.0.0.0/8").
	VSwitch("vsw-1", "cn-hangzhou-h", "10.0.0.0/16").
	SecurityGroup("sg-1").
	Account("1000000000000002").
	AccessKey("LTAIcrash").
	VPC("vpc-1", "10.0.0.0/8").
	VSwitch("vsw-1", "cn-hangzhou-h", "10.0.0.0/16").
	SecurityGroup("sg-1").
	Instance("i-1", worldtest.Type("ecs.g6.4xlarge")).
	NetworkInterface("eni-1").
	String()

// attacker sends hostile requests. Each attack is one step and starts again when it has ended.
type attacker struct {
	address string
	client  *http.Client
	counts  sync.Map // *atomic.Int64 by "attack: answer"
}

// count counts the answer to an attack.
func (a *attacker) count(attack, answer string) {
	n, _ := a.counts.LoadOrStore(attack+": "+answer, new(atomic.Int64))
	n.(*atomic.Int64).Add(1)
}

// post sends a form and counts the answer.
func (a *attacker) post(ctx context.Context, attack, path, contentType, body string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+a.address+path, strings.NewReader(body))
	if err != nil {
		a.count(attack, "not sent")
		return
	}
	request.Header.Set("Content-Type", contentType)
	response, err := a.client.Do(request)
	if err != nil {
		a.count(attack, "broken connection")
		return
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	a.count(attack, strconv.Itoa(response.StatusCode))
}

// hold opens a connection, sends a text, and keeps the connection open for some time.
func (a *attacker) hold(ctx context.Context, attack, text string) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", a.address)
	if err != nil {
		a.count(attack, "not connected")
		return
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		a.count(attack, "closed")
		return
	}
	a.count(attack, "held")
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(2+rand.IntN(6)) * time.Second): // the duration of the attack
	}
}

// signedForm returns a signed request of the hostile account as a form.
func signedForm(action string, pairs ...string) string {
	form := url.Values{
		"Action": {action}, "Version": {"2014-05-26"}, "AccessKeyId": {"LTAIhostile"}, "RegionId": {"cn-hangzhou"},
		"SignatureMethod": {signature.MethodV1}, "SignatureVersion": {signature.VersionV1},
		"SignatureNonce": {uuid.NewString()}, "Timestamp": {time.Now().UTC().Format(signature.TimeFormat)},
	}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	form.Set(signature.ParameterV1, signature.V1(http.MethodPost, form, "s"))
	return form.Encode()
}

// attacks returns all attacks and the number of concurrent attackers of each.
func (a *attacker) attacks() map[string]struct {
	workers int
	step    func(ctx context.Context, name string)
} {
	type attack = struct {
		workers int
		step    func(ctx context.Context, name string)
	}
	const form = "application/x-www-form-urlencoded"
	padding := strings.Repeat("p", 60<<10)
	var wide, many []string
	for i := range 1950 {
		wide = append(wide, fmt.Sprintf("NetworkInterface.%d.SecurityGroupIds.1", i+1), "sg-1")
		many = append(many, fmt.Sprintf("a%d=", i))
	}
	list, err := json.Marshal(strings.Split(strings.Repeat("i-1,", 6000), ","))
	if err != nil {
		panic(err) // a list of strings is always valid JSON
	}
	scenarioOf := func(text string) string {
		body, err := json.Marshal(map[string]string{"scenario": text})
		if err != nil {
			panic(err) // as above
		}
		return string(body)
	}
	scenarios := []string{
		scenarioOf("enisim: 1\naccounts: " + strings.Repeat("[", 200_000)),
		scenarioOf("enisim: 1\naccounts: " + strings.Repeat("[{a: ", 10_000)),
		scenarioOf("enisim: 1\naccounts: [" + strings.Repeat("{},", 80_000) + "]"),
		scenarioOf("enisim: 1\naccounts: [" + strings.Repeat("1,", 2_000_000) + "]"),
		scenarioOf(strings.Repeat("a: b\n", 200_000)),
		scenarioOf("enisim: 1\naccounts: [{id: &a x, regions: [{instances: [" +
			strings.Repeat("{count: 1000000},", 10_000) + "]}]}]"),
		scenarioOf("a: " + strings.Repeat("x", 7<<20)),
		scenarioOf("a: " + strings.Repeat("x", 2<<20-10)),
		scenarioOf("a: |\n" + strings.Repeat(" xxxxxxxxxx\n", (2<<20)/12-10)),
		scenarioOf(`a: "` + strings.Repeat("x", 2<<20-10) + `"`),
		scenarioOf("enisim: 1\naccounts: [" + strings.Repeat("{},", 49_000) + "]"),
		scenarioOf("enisim: 1\naccounts: [{id: \"1000000000000009\"}]\n#" + strings.Repeat("x", 2<<20-100)),
		strings.Repeat(`{"scenario":`, 50_000),
		`{"scenario": "` + strings.Repeat("x", 9<<20) + `"}`,
	}
	large, long := scenarioOf(sizedWorld(50_000, 1, "")), scenarioOf(sizedWorld(1, 7_000, ""))
	crowded := scenarioOf(sizedWorld(5_900, 1, ", secondary_private_ip_address_count: 49"))
	head := func(length int) string {
		return fmt.Sprintf("POST /?Action=RunInstances HTTP/1.1\r\nHost: enisim\r\nContent-Type: "+
			"%s\r\nContent-Length: %d\r\n\r\n", form, length)
	}
	return map[string]attack{
		"unknown keys with padding": {8, func(ctx context.Context, name string) {
			a.post(ctx, name, "/", form,
				"Action=DescribeInstances&Version=2014-05-26&AccessKeyId=LTAI"+uuid.NewString()+"&Padding="+padding)
		}},
		"large bodies": {4, func(ctx context.Context, name string) {
			a.post(ctx, name, "/", form,
				"Action=RunInstances&AccessKeyId=LTAI"+uuid.NewString()+"&UserData="+strings.Repeat(padding, 17))
		}},
		"unfinished bodies": {400,
			func(ctx context.Context, name string) { a.hold(ctx, name, head(1<<20)+strings.Repeat(padding, 16)) }},
		"unfinished headers": {400,
			func(ctx context.Context, name string) { a.hold(ctx, name, "GET / HTTP/1.1\r\nLong: "+padding) }},
		"headers of lines": {100, func(ctx context.Context, name string) {
			a.hold(ctx, name, "GET / HTTP/1.1\r\n"+strings.Repeat("a: b\r\n", 9000))
		}},
		"idle connections": {1500, func(ctx context.Context, name string) { a.hold(ctx, name, "") }},
		"unsigned parameters": {8,
			func(ctx context.Context, name string) { a.post(ctx, name, "/", form, strings.Join(many, "&")) }},
		"huge queries": {4, func(ctx context.Context, name string) {
			a.post(ctx, name, "/?Action=DescribeInstances&a="+padding[:50<<10], form, "")
		}},
		"wide lists": {4, func(ctx context.Context, name string) {
			a.post(ctx, name, "/", form, signedForm("RunInstances", append([]string{"ImageId", "m-1", "InstanceType",
				"ecs.g6.large", "VSwitchId", "vsw-1", "SecurityGroupId", "sg-1"}, wide...)...))
		}},
		"huge JSON lists": {4, func(ctx context.Context, name string) {
			a.post(ctx, name, "/", form, signedForm("DescribeInstances", "InstanceIds", string(list)))
		}},
		"deep JSON": {2, func(ctx context.Context, name string) {
			a.post(ctx, name, "/", form, signedForm("DescribeInstances", "InstanceIds", strings.Repeat("[", 50<<10)))
		}},
		"nonces": {8,
			func(ctx context.Context, name string) { a.post(ctx, name, "/", form, signedForm("DescribeRegions")) }},
		"compressed": {1,
			func(ctx context.Context, name string) { a.post(ctx, name, "/", "application/gzip", padding) }},
		"scenarios": {4, func(ctx context.Context, name string) {
			a.post(ctx, name, "/_enisim/scenario/apply", "application/json", scenarios[rand.IntN(len(scenarios))])
		}},
		"large worlds": {4, func(ctx context.Context, name string) {
			a.post(ctx, name, "/_enisim/scenario/diff", "application/json", large)
		}},
		"long worlds": {4, func(ctx context.Context, name string) {
			a.post(ctx, name, "/_enisim/scenario/diff", "application/json", long)
		}},
		"crowded worlds": {2, func(ctx context.Context, name string) {
			a.post(ctx, name, "/_enisim/scenario/diff", "application/json", crowded)
		}},
	}
}

// sizedWorld returns a scenario with the given number of entries of interfaces, with copies of
// each, and with further keys.
func sizedWorld(copies, entries int, keys string) string {
	var vswitches []string
	for k := range 50 {
		vswitches = append(vswitches,
			fmt.Sprintf("{id: vsw-%d, zone: cn-hangzhou-h, cidr_block: 10.%d.0.0/16}", k+1, k))
	}
	var b strings.Builder
	b.WriteString(`
enisim: 1
accounts:
  - id: "1000000000000009"
    quotas: {network_interfaces_per_region: 100000}
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/8
            security_groups: [{id: sg-1, type: enterprise}]
            vswitches: [` + strings.Join(vswitches, ", ") + `]
        network_interfaces:
`)
	for n := range entries {
		fmt.Fprintf(&b, "          - {id: \"eni-%d-{n}\", count: %d, vswitch: \"vsw-{n/1000}\", security_groups: "+
			"[sg-1]%s}\n", n, copies, keys)
	}
	return b.String()
}

// While a server is attacked in every known way, it uses less than 256 MiB at any time and answers
// a well-behaved client. That client retries a 503 and a lost connection, as SDKs do.
func TestHostileSoak(t *testing.T) {
	if *soakFor == 0 {
		t.Skip("make soak-hostile runs it")
	}
	binary := filepath.Join(t.TempDir(), "enisim")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	server := startBinary(t, binary, "--database-url", storetest.URL(t), "--scenario", file(t, soakWorld),
		"--attach-delay", "0", "--detach-delay", "0", "--log-level", "error")
	ctx, stop := context.WithTimeout(t.Context(), *soakFor)
	defer stop()
	a := &attacker{address: strings.TrimPrefix(server.endpoint, "http://"), client: &http.Client{
		Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 4},
	}}
	var workers sync.WaitGroup
	for name, attack := range a.attacks() {
		for range attack.workers {
			workers.Go(func() {
				for ctx.Err() == nil {
					attack.step(ctx, name)
				}
			})
		}
	}

	var latencies []time.Duration
	retries := 0
	client := &http.Client{Timeout: 20 * time.Second}
	for n := 0; ctx.Err() == nil; n++ {
		action := []string{"AttachNetworkInterface", "DetachNetworkInterface"}[n%2]
		began := time.Now()
		lost := false // whether an answer was lost, which may have been a success
		for try := 0; ; try++ {
			status, err := callOverHTTP(t.Context(), client, server.endpoint, action, "i-1", "eni-1")
			if err == nil && (status == http.StatusOK || lost && status == http.StatusBadRequest) {
				break
			}
			if try == 50 || (err == nil && status != http.StatusServiceUnavailable) {
				t.Fatalf("%s: got %d, %v, want 200; log: %s", action, status, err, server.log)
			}
			lost = lost || err != nil
			retries++
		}
		latencies = append(latencies, time.Since(began))
	}
	workers.Wait()

	peak := memoryPeak(t, server.cmd.Process.Pid)
	slices.Sort(latencies)
	if len(latencies) == 0 {
		t.Fatal("got no answer for the well-behaved client")
	}
	t.Logf("peak memory of the server: %d MiB; the well-behaved client had %d answers, p50 %v, p99 %v, max %v, %d "+
		"retries", peak>>20, len(latencies),
		latencies[len(latencies)/2], latencies[len(latencies)*99/100], latencies[len(latencies)-1], retries)
	var counts []string
	a.counts.Range(func(key, n any) bool {
		counts = append(counts, fmt.Sprintf("%7d %s", n.(*atomic.Int64).Load(), key))
		return true
	})
	slices.SortFunc(counts, func(a, b string) int { return strings.Compare(a[8:], b[8:]) })
	t.Logf("attacks and their answers:\n%s", strings.Join(counts, "\n"))
	if peak >= maxSoakMemory {
		t.Errorf("got a peak memory of %d MiB, want less than %d", peak>>20, maxSoakMemory>>20)
	}
	for line := range bytes.SplitSeq(server.log.Bytes(), []byte("\n")) {
		if bytes.Contains(line, []byte("panic")) {
			t.Errorf("got %s in the log, want no panic", line)
		}
	}
}

// memoryPeak returns the peak resident memory of a process, in bytes.
func memoryPeak(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(status), "VmHWM:")
	if !found {
		t.Skip("this system does not show the peak memory of a process")
	}
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}
