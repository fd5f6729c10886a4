package console

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
	"enisim.alt/store"
)

const (
	// maxScenarioForm is the maximum size of a form with a scenario. enisim scenario apply takes larger
	// ones.
	maxScenarioForm = 4 << 20
	// maxScenarioForms is the maximum number of such forms at a time.
	maxScenarioForms = 2
	// maxDifferences is the maximum number of differences that a page shows.
	maxDifferences = 500
	// maxSnapshotsShown is the maximum number of snapshots that a page shows.
	maxSnapshotsShown = 200
	// worldTimeout is the timeout of an answer that depends on a world of any size.
	worldTimeout = 15 * time.Minute
)

// worldsSection is the entry of the navigation for scenarios and snapshots.
const worldsSection = "worlds"

// accountPage is what the pages of an account's settings have in common.
type accountPage struct {
	Path, Title string
	Account     string         // as asked for; "": none is chosen
	View        *operator.View // nil: none is chosen, or there is none
	Suggested   []store.AccountUsage
	Done        string // what the last form did
	Problem     string // why it did nothing
	FormToken   string
}

// newAccountPage returns the data of a page for the account that a request asks for.
func (c *Console) newAccountPage(r *http.Request, path, title string, problem error) (accountPage, error) {
	d := accountPage{
		Path: path, Title: title, Account: strings.TrimSpace(r.URL.Query().Get("account")),
		FormToken: c.access.formToken(r),
	}
	var err error
	if d.Suggested, err = c.suggestedAccounts(r.Context()); err != nil {
		return d, err
	}
	if problem != nil {
		d.Problem = problem.Error()
	} else {
		d.Done = doneText(r, title)
	}
	if d.Account == "" {
		return d, nil
	}
	d.View, err = c.operator.View(r.Context(), d.Account)
	if problem != nil && errors.As(err, new(*operator.Error)) {
		err = nil // the page says what is wrong already
	}
	return d, err
}

// accountOf returns the account that the address of a form names.
func accountOf(r *http.Request) string { return strings.TrimSpace(r.URL.Query().Get("account")) }

// accountRoutes registers the pages of the settings and the worlds of accounts.
func (c *Console) accountRoutes() {
	type show = func(*http.Request, error) (*page, error)
	register := func(path string, show show, actions map[string]func(*http.Request) (string, error)) {
		c.page(path, func(r *http.Request) (*page, error) { return show(r, nil) })
		for of, do := range actions {
			c.action(changing{path + of, path, do, show})
		}
	}
	register("/quotas", c.quotas, map[string]func(*http.Request) (string, error){
		"": c.setQuotas, "/reset": c.resetQuotas,
	})
	register("/clock", c.clock, map[string]func(*http.Request) (string, error){"": c.changeClock})
	register("/snapshots", c.snapshots, map[string]func(*http.Request) (string, error){
		"/save":    c.saveSnapshot,
		"/restore": c.restoreSnapshot,
		"/delete":  c.deleteSnapshot,
	})
	register("/scenarios", c.scenarios, map[string]func(*http.Request) (string, error){"/empty": c.emptyAccount})
	c.mux.HandleFunc("POST "+Prefix+"/scenarios", c.useScenario)
	c.mux.HandleFunc("GET "+Prefix+"/scenarios/export", c.exportScenario)
}

// quotaPage is what the page of the quotas shows.
type quotaPage struct {
	accountPage
	Fields []formField
}

// quotas shows the quotas of an account.
func (c *Console) quotas(r *http.Request, problem error) (*page, error) {
	base, err := c.newAccountPage(r, "/quotas", "Quotas", problem)
	if err != nil {
		return nil, err
	}
	d := quotaPage{base, quotaFields()}
	switch {
	case problem != nil:
		fill(d.Fields, r.PostForm)
	case d.View != nil:
		fill(d.Fields, quotaValues(operator.Account{
			NetworkInterfacesPerRegion: d.View.NetworkInterfacesPerRegion, Quotas: d.View.Quotas,
		}.AllQuotas()))
	}
	return &page{template: "quotas", title: "Quotas", section: rulesSection, data: d}, nil
}

func quotaFields() []formField { return formFields(reflect.TypeFor[operator.Quotas](), "") }

