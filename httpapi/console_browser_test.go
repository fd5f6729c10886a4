package httpapi_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/jackc/pgx/v5"

	"enisim.alt/httpapi"
	"enisim.alt/service"
	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
	"enisim.alt/store/storetest"
)

// browserTimeout is the limit of one step in a browser, on a busy machine.
const browserTimeout = 2 * time.Minute

// answerTimeout is how long a page may take to evaluate an expression. One that is being replaced by
// another page may never answer.
const answerTimeout = 20 * time.Second

// runningBrowsers has an element for each browser that runs. More at a time would wait for each other.
var runningBrowsers = make(chan struct{}, 3)

// browser is a browser with an empty profile and one tab.
type browser struct {
	ctx context.Context // by which chromedp knows the browser
}

// newChromium starts a browser. The test fails if its console has a warning or an error: of a script, or
// because the policy of a page forbids what the page does.
func newChromium(t testing.TB, scheme string, width, height int64) *browser {
	t.Helper()
	storetest.SkipInShortRuns(t)
	path, err := exec.LookPath("chromium")
	switch {
	case err != nil && os.Getenv("CI") != "":
		t.Fatal("chromium is not installed: apt-get install chromium")
	case err != nil:
		t.Skip("chromium is not installed, and this is not CI: apt-get install chromium")
	}
	var reading sync.WaitGroup
	t.Cleanup(reading.Wait) // after the browser has ended
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.WSURLReadTimeout(browserTimeout))
	runningBrowsers <- struct{}{}
	t.Cleanup(func() { <-runningBrowsers })
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), flags...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	// The browser starts with the first action, and would end with the context of a step. If it does not
	// start, chromedp must not be asked again: it panics.
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height)); err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}
	b := &browser{ctx}
	_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		t.Fatal(err)
	}
	messages := chromedp.Console(ctx)
	reading.Go(func() {
		for m, err := range messages {
			if err != nil {
				return // the browser has ended
			}
			// An answer with an error status is logged too, and some tests ask for one.
			isProblem := m.Type == chromedp.ConsoleWarning || m.Type == chromedp.ConsoleError ||
				m.Type == chromedp.ConsoleException
			if isProblem && !strings.Contains(m.Text, "the server responded with a status of") {
				t.Errorf("the browser's console says: %s %s", m.Type, m.Text)
			}
		}
	})
	return b
}

// do runs actions.
func (b *browser) do(t testing.TB, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	for _, a := range actions {
		ctx, cancel := context.WithTimeout(b.ctx, browserTimeout)
		err := chromedp.Do(ctx, a)
		cancel()
		if err != nil {
			t.Fatalf("%v\nthe page says:\n%s", err, b.text())
		}
	}
}

// evaluate evaluates an expression on the page.
func evaluate[T any](b *browser, expression string, options ...chromedp.EvaluateOption) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, browserTimeout)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, options...))
}

// text returns the text of the page.
func (b *browser) text() string {
	ctx, cancel := context.WithTimeout(b.ctx, answerTimeout)
	defer cancel()
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	return text
}

// waitFor waits until an expression is true, also across pages.
func (b *browser) waitFor(t testing.TB, expression string) {
	t.Helper()
	for deadline := time.Now().Add(browserTimeout); ; time.Sleep(50 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(b.ctx, answerTimeout)
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		cancel()
		switch {
		case err == nil && ok:
			return
		case time.Now().After(deadline):
			t.Fatalf("%s does not become true: %v\nthe page says:\n%s", expression, err, b.text())
		}
	}
}

// waitForText waits until the page says something.
func (b *browser) waitForText(t testing.TB, text string) {
	t.Helper()
	b.waitFor(t, `document.body && document.body.innerText.includes(`+quoteJS(text)+`)`)
}

// waitForElement waits until the page has an element.
func (b *browser) waitForElement(t testing.TB, selector string) {
	t.Helper()
	b.waitFor(t, `document.querySelector(`+quoteJS(selector)+`)`)
}

// click clicks an element as soon as the page has it. The page does that itself: a page that updates itself may
// replace the element between a search and a click from outside.
func (b *browser) click(t testing.TB, selector string) {
	t.Helper()
	b.waitFor(t, `(e => e && (e.click(), true))(document.querySelector(`+quoteJS(selector)+`))`)
}

