package console

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"text/template/parse"
	"time"

	"golang.org/x/sync/semaphore"

	"enisim.alt/httpapi/metrics"
	"enisim.alt/service"
	"enisim.alt/service/operator"
)

// Prefix is the path of the console, which no cloud API uses.
const Prefix = "/console"

//go:embed templates/*.html static/*
var files embed.FS

// Options are the settings of a console.
type Options struct {
	Operator *operator.Operator
	Metrics  *metrics.Metrics // nil: nothing is measured
	Usage    *metrics.Usage
	Log      *slog.Logger
	Token    string // "": CheckLocal decides

	// CheckLocal returns an error unless a request comes from this machine, and not from a page of another
	// site. It is asked if there is no token.
	CheckLocal func(*http.Request) error
	// Stopping is closed when the server is about to stop. Then streams end.
	Stopping <-chan struct{}

	Products func() []Product // all actions, for the explorer
	Call     Caller           // that the explorer makes its calls with
}

// Console answers the requests below Prefix. It is safe for concurrent use.
type Console struct {
	operator *operator.Operator
	metrics  *metrics.Metrics
	usage    *metrics.Usage
	log      *slog.Logger
	access   access
	stopping <-chan struct{}

	mux       *http.ServeMux
	templates map[string]pageTemplate // by the name of the page

	streams  *semaphore.Weighted // room for streams
	watching *semaphore.Weighted // the turn to look whether a page has changed

	scenarioForms *semaphore.Weighted // room for forms with scenarios

	products func() []Product
	call     Caller
	calls    *semaphore.Weighted // room for calls of the explorer
}

// New returns a console.
func New(o Options) *Console {
	c := &Console{
		operator: o.Operator, metrics: o.Metrics, usage: o.Usage, log: o.Log,
		access:   newAccess(o.Token, o.CheckLocal),
		stopping: o.Stopping,
		mux:      http.NewServeMux(), templates: parseTemplates(),
		streams: semaphore.NewWeighted(maxStreams), watching: semaphore.NewWeighted(1),
		scenarioForms: semaphore.NewWeighted(maxScenarioForms),
		products:      o.Products, call: o.Call, calls: semaphore.NewWeighted(maxExplorerCalls),
	}
	c.routes()
	return c
}

// routes registers all pages.
func (c *Console) routes() {
	static, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // only a malformed path fails
	}
	assets := http.StripPrefix(Prefix+"/static", http.FileServerFS(static))
	c.mux.Handle("GET "+Prefix+"/static/", assets) // open to everybody: the sign-in page needs them
	c.mux.HandleFunc("GET "+Prefix+"/sign-in", c.showSignIn)
	c.mux.HandleFunc("POST "+Prefix+"/sign-in", c.signIn)
	c.mux.HandleFunc("POST "+Prefix+"/sign-out", c.signOut)

	c.page("", c.overview)
	c.page("/search", c.search)
	c.page("/contention", c.contention)
	c.page("/requests", c.requests)
	c.page("/requests/{id}", c.request)
	c.page("/explorer", c.explorer)
	c.mux.HandleFunc("POST "+Prefix+"/explorer", c.sendCall)
	c.ruleRoutes()
	c.accountRoutes()
	c.page("/accounts/{account}", c.account)
	c.page("/accounts/{account}/instances", c.instances)
	c.page("/accounts/{account}/interfaces", c.interfaces)
	c.page("/accounts/{account}/groups", c.groups)
	c.page("/accounts/{account}/vpcs/{id}", c.vpc)
	c.page("/accounts/{account}/vswitches/{id}", c.vSwitch)
	c.page("/accounts/{account}/instances/{id}", c.instance)
	c.page("/accounts/{account}/interfaces/{id}", c.networkInterface)
	c.page("/accounts/{account}/groups/{id}", c.group)
	c.mux.HandleFunc("GET "+Prefix+"/{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, Prefix, http.StatusSeeOther)
	})
	c.page("/{rest...}", func(*http.Request) (*page, error) {
		return nil, &refusal{http.StatusNotFound, "There is no such page. The search finds everything by its id."}
	})
}