// quotaValues returns quotas as the values of their form.
func quotaValues(q operator.Quotas) url.Values {
	values := url.Values{}
	set := map[string]int{}
	text, err := json.Marshal(q)
	if err == nil {
		err = json.Unmarshal(text, &set)
	}
	if err != nil {
		return values // does not happen: quotas are numbers
	}
	for name, value := range set {
		values.Set(name, strconv.Itoa(value))
	}
	return values
}

func (c *Console) setQuotas(r *http.Request) (string, error) {
	fields := quotaFields()
	fill(fields, r.PostForm)
	var quotas operator.Quotas
	if err := decodeForm(fields, &quotas); err != nil {
		return "", &refusal{http.StatusBadRequest, err.Error()}
	}
	_, err := c.operator.SetQuotas(r.Context(), accountOf(r), quotas)
	return "changed", err
}

func (c *Console) resetQuotas(r *http.Request) (string, error) {
	return "changed", c.operator.ResetQuotas(r.Context(), accountOf(r))
}

// clockPage is what the page of the clock shows.
type clockPage struct {
	accountPage
	Clock         disturbance.ClockState
	Advance, Rate string // the input
}

// clock shows the clock of an account.
func (c *Console) clock(r *http.Request, problem error) (*page, error) {
	base, err := c.newAccountPage(r, "/clock", "Clock", problem)
	if err != nil {
		return nil, err
	}
	d := clockPage{accountPage: base, Advance: r.PostForm.Get("advance"), Rate: r.PostForm.Get("rate")}
	if d.View != nil {
		if d.Clock, err = c.operator.Clock(r.Context(), d.View.ID); err != nil {
			return nil, err
		}
	}
	return &page{template: "clock", title: "Clock", section: rulesSection, data: d}, nil
}

// changeClock changes the clock of an account in the way that the button of the form names.
func (c *Console) changeClock(r *http.Request) (string, error) {
	var text string
	switch r.PostForm.Get("do") {
	case "freeze":
		text = `{"freeze": true}`
	case "resume":
		text = `{"freeze": false}`
	case "reset":
		text = `{"reset": true}`
	case "rate":
		rate := strings.TrimSpace(r.PostForm.Get("rate"))
		if _, err := strconv.ParseFloat(rate, 64); err != nil || !json.Valid([]byte(rate)) {
			return "", &refusal{http.StatusBadRequest, "rate is a number such as 10 or 0.5."}
		}
		text = `{"rate": ` + rate + `}`
	default:
		advance, err := json.Marshal(strings.TrimSpace(r.PostForm.Get("advance")))
		if err != nil {
			return "", err // does not happen: it is a text
		}
		text = `{"advance": ` + string(advance) + `}`
	}
	var change disturbance.ClockChange
	if err := disturbance.Decode([]byte(text), &change); err != nil {
		return "", &refusal{http.StatusBadRequest, err.Error()}
	}
	_, err := c.operator.ChangeClock(r.Context(), accountOf(r), change)
	return "changed", err
}

// snapshotPage is what the page of the snapshots shows.
type snapshotPage struct {
	accountPage
	Name      string // the input
	Snapshots []operator.Snapshot
	Total     int
}

// snapshots shows the snapshots of an account.
func (c *Console) snapshots(r *http.Request, problem error) (*page, error) {
	base, err := c.newAccountPage(r, "/snapshots", "Snapshots", problem)
	if err != nil {
		return nil, err
	}
	d := snapshotPage{accountPage: base, Name: r.PostForm.Get("name")}
	if d.View != nil {
		if d.Snapshots, err = c.operator.Snapshots(r.Context(), d.View.ID); err != nil {
			return nil, err
		}
		d.Total = len(d.Snapshots)
		d.Snapshots = d.Snapshots[:min(d.Total, maxSnapshotsShown)]
	}
	return &page{template: "snapshots", title: "Snapshots", section: worldsSection, data: d}, nil
}

func (c *Console) saveSnapshot(r *http.Request) (string, error) {
	_, err := c.operator.SaveSnapshot(r.Context(), accountOf(r), strings.TrimSpace(r.PostForm.Get("name")))
	return "saved", err
}

func (c *Console) restoreSnapshot(r *http.Request) (string, error) {
	if err := confirmed(r); err != nil {
		return "", err
	}
	_, err := c.operator.RestoreSnapshot(r.Context(), accountOf(r), r.PostForm.Get("name"))
	return "restored", err
}

