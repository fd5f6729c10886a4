package httpapi_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"enisim/httpapi"
	"enisim/service"
)

// browserTimeout is the limit of one step in a browser, on a busy machine.
const browserTimeout = 2 * time.Minute

// browser is a browser with an empty profile and one tab.
type browser struct {
	ctx context.Context // by which chromedp knows the browser
}

// newChromium starts a browser. The test fails if its console has a warning or an error: of a script, or
// because the policy of a page forbids what the page does.
func newChromium(t testing.TB, scheme string, width, height int64) *browser {
	t.Helper()
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
		chromedp.DisableGPU)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), flags...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{ctx}
	b.do(t, chromedp.EmulateViewport(width, height))
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
		// The first action starts the browser, which would end with the context of a step.
		ctx := b.ctx
		if chromedp.FromContext(ctx).Target != nil {
			limited, cancel := context.WithTimeout(ctx, browserTimeout)
			defer cancel()
			ctx = limited
		}
		if err := chromedp.Do(ctx, a); err != nil {
			t.Fatalf("%v\nthe page says:\n%s", err, b.text())
		}
	}
}

// text returns the text of the page.
func (b *browser) text() string {
	text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body.innerText`))
	return text
}

// waitFor waits until an expression is true, also across pages.
func (b *browser) waitFor(t testing.TB, expression string) {
	t.Helper()
	for deadline := time.Now().Add(browserTimeout); ; time.Sleep(50 * time.Millisecond) {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
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
	b.do(t, chromedp.Click(chromedp.CSS(".out button")))
	b.waitForElement(t, "#token")
}
