package httpapi_test

import (
	"html"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/service/disturbance"
)

// explore sends an action by the form of the explorer, as the test's account.
func (s *server) explore(t testing.TB, browser *http.Client, token, action string, pairs ...string) (int, string) {
	t.Helper()
	form := url.Values{"form_token": {token}, "key": {accessKey}, "p.RegionId": {"cn-hangzhou"}}
	for k := 0; k < len(pairs); k += 2 {
		form.Set(pairs[k], pairs[k+1])
	}
	query := url.Values{"account": {account}, "action": {action}}
	status, body, _ := s.post(t, browser, "/explorer?"+query.Encode(), form)
	return status, html.UnescapeString(body)
}

// The explorer has a labelled input for each parameter of each action, except for further items of lists.
func TestExplorerHasEveryParameter(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Open: true}, service.Options{})
	field := regexp.MustCompile(`<label for="f-([^"]+)">`)
	actions := 0
	for _, product := range httpapi.Descriptions() {
		for name := range product.APIs {
			actions++
			action := product.Info.Product + ":" + name
			status, body, _ := s.browse(t, s.Client(), "/explorer?account="+account+"&action="+url.QueryEscape(action))
			if status != http.StatusOK {
				t.Errorf("%s: got %d %s", action, status, body)
			}
			var inputs []string
			for _, m := range field.FindAllStringSubmatch(body, -1) {
				inputs = append(inputs, strings.ReplaceAll(strings.TrimPrefix(m[1], "p-"), "-", "."))
			}
			version := strings.ToLower(product.Info.Product) + ":" + name
			for _, parameter := range httpapi.ParameterNames(version) {
				if list := strings.TrimSuffix(parameter, ".1"); !slices.Contains(inputs, parameter) &&
					!slices.Contains(inputs, list) {
					t.Errorf("%s has no input for %s; it has %v", action, parameter, inputs)
				}
			}
		}
	}
	if actions < 60 {
		t.Errorf("only %d actions were looked at", actions)
	}
}

