package console

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"enisim.alt/service/operator"
	"enisim.alt/store"
)

const (
	// maxExplorerCalls is the maximum number of calls of the explorer at a time, because a fault may hold
	// their answers back.
	maxExplorerCalls = 16
	// CallTimeout is how long the explorer waits for an answer.
	CallTimeout = 20 * time.Second
	// maxAnswerShown is the number of bytes that a page shows of an answer.
	maxAnswerShown = 256 << 10
	// keysOffered is the maximum number of keys of an account that the explorer offers.
	keysOffered = 50
)

// linesField is a field for a list, with an item on each line.
const linesField = "lines"

// Product is a product with its actions.
type Product struct {
	Title   string
	Version string // of every request
	Actions []Action
}

// Action is an action of the cloud API.
type Action struct {
	Name       string
	Parameters []Parameter
}

// Parameter is a parameter of an action, as a request names it: Tag.1.Key.
type Parameter struct {
	Name     string
	Demands  string // in words
	Required bool
	Accepted []string // nil: any value
	IsMany   bool     // a list, of which Name.1 is the first item
}

// Call is a call of the cloud API.
type Call struct {
	AccountID   string
	AccessKeyID string // of that account
	Version     string
	Action      string
	Parameters  url.Values
	From        *http.Request // of the browser
}

// Answer is the answer of a call. JSON and XML are two forms of the same one.
type Answer struct {
	RequestID string
	Status    int    // 0: there was none
	Code      string // of an error
	JSON, XML string // indented
	Received  string // in place of both, if it differs from what was answered
	Fault     string // the id of the fault that has touched it, unless that is silent
	Took      time.Duration
}

// IsLost reports whether there was no answer.
func (a Answer) IsLost() bool { return a.Status == 0 }

// Caller makes calls as if they came from a client. An error says why there is no call.
type Caller func(ctx context.Context, call Call) (Answer, error)

// explorerPage is what the page of the explorer shows.
type explorerPage struct {
	Account, Action string
	Suggested       []store.AccountUsage
	Products        []Product
	Problem, Done   string
	FormToken       string

	Version            string // of the action; "": none is chosen
	Keys               []operator.AccessKey
	Key                string
	Required, Optional []formField
	Others             string // further parameters, a line each

	Answer *Answer
	Line   string // the command that does the same
}

// OpenOptional reports whether an optional parameter has a value.
func (d *explorerPage) OpenOptional() bool {
	return d.Others != "" || slices.ContainsFunc(d.Optional, formField.IsSet)
}

// explorer shows the forms of the explorer, with the input of a form that was sent.
func (c *Console) explorer(r *http.Request) (*page, error) {
	d, err := c.newExplorerPage(r)
	return &page{template: "explorer", title: "Explorer", section: "explorer", data: d}, err
}

func (c *Console) newExplorerPage(r *http.Request) (*explorerPage, error) {
	d := &explorerPage{
		Account: accountOf(r), Action: r.URL.Query().Get("action"), Products: c.products(),
		FormToken: c.access.formToken(r),
	}
	var err error
	if d.Suggested, err = c.suggestedAccounts(r.Context()); err != nil {
		return nil, err
	}
	if d.Account == "" && len(d.Suggested) > 0 {
		d.Account = d.Suggested[0].ID
	}
	version, action, found := c.findAction(d.Action)
	switch {
	case !found && d.Action != "":
		return nil, &refusal{http.StatusNotFound, "There is no such action. The list on the explorer's page has all."}
	case !found || d.Account == "":
		return d, nil
	}
	v, err := c.operator.View(r.Context(), d.Account)
	if err != nil {
		return nil, err
	}
	if d.Keys, err = c.operator.UsableAccessKeys(r.Context(), v.ID, keysOffered); err != nil {
		return nil, err
	}
	d.Version, d.Key, d.Others = version, r.PostForm.Get("key"), r.PostForm.Get("others")
	form := r.PostForm
	if form == nil {
		form = url.Values{parameterPrefix + "RegionId": {regionOf(r.Context(), v)}}
	}
	fields := parameterInputs(action)
	fill(fields, form)
	for _, f := range fields {
		if f.Required || f.Name == parameterPrefix+"RegionId" {
			d.Required = append(d.Required, f)
		} else {
			d.Optional = append(d.Optional, f)
		}
	}
	return d, nil
}

// regionOf returns the region of a VPC of an account, or that of the quick start.
func regionOf(ctx context.Context, v *operator.View) string {
	vpcs, err := v.VPCs(ctx, 0, 1)
	if err != nil || len(vpcs.Rows) == 0 {
		return "cn-hangzhou"
	}
	return vpcs.Rows[0].RegionID
}