// ServeHTTP answers one request.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range securityHeaders {
		w.Header().Set(name, value)
	}
	c.mux.ServeHTTP(w, r)
}

// securityHeaders are those of every answer. The pages need nothing but this server's own files.
var securityHeaders = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
		"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
	"X-Content-Type-Options":     "nosniff",
	"Referrer-Policy":            "no-referrer",
	"Cross-Origin-Opener-Policy": "same-origin",
	"Cache-Control":              "no-store",
}

// page is what a page shows.
type page struct {
	template string // its name
	title    string
	section  string // the entry of the navigation that it belongs to
	data     any
}

// show returns the content of a page for a request that may read it.
type show func(r *http.Request) (*page, error)

// page registers a page, and the stream that says when it has changed.
func (c *Console) page(path string, show show) {
	c.mux.HandleFunc("GET "+Prefix+path, func(w http.ResponseWriter, r *http.Request) {
		if !c.admit(w, r) {
			return
		}
		p, err := show(r)
		if to, ok := errors.AsType[*redirect](err); ok {
			http.Redirect(w, r, to.address, http.StatusSeeOther)
			return
		}
		if err != nil {
			c.fail(w, r, err)
			return
		}
		c.render(w, r, http.StatusOK, p)
	})
	if !strings.Contains(path, "...}") {
		c.mux.HandleFunc("GET "+Prefix+path+"/live", func(w http.ResponseWriter, r *http.Request) {
			if c.admit(w, r) {
				c.stream(w, r, show)
			}
		})
	}
}

// redirect is returned for a page that another one shows.
type redirect struct{ address string }

func (e *redirect) Error() string { return "see " + e.address }

// refusal is returned for a request that the console itself refuses.
type refusal struct {
	status int
	text   string
}

func (e *refusal) Error() string { return e.text }

// failure is what an error page shows.
type failure struct {
	Status     int
	StatusText string
	Text       string
	IsDatabase bool // the database does not answer
}

// fail answers with a page that says what is wrong. Errors that are neither the operator's nor of the
// public contract are logged in full.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // nobody reads the answer
	}
	var (
		refused *refusal
		wrong   *operator.Error
		f       = failure{Text: err.Error()}
	)
	switch {
	case errors.As(err, &refused):
		f.Status = refused.status
	case errors.As(err, &wrong) && wrong.Missing:
		f.Status = http.StatusNotFound
	case errors.As(err, &wrong):
		f.Status = http.StatusBadRequest
	default:
		shown, documented := service.APIError(err)
		f.Status, f.Text, f.IsDatabase = shown.Status, shown.Message, shown.Status == http.StatusServiceUnavailable
		if !documented || f.IsDatabase {
			c.log.ErrorContext(r.Context(), "a page of the console failed", "path", r.URL.Path, "error", err)
		}
	}
	f.StatusText = http.StatusText(f.Status)
	c.render(w, r, f.Status, &page{template: "error", title: f.StatusText, data: f})
}

// layout is what every page has.
type layout struct {
	Title, Section string
	Query          string // of the search
	Open           bool   // anybody on this machine may read
	SignedIn       bool
	FormToken      string
	Changes        bool   // the page has a part that changes
	Live           string // address of the stream that says so; "": it does not update itself
	Data           any
}