func (c *Console) deleteSnapshot(r *http.Request) (string, error) {
	if err := confirmed(r); err != nil {
		return "", err
	}
	return "deleted", c.operator.DeleteSnapshot(r.Context(), accountOf(r), r.PostForm.Get("name"))
}

// scenarioPage is what the page of the scenarios shows.
type scenarioPage struct {
	accountPage
	Text        string // the input
	IsCompared  bool   // Differences are those between the world and the text
	Differences []operator.Difference
	Total       int
	Applied     *operator.Applied // what applying the text has changed
}

// scenarios shows the forms for scenarios.
func (c *Console) scenarios(r *http.Request, problem error) (*page, error) {
	return c.showScenario(r, scenarioPage{}, problem)
}

func (c *Console) showScenario(r *http.Request, d scenarioPage, problem error) (*page, error) {
	var err error
	if d.accountPage, err = c.newAccountPage(r, "/scenarios", "Scenarios", problem); err != nil {
		return nil, err
	}
	return &page{template: "scenarios", title: "Scenarios", section: worldsSection, data: d}, nil
}

func (c *Console) emptyAccount(r *http.Request) (string, error) {
	if err := confirmed(r); err != nil {
		return "", err
	}
	return "emptied", c.operator.ResetAccount(r.Context(), accountOf(r), nil)
}

// exportScenario answers with an account as a scenario, without its keys.
func (c *Console) exportScenario(w http.ResponseWriter, r *http.Request) {
	if !c.admit(w, r) {
		return
	}
	allowForLargeWorld(w)
	id := accountOf(r)
	text, err := c.operator.ExportAccountOverHTTP(r.Context(), id, false)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+id+`.yaml"`) // 16 digits
	_, _ = w.Write(text)
}

// allowForLargeWorld lets an answer take longer than the server's timeout. It fails only if the connection
// has no deadline.
func allowForLargeWorld(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(worldTimeout))
}

// useScenario compares a scenario with the world, or applies it. Its form is larger than others, so only
// some are read at a time.
func (c *Console) useScenario(w http.ResponseWriter, r *http.Request) {
	if !c.admit(w, r) {
		return
	}
	if !c.scenarioForms.TryAcquire(1) {
		w.Header().Set("Connection", "close") // the form is not read
		c.fail(w, r, &refusal{
			http.StatusServiceUnavailable,
			"Other scenarios are being read. Nothing was changed: go back and send yours again in a moment.",
		})
		return
	}
	defer c.scenarioForms.Release(1)
	if !c.readFormOf(w, r, maxScenarioForm) || !c.checkFormToken(w, r) {
		return
	}
	allowForLargeWorld(w)
	name, text, err := scenarioOf(r)
	if err != nil {
		c.fail(w, r, &refusal{http.StatusBadRequest, "The file could not be read. Nothing was changed: send it again."})
		return
	}
	d := scenarioPage{Text: text}
	file := operator.ScenarioFile{Name: name, Text: []byte(text), OverHTTP: true}
	if r.PostForm.Get("do") == "apply" {
		applied, failure := c.operator.ApplyScenario(r.Context(), file)
		d.Applied, err = &applied, failure
	} else {
		d.Differences, err = c.operator.DiffScenario(r.Context(), file)
		d.IsCompared, d.Total = true, len(d.Differences)
		d.Differences = d.Differences[:min(d.Total, maxDifferences)]
	}
	status := http.StatusOK
	if err != nil {
		if !errors.As(err, new(*operator.Error)) {
			c.fail(w, r, err)
			return
		}
		d.Applied, d.IsCompared, status = nil, false, http.StatusBadRequest
	}
	p, failure := c.showScenario(r, d, err)
	if failure != nil {
		c.fail(w, r, failure)
		return
	}
	c.render(w, r, status, p)
}

// scenarioOf returns the scenario of a form: its file if it has one, otherwise its text. A browser sends
// the lines of a text with carriage returns.
func scenarioOf(r *http.Request) (name, text string, err error) {
	text = strings.ReplaceAll(r.PostForm.Get("scenario"), "\r\n", "\n")
	file, header, err := r.FormFile("file")
	if err != nil || header.Size == 0 {
		return "scenario", text, nil // the form has no file
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	return "scenario", string(content), err
}