// findAction returns an action by its product and name: Ecs:DescribeInstances.
func (c *Console) findAction(name string) (version string, _ Action, found bool) {
	title, name, _ := strings.Cut(name, ":")
	for _, p := range c.products() {
		for _, a := range p.Actions {
			if p.Title == title && a.Name == name {
				return p.Version, a, true
			}
		}
	}
	return "", Action{}, false
}

// parameterPrefix separates the parameters of an action from the other fields of the form.
const parameterPrefix = "p."

// parameterInputs returns the inputs for the parameters of an action.
func parameterInputs(a Action) []formField {
	fields := make([]formField, 0, len(a.Parameters))
	for _, p := range a.Parameters {
		f := formField{
			Name: parameterPrefix + p.Name, Label: p.Name, Kind: textField, Options: p.Accepted,
			Hint:     strings.Replace(p.Demands, "; required", "", 1), // the label says so
			Required: p.Required && !p.IsMany,
		}
		switch {
		case p.IsMany:
			f.Kind, f.Hint = linesField, p.Demands+"; one on each line"
		case p.Accepted != nil:
			f.Kind = selectField
		}
		fields = append(fields, f)
	}
	return fields
}

// sendCall sends the action that the form of the explorer makes, and shows the answer.
func (c *Console) sendCall(w http.ResponseWriter, r *http.Request) {
	if !c.admitWrite(w, r) {
		return
	}
	d, err := c.newExplorerPage(r)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	status := http.StatusOK
	parameters, problem := d.parameters()
	_, name, _ := strings.Cut(d.Action, ":")
	call := Call{
		AccountID: d.Account, AccessKeyID: d.Key, Version: d.Version, Action: name, Parameters: parameters, From: r,
	}
	switch {
	case d.Version == "":
		d.Problem = "Choose an action first."
	case problem != "":
		d.Problem = problem
	case d.Key == "":
		d.Problem = "Choose an access key of the account."
	case !c.calls.TryAcquire(1):
		d.Problem = "Too many calls of explorers wait for their answers. Send it again in a moment."
	default:
		defer c.calls.Release(1)
		answer, failure := c.call(r.Context(), call)
		if failure != nil {
			d.Problem = failure.Error()
			break
		}
		answer.JSON, answer.XML = shorten(answer.JSON), shorten(answer.XML)
		answer.Received = shorten(answer.Received)
		d.Answer, d.Line = &answer, callLine(r, call)
	}
	if d.Problem != "" {
		status = http.StatusBadRequest
	}
	c.render(w, r, status, &page{template: "explorer", title: "Explorer", section: "explorer", data: d})
}

// chosenParameters are the parameters of each call that the explorer sets by itself.
var chosenParameters = []string{"Action", "Version", "Format", "AccessKeyId", "Signature", "SecurityToken"}

// parameters returns the parameters that the form has, or what is wrong with them.
func (d *explorerPage) parameters() (all url.Values, problem string) {
	all = url.Values{}
	for _, f := range slices.Concat(d.Required, d.Optional) {
		name := strings.TrimPrefix(f.Name, parameterPrefix)
		switch {
		case f.Value == "":
		case f.Kind != linesField:
			all.Set(name, f.Value)
		default:
			for k, line := range strings.Split(f.Value, "\n") {
				all.Set(name+"."+strconv.Itoa(k+1), strings.TrimSpace(line))
			}
		}
	}
	for line := range strings.SplitSeq(strings.ReplaceAll(d.Others, "\r\n", "\n"), "\n") {
		name, value, ok := strings.Cut(line, "=")
		switch name = strings.TrimSpace(name); {
		case strings.TrimSpace(line) == "":
		case !ok || name == "":
			return nil, "Other parameters are lines of the form Name=value, and " + line + " is none."
		case slices.Contains(chosenParameters, name):
			return nil, name + " is chosen above."
		default:
			all.Set(name, value)
		}
	}
	return all, ""
}

// plainWord is a word that a shell takes as it is.
var plainWord = regexp.MustCompile(`^[a-zA-Z0-9_./:@%+,-]+$`)

// quoteShell returns a word as a shell needs it.
func quoteShell(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// callLine returns the command that makes a call. It never has the secret of the key.
func callLine(r *http.Request, call Call) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	words := []string{
		"enisim", "call", quoteShell(call.Action), "--endpoint", quoteShell(scheme + "://" + r.Host),
		"--access-key-id", quoteShell(call.AccessKeyID), "--Version", quoteShell(call.Version),
	}
	names := make([]string, 0, len(call.Parameters))
	for name := range call.Parameters {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		words = append(words, quoteShell("--"+name)+"="+quoteShell(call.Parameters.Get(name)))
	}
	return strings.Join(words, " ")
}

// shorten returns an answer as a page shows it.
func shorten(text string) string {
	if len(text) <= maxAnswerShown {
		return text
	}
	return strings.ToValidUTF8(text[:maxAnswerShown], "") + "\n… (the page shows the first 256 KiB)"
}