// render writes a page. It is rendered completely first, so a failure becomes an error and not half a
// page.
func (c *Console) render(w http.ResponseWriter, r *http.Request, status int, p *page) {
	body := new(bytes.Buffer)
	if err := c.templates[p.template].ExecuteTemplate(body, "layout", c.newLayout(r, p, status)); err != nil {
		c.log.ErrorContext(r.Context(), "a page of the console could not be rendered", "path", r.URL.Path, "error", err)
		http.Error(w, "the page could not be rendered; the server's log has the reason", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}

func (c *Console) newLayout(r *http.Request, p *page, status int) layout {
	l := layout{Title: p.title, Section: p.section, Query: r.URL.Query().Get("q"), Data: p.data}
	l.Open, l.SignedIn = c.access.token == "", c.access.isSignedIn(r)
	l.FormToken = c.access.formToken(r)
	l.Changes = c.templates[p.template].changes
	if status == http.StatusOK && l.Changes {
		l.Live = (&url.URL{Path: r.URL.Path + "/live", RawQuery: r.URL.RawQuery}).String()
	}
	return l
}

// pageTemplate is the template of a page.
type pageTemplate struct {
	*template.Template
	changes bool // it has a part that updates itself
}

// parseTemplates returns the template of each page, with the layout and the parts that pages share.
func parseTemplates() map[string]pageTemplate {
	shared := template.Must(template.New("").Funcs(functions).
		ParseFS(files, "templates/layout.html", "templates/parts.html"))
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		panic(err) // only a malformed pattern fails
	}
	all := map[string]pageTemplate{}
	for _, name := range names {
		base := strings.TrimSuffix(strings.TrimPrefix(name, "templates/"), ".html")
		if base == "layout" || base == "parts" {
			continue
		}
		t := template.Must(template.Must(shared.Clone()).ParseFS(files, name))
		all[base] = pageTemplate{t, !parse.IsEmptyTree(t.Lookup("live").Tree.Root)}
	}
	return all
}

// functions are those that templates call.
var functions = template.FuncMap{
	"count":    formatCount,
	"time":     formatTime,
	"href":     href,
	"deref":    func(s *string) string { return *s },
	"duration": formatDuration,
	"plural":   pluralize,
	"caller":   callerText,
	"sections": func(of string) []tab { return tabs[of] },
	"hot": func(caption, kind, of string, rows []hotRow) hotTable {
		return hotTable{caption, kind, of, rows}
	},
	"table": func(caption string, rows []eventRow) eventTable { return eventTable{caption, rows} },
}

// tab is a page that other pages of its section lead to.
type tab struct{ Path, Title string }

// Address returns the address of the page.
func (t tab) Address() string { return Prefix + t.Path }

// tabs are the pages of the sections that have several.
var tabs = map[string][]tab{
	rulesSection: {
		{"/faults", "Faults"}, {"/lifecycles", "Lifecycles"}, {"/throttles", "Throttles"}, {"/stock", "Stock"},
		{"/quotas", "Quotas"}, {"/clock", "Clock"},
	},
	worldsSection: {{"/scenarios", "Scenarios"}, {"/snapshots", "Snapshots"}},
}

// eventTable is a table of events.
type eventTable struct {
	Caption string
	Rows    []eventRow
}

// href returns the address of a page from the parts of its path.
func href(parts ...string) string {
	escaped := []string{Prefix}
	for _, part := range parts {
		escaped = append(escaped, url.PathEscape(part))
	}
	return strings.Join(escaped, "/")
}

// formatCount returns a number with separated thousands.
func formatCount(n any) string {
	digits := fmt.Sprint(n)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for k := len(digits) - 3; k > 0; k -= 3 {
		digits = digits[:k] + "," + digits[k:]
	}
	return sign + digits
}

// pluralize returns a number with a noun in the singular or plural.
func pluralize(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return formatCount(n) + " " + noun
}

// formatTime returns a time, or a pointer to one, in UTC.
func formatTime(at any) string {
	switch at := at.(type) {
	case time.Time:
		return at.UTC().Format("2006-01-02 15:04:05")
	case *time.Time:
		if at != nil {
			return formatTime(*at)
		}
	}
	return ""
}

// formatDuration returns a duration with three digits.
func formatDuration(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}