// quoteJS returns a text as a literal of JavaScript.
func quoteJS(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`).Replace(text) + "'"
}

// The topology shows an attach without a reload: the free slot is attaching, then filled.
func TestBrowserSeesASlotFill(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Open: true}, service.Options{AttachDelay: 3 * time.Second})
	b := newChromium(t, "light", 1280, 900)
	b.do(t, chromedp.Navigate(s.URL+"/console/accounts/"+account+"/vpcs/vpc-main"))
	b.waitForText(t, "This page updates itself.")
	b.waitForText(t, "1 of 3 slots")
	b.waitFor(t, `window.notReloaded = true`)
	if got, err := s.call(t.Context(), "AttachNetworkInterface", "InstanceId", "i-free", "NetworkInterfaceId",
		"eni-1"); err != nil || got.code() != "" {
		t.Fatalf("got %v %v, want a success", got, err)
	}
	b.waitForElement(t, `.slot.attaching a[href$="/interfaces/eni-1"], .slot.filled a[href$="/interfaces/eni-1"]`)
	b.waitForText(t, "2 of 3 slots")
	b.waitForElement(t, `.slot.filled a[href$="/interfaces/eni-1"]`)
	b.waitFor(t, `window.notReloaded`)
}

// A wrong token is refused with a reason, the right one leads to the page that was asked for.
func TestBrowserSignsIn(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Token: controlToken}, service.Options{})
	b := newChromium(t, "dark", 1280, 900)
	b.do(t, chromedp.Navigate(s.URL+"/console/accounts/"+account+"/instances/i-full"),
		chromedp.SendKeys(chromedp.CSS("#token"), "not the token\r"))
	b.waitForText(t, "This is not the token.")
	b.do(t, chromedp.SendKeys(chromedp.CSS("#token"), controlToken+"\r"))
	b.waitForText(t, "2 of 2 slots")
	b.click(t, ".out button")
	b.waitForElement(t, "#token")
}

// axeScript returns the accessibility checker. Without it the test is skipped, except in CI.
func axeScript(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "axe", "node_modules", "axe-core", "axe.min.js"))
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatalf("axe-core needs `make sdk`, which CI must have: %v", err)
	default:
		t.Skipf("axe-core needs `make sdk`: %v", err)
	}
	return string(text)
}

// checkAccessibility fails the test if axe-core finds something serious in the page.
func (b *browser) checkAccessibility(t testing.TB, axe, name string) {
	t.Helper()
	type violation struct {
		ID, Impact, Help string
		Nodes            []struct{ HTML, FailureSummary string }
	}
	b.waitFor(t, `document.readyState === "complete"`)
	// The tool speaks to the browser beside the page, so the page's policy does not matter.
	b.do(t, chromedp.Evaluate[chromedp.Void](axe+"; undefined"))
	report, err := evaluate[[]violation](b,
		`axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v => ({ID: v.id, Impact: v.impact,
			Help: v.help, Nodes: v.nodes.map(n => ({HTML: n.html, FailureSummary: n.failureSummary}))})))`,
		chromedp.EvalAwaitPromise)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, v := range report {
		if v.Impact == "serious" || v.Impact == "critical" {
			t.Errorf("%s: %s: %s: %s\n%+v", name, v.Impact, v.ID, v.Help, v.Nodes)
		} else {
			t.Logf("%s: %s: %s: %s", name, v.Impact, v.ID, v.Help)
		}
	}
}

// axe-core finds nothing serious on any page, light and dark, on a screen and on a phone. No page is wider
// than its window.
func TestBrowserPagesAreAccessible(t *testing.T) {
	t.Parallel()
	axe := axeScript(t)
	s := serveConsole(t, httpapi.Control{Open: true}, service.Options{AttachDelay: time.Hour})
	for _, instance := range []string{"i-full", "i-free"} { // a refusal and a change
		if _, err := s.call(t.Context(), "AttachNetworkInterface", "InstanceId", instance, "NetworkInterfaceId",
			"eni-1"); err != nil {
			t.Fatal(err)
		}
	}
	events, err := s.controlClient().Events(t.Context(), operator.EventQuery{Limit: 1})
	if err != nil || len(events.Events) != 1 {
		t.Fatalf("got %v %v, want an event", events, err)
	}
	locked := serveConsole(t, httpapi.Control{Token: controlToken}, service.Options{})
	pages := map[string]string{"sign-in": locked.URL + "/console"}
	for _, path := range append(consolePages, "/requests/"+events.Events[0].RequestID, "/nothing") {
		pages[path] = s.URL + "/console" + path
	}
	for _, screen := range []struct {
		scheme        string
		width, height int64
	}{{"light", 1280, 900}, {"dark", 390, 844}} {
		t.Run(screen.scheme, func(t *testing.T) {
			t.Parallel()
			b := newChromium(t, screen.scheme, screen.width, screen.height)
			for name, address := range pages {
				b.do(t, chromedp.Navigate(address))
				b.checkAccessibility(t, axe, name)
				const excess = `document.documentElement.scrollWidth - window.innerWidth`
				if wider, err := evaluate[int](b, excess); err != nil || wider > 0 {
					t.Errorf("%s is %d pixels wider than the window: %v", name, wider, err)
				}
			}
		})
	}
}

// Somebody who follows the links answers: which instance is full, who took its last slot, why the next
// attach failed, and which fault is on.
func TestBrowserAnswersTheQuestions(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Open: true}, service.Options{})
	fault, err := operator.New(s.service).AddFault(t.Context(), disturbance.Fault{
		Account: account, Action: "StopInstance", Do: disturbance.Do{Answer: "Throttling"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, eni := range []string{"eni-1", "eni-2", "eni-3"} { // the third one finds no slot
		if _, err := s.call(t.Context(), "AttachNetworkInterface", "InstanceId", "i-free", "NetworkInterfaceId",
			eni); err != nil {
			t.Fatal(err)
		}
	}
	b := newChromium(t, "light", 1280, 900)
	b.do(t, chromedp.Navigate(s.URL+"/console"))
	b.waitForText(t, fault.ID) // the fault that is on
	b.click(t, `a[href$="/accounts/`+account+`"]`)
	b.click(t, `a[href$="/vpcs/vpc-main"]`)
	b.waitForElement(t, ".instance.is-full") // a full instance
	b.click(t, `.instance.is-full a[href$="/instances/i-free"]`)
	b.waitForText(t, "The last slot was taken")
	b.waitForText(t, "eni-2 in slot 2, by "+accessKey)
	b.waitForText(t, "EniPerInstanceLimitExceeded")
	b.click(t, ".refused-note a")
	b.waitForText(t, "Why it was refused")
	for _, text := range []string{"To succeed:", "eni-1", "eni-2", accessKey} {
		b.waitForText(t, text)
	}
	// The keyboard reaches the content without the navigation, and the search from everywhere.
	b.do(t, chromedp.KeyEvent(kb.Tab))
	b.waitFor(t, `document.activeElement.className === "skip"`)
	b.do(t, chromedp.SendKeys(chromedp.CSS("#q"), "eni-2\r"))
	b.waitForText(t, "Network interface eni-2")
}

// A page that is open while the database goes away says so, and another one says what to do. When the
// database is back, the page goes on without a reload.
func TestBrowserWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	s := serveConsole(t, httpapi.Control{Open: true}, service.Options{})
	b := newChromium(t, "light", 1280, 900)
	b.do(t, chromedp.Navigate(s.URL+"/console/accounts/"+account+"/instances/i-full"))
	b.waitForText(t, "This page updates itself.")
	b.waitFor(t, `window.notReloaded = true`)
	restore := s.loseDatabase(t)
	b.waitForText(t, "The update failed")
	b.waitForText(t, "2 of 2 slots") // what was known stays
	if status, body, _ := s.browse(t, s.Client(), ""); status != http.StatusServiceUnavailable ||
		!strings.Contains(body, "What to do") {
		t.Errorf("the overview: got %d %s, want 503 with what to do", status, body)
	}
	restore()
	b.waitForText(t, "This page updates itself.")
	if got, err := s.call(t.Context(), "DetachNetworkInterface", "InstanceId", "i-full", "NetworkInterfaceId",
		"eni-held"); err != nil || got.code() != "" {
		t.Fatalf("got %v %v, want a success", got, err)
	}
	b.waitForText(t, "1 of 2 slots")
	b.waitFor(t, `window.notReloaded`)
}

// loseDatabase ends the connections of a server to its database, and lets it have no other one until
// restore is called.
func (s *server) loseDatabase(t *testing.T) (restore func()) {
	t.Helper()
	config := s.pool.Config().ConnConfig.Copy()
	name := config.Database
	config.Database = "postgres"
	admin, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close(context.WithoutCancel(t.Context())) })
	alter := func(allow string) {
		t.Helper()
		sql := "ALTER DATABASE " + pgx.Identifier{name}.Sanitize() + " WITH ALLOW_CONNECTIONS " + allow
		if _, err := admin.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	alter("false")
	if _, err := admin.Exec(t.Context(), `
		SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, name); err != nil {
		t.Fatal(err)
	}
	return func() { t.Helper(); alter("true") }
}
