package httpapi_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// A fault that is set in the console strikes a call of the explorer, whose page leads to the reason. Once it
// is lifted, the same call succeeds.
func TestBrowserSetsAndLiftsAFault(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Token: controlToken}, service.Options{})
	b := newChromium(t, "light", 1280, 900)
	b.do(t, chromedp.Navigate(s.URL+"/console/faults?account="+account),
		chromedp.SendKeys(chromedp.CSS("#token"), controlToken+"\r"))
	b.waitForText(t, "None is on.")

	// First a wrong one: its input stays, beside the reason.
	b.do(t, chromedp.SendKeys(chromedp.CSS("#f-action"), "AttachNetworkInterface"),
		chromedp.SendKeys(chromedp.CSS("#f-do-answer"), "Throtling\r"))
	b.waitForText(t, "did you mean")
	b.waitFor(t, `document.getElementById("f-do-answer").value === "Throtling" &&
		document.querySelector("[aria-invalid]").id === "f-do-answer"`)
	b.do(t, chromedp.Evaluate[chromedp.Void](`document.getElementById("f-do-answer").value = "Throttling"; undefined`))
	b.click(t, "form.rule button.main")
	b.waitForText(t, "answer Throttling")

	// Then a call that it strikes.
	call := s.URL + "/console/explorer?account=" + account + "&action=Ecs:AttachNetworkInterface"
	attach := func(want string) {
		t.Helper()
		b.do(t, chromedp.Navigate(call), chromedp.SendKeys(chromedp.CSS("#f-p-InstanceId"), "i-free"),
			chromedp.SendKeys(chromedp.CSS("#f-p-NetworkInterfaceId"), "eni-1\r"))
		b.waitForElement(t, "#answer")
		b.waitForText(t, want)
	}
	attach("has touched it")
	b.click(t, `.answer a[href*="/requests/"]`)
	b.waitForText(t, "Why it was refused")
	b.waitForText(t, "Fault that struck it")

	// At last it is lifted.
	b.do(t, chromedp.Navigate(s.URL+"/console/faults?account="+account))
	b.waitForText(t, "answer Throttling")
	b.click(t, "#live tbody button")
	b.waitForText(t, "None is on.")
	attach(`"RequestId"`)
	b.do(t, chromedp.Navigate(s.URL+"/console/accounts/"+account+"/instances/i-free"))
	b.waitForText(t, "2 of 3 slots")
}

// Whatever names and descriptions have, no page runs it, and no page is wider than its window.
func TestBrowserShowsHostileNames(t *testing.T) {
	t.Parallel()
	texts := map[string]string{
		"script":  `"><script>window.hostile = 1</script><img src=x onerror="window.hostile = 2">`,
		"markup":  `</title></textarea></table><h1 id="hostile">x</h1><style>*{display:none}</style>`,
		"long":    strings.Repeat("x", 120),
		"rtl":     "\u202eabc\u2066\u05d0\u05d1\u0627\u0644",
		"control": "a\tb\u0085c\u200bd\u2028e",
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, set := worldtest.Set("vswitch", "vsw-h"), worldtest.Set
			groups, named, described := worldtest.Groups("sg-main"), set("name", text), set("description", text)
			w := worldtest.New(account, named).
				AccessKey(accessKey, set("secret", "test-secret")).
				VPC("vpc-main", "10.0.0.0/8", named, described).
				VSwitch("vsw-h", "cn-hangzhou-h", "10.0.0.0/16", named, described).
				SecurityGroup("sg-main", named, described).
				Instance("i-full", in, groups, worldtest.Type("ecs.g6.large"), named, described).
				NetworkInterface("eni-held", in, groups, worldtest.AttachedTo("i-full"), named, described).
				NetworkInterface("eni-1", in, groups, named, described, set("tags", map[string]any{"key": text}))
			s := serve(t, w, service.Options{Refusals: service.AllRefusals}, func(o *httpapi.Options) {
				o.Control.Open, o.Log = true, slog.New(slog.DiscardHandler)
			})
			if _, err := s.call(t.Context(), "AttachNetworkInterface", "InstanceId", "i-full", "NetworkInterfaceId",
				"eni-1"); err != nil {
				t.Fatal(err)
			}
			b := newChromium(t, "light", 390, 844)
			for _, path := range append(consolePages, "/accounts/"+account+"/interfaces/eni-1") {
				b.do(t, chromedp.Navigate(s.URL+"/console"+path))
				b.waitFor(t, `document.readyState === "complete"`)
				b.waitFor(t, `!window.hostile && !document.getElementById("hostile") &&
					document.querySelectorAll("h1").length === 1 && document.title.endsWith("enisim") &&
					getComputedStyle(document.querySelector("footer")).display !== "none"`)
				const excess = `document.documentElement.scrollWidth - window.innerWidth`
				if wider, err := evaluate[int](b, excess); err != nil || wider > 0 {
					t.Errorf("%s is %d pixels wider than the window: %v", path, wider, err)
				}
			}
		})
	}
}

// axe-core finds nothing serious on the pages of a world without accounts, on a refused form, and on the
// answers of the explorer.
func TestBrowserFormsAreAccessible(t *testing.T) {
	t.Parallel()
	axe := axeScript(t)
	empty := serve(t, nil, service.Options{}, func(o *httpapi.Options) { o.Control.Open = true })
	s := serveConsole(t, httpapi.Control{Open: true}, service.Options{})
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			b := newChromium(t, scheme, 1280, 900)
			for _, path := range []string{
				"", "/contention", "/requests", "/search?q=eni-", "/faults", "/throttles", "/quotas", "/clock",
				"/scenarios", "/snapshots", "/explorer",
			} {
				b.do(t, chromedp.Navigate(empty.URL+"/console"+path))
				b.checkAccessibility(t, axe, "empty "+path)
			}
			b.do(t, chromedp.Navigate(s.URL+"/console/faults?account="+account),
				chromedp.SendKeys(chromedp.CSS("#f-do-answer"), "Throtling\r"))
			b.waitForText(t, "did you mean")
			b.checkAccessibility(t, axe, "a refused form")
			for _, instance := range []string{"i-full", "i-none"} {
				b.do(t, chromedp.Navigate(s.URL+"/console/explorer?account="+account+
					"&action=Ecs:AttachNetworkInterface"),
					chromedp.SendKeys(chromedp.CSS("#f-p-InstanceId"), instance),
					chromedp.SendKeys(chromedp.CSS("#f-p-NetworkInterfaceId"), "eni-1\r"))
				b.waitForElement(t, "#answer")
				b.checkAccessibility(t, axe, "an answer")
			}
		})
	}
}