// The explorer shows a success and a refusal in both forms. Its calls are signed, recorded, and disturbed
// like others.
func TestExplorerCalls(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Token: controlToken}, service.Options{}, func(o *httpapi.Options) {
		o.Signature = httpapi.VerifySignature
	})
	browser, token := s.signedIn(t)
	const attach = "Ecs:AttachNetworkInterface"
	status, body := s.explore(t, browser, token, attach, "p.InstanceId", "i-full", "p.NetworkInterfaceId", "eni-1")
	for _, want := range []string{
		"<code>EniPerInstanceLimitExceeded</code>", `"Code": "EniPerInstanceLimitExceeded"`,
		"  <Code>EniPerInstanceLimitExceeded</Code>", "Why was it refused?", `value="eni-1"`,
	} {
		if status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("a refusal: got %d without %q:\n%s", status, want, body)
		}
	}
	why := regexp.MustCompile(`<a href="/console(/requests/[^"]+)">Why`).FindStringSubmatch(body)
	if why == nil {
		t.Fatal("the refusal has no link to why")
	}
	if status, body, _ := s.browse(t, browser, why[1]); status != http.StatusOK ||
		!strings.Contains(body, "Why it was refused") {
		t.Errorf("why: got %d %s", status, body)
	}
	status, body = s.explore(t, browser, token, attach, "p.InstanceId", "i-free", "p.NetworkInterfaceId", "eni-1")
	if status != http.StatusOK || !strings.Contains(body, `"RequestId": "`) ||
		!strings.Contains(body, "  <RequestId>") || strings.Contains(body, "Why was it refused?") {
		t.Errorf("a success: got %d %s", status, body)
	}
	if _, body, _ := s.browse(t, browser, "/requests"); !strings.Contains(body, "eni-1 InstanceId: none → i-free") {
		t.Errorf("the call is not among the requests:\n%s", body)
	}

	// Lists and other parameters are sent, and hostile values are shown as they are.
	status, body = s.explore(t, browser, token, "Ecs:DescribeNetworkInterfaces", "p.NetworkInterfaceId",
		"eni-1\r\neni-held", "others", "PageSize=1\r\nUnknown="+hostileText)
	if status != http.StatusOK || !strings.Contains(body, `"TotalCount": 2`) ||
		!strings.Contains(body, `"PageSize": 1`) {
		t.Errorf("a list: got %d %s", status, body)
	}
	for _, c := range []struct {
		name, want string
		pairs      []string
	}{
		{"a wrong line", "Name=value", []string{"others", "PageSize"}},
		{"another action", "is chosen above", []string{"others", "Action=DeleteInstance"}},
		{"no key", "Choose an access key", []string{"key", ""}},
		{"a key that does not exist", "not found", []string{"key", "LTAInone"}},
	} {
		if status, body := s.explore(t, browser, token, attach, c.pairs...); status != http.StatusBadRequest ||
			!strings.Contains(body, c.want) {
			t.Errorf("%s: got %d without %q:\n%s", c.name, status, c.want, body)
		}
	}

	// A fault and a throttle apply.
	control := s.controlClient()
	control.Token = controlToken
	fault, err := control.AddFault(t.Context(), disturbance.Fault{
		Account: account, Action: "AttachNetworkInterface", Do: disturbance.Do{Answer: "Throttling"},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, body = s.explore(t, browser, token, attach, "p.InstanceId", "i-full", "p.NetworkInterfaceId", "eni-held")
	if !strings.Contains(body, "<code>Throttling</code>") || !strings.Contains(body, fault.ID+"</a> has touched it") {
		t.Errorf("the fault %s does not show:\n%s", fault.ID, body)
	}
	if err := control.RemoveFaults(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	_, err = control.SetThrottle(t.Context(), account, disturbance.Throttle{Limits: []disturbance.Limit{
		{Action: "Describe*", PerSecond: 0.001, Burst: 1, Answer: "Throttling.User"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.explore(t, browser, token, "Ecs:DescribeInstances")
	_, body = s.explore(t, browser, token, "Ecs:DescribeInstances")
	if !strings.Contains(body, "<code>Throttling.User<") {
		t.Errorf("the throttle does not show:\n%s", body)
	}
}

// An answer that a fault loses or damages is shown as such, in a bounded time.
func TestExplorerShowsLostAnswers(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Open: true}, service.Options{})
	_, page, _ := s.browse(t, s.Client(), "/explorer?account="+account+"&action=Ecs:DescribeInstances")
	token := formToken.FindStringSubmatch(page)[1]
	bytes := 20
	for _, c := range []struct {
		action string // each has a fault of its own
		do     disturbance.Do
		want   string
	}{
		{"DescribeInstances", disturbance.Do{Lose: disturbance.LoseReset}, "no answer"},
		{"DescribeVpcs", disturbance.Do{Lose: disturbance.LoseSilence}, "no answer"},
		{"DescribeVSwitches", disturbance.Do{Delay: disturbance.Duration(5 * time.Minute)}, "no answer"},
		{"DescribeSecurityGroups", disturbance.Do{Lose: disturbance.Lose503}, "<code>ServiceUnavailable</code>"},
		{"DescribeZones", disturbance.Do{Truncate: &bytes}, `as it was received">{"RequestId":`},
		{"DescribeRegions", disturbance.Do{Cut: &bytes}, `as it was received">{"RequestId":`},
		{"DescribeNetworkInterfaces", disturbance.Do{Slow: disturbance.Duration(time.Millisecond)}, `"TotalCount": `},
	} {
		t.Run(c.action, func(t *testing.T) {
			t.Parallel()
			fault := disturbance.Fault{Account: account, Action: c.action, Do: c.do}
			added, err := s.controlClient().AddFault(t.Context(), fault)
			if err != nil {
				t.Fatal(err)
			}
			product := "Ecs:"
			if strings.HasPrefix(c.action, "DescribeV") {
				product = "Vpc:"
			}
			status, body := s.explore(t, s.Client(), token, product+c.action)
			if status != http.StatusOK || !strings.Contains(body, c.want) || !strings.Contains(body, added.ID) {
				t.Errorf("got %d without %q:\n%s", status, c.want, body)
			}
		})
	}
}

// The command that the explorer shows is what a shell makes the same parameters of. It has no secret.
func TestExplorerShowsTheCommand(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Open: true}, service.Options{})
	_, page, _ := s.browse(t, s.Client(), "/explorer?account="+account+"&action=Ecs:DescribeInstances")
	token := formToken.FindStringSubmatch(page)[1]
	const hostile = "it's $HOME `id` \"x\" \\ ; & | > * é"
	_, body := s.explore(t, s.Client(), token, "Ecs:DescribeInstances", "p.InstanceName", hostile)
	line := regexp.MustCompile(`(?s)aria-label="The command">(.*?)</pre>`).FindStringSubmatch(body)
	if line == nil || strings.Contains(body, "test-secret") {
		t.Fatalf("the page has no command, or the secret:\n%s", body)
	}
	script := `enisim() { printf '%s\n' "$@"; }; ` + line[1]
	out, err := exec.CommandContext(t.Context(), "sh", "-c", script).CombinedOutput()
	want := strings.Join([]string{
		"call", "DescribeInstances", "--endpoint", s.URL, "--access-key-id", accessKey, "--Version", "2014-05-26",
		"--InstanceName=" + hostile, "--RegionId=cn-hangzhou", "",
	}, "\n")
	if err != nil || string(out) != want {
		t.Errorf("%s\ngives %v\n%s\nwant\n%s", line[1], err, out, want)
	}
}
