package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"reflect"

	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
	"enisim.alt/store"
)

// accountsSuggested is the maximum number of accounts that a field for an account suggests.
const accountsSuggested = 50

// ruleKind is a kind of rules, with a page that lists, adds and removes them.
type ruleKind struct {
	kind   string // of the store
	path   string // of the page
	title  string
	intro  string
	verb   string       // on the button and the heading of the form
	form   reflect.Type // whose keys the form has
	add    func(ctx context.Context, fields []formField) error
	remove func(ctx context.Context, id, accountID string) error
	// removeAll removes the rules of an account, or with "*" those of every account.
	removeAll func(ctx context.Context, accountID string) error
}

// throttleOf is a throttle with its account, which is not a part of its own form.
type throttleOf struct {
	Account string `json:"account" description:"16 digits, or * for every account."`
	disturbance.Throttle
}

// ruleKinds returns all kinds of rules.
func ruleKinds(o *operator.Operator) []ruleKind {
	byID := func(remove func(context.Context, string) error) func(context.Context, string, string) error {
		return func(ctx context.Context, id, _ string) error { return remove(ctx, id) }
	}
	return []ruleKind{
		{
			store.KindFault, "/faults", "Faults",
			"A fault answers some calls in place of the action, delays them, or loses their answers.", "Add a fault",
			reflect.TypeFor[disturbance.Fault](), addRule(o.AddFault), byID(o.RemoveFault), o.RemoveFaults,
		},
		{
			store.KindLifecycle, "/lifecycles", "Lifecycles",
			"A lifecycle says how long a transition such as Attaching lasts, and whether it fails.", "Add a lifecycle",
			reflect.TypeFor[disturbance.Lifecycle](), addRule(o.AddLifecycle), byID(o.RemoveLifecycle),
			o.RemoveLifecycles,
		},
		{
			store.KindThrottle, "/throttles", "Throttles",
			"A throttle limits how often an account calls. A new one replaces that of the account.", "Set a throttle",
			reflect.TypeFor[throttleOf](),
			addRule(func(ctx context.Context, t throttleOf) (operator.Throttle, error) {
				return o.SetThrottle(ctx, t.Account, t.Throttle)
			}),
			func(ctx context.Context, _, accountID string) error { return o.ClearThrottle(ctx, accountID) },
			o.ClearThrottle,
		},
		{
			store.KindStock, "/stock", "Stock",
			"A stock rule lets instance types be sold out, in some zones or everywhere.", "Add a stock rule",
			reflect.TypeFor[disturbance.Stock](), addRule(o.AddStock), byID(o.RemoveStock), o.ResetStock,
		},
	}
}

// addRule returns the function that stores the rule which a form makes.
func addRule[Rule, View any](
	add func(context.Context, Rule) (View, error),
) func(context.Context, []formField) error {
	return func(ctx context.Context, fields []formField) error {
		var rule Rule
		if err := decodeForm(fields, &rule); err != nil {
			return &refusal{http.StatusBadRequest, err.Error()}
		}
		_, err := add(ctx, rule)
		return err
	}
}

// rulePage is what the page of a kind of rules shows.
type rulePage struct {
	Path, Title, Intro, Verb string
	Account                  string // whose rules are shown; "": of all accounts
	Suggested                []store.AccountUsage
	Done                     string // what the last form did
	Problem                  string // why it did nothing
	Fields                   []formField
	Rules                    []ruleRow
	RuleTotal                int
	FormToken                string
}

// rulesSection is the entry of the navigation for all pages of rules.
const rulesSection = "rules"

// ruleRoutes registers the pages of rules.
func (c *Console) ruleRoutes() {
	for _, kind := range ruleKinds(c.operator) {
		c.page(kind.path, func(r *http.Request) (*page, error) { return c.rules(r, kind, nil) })
		show := func(r *http.Request, problem error) (*page, error) { return c.rules(r, kind, problem) }
		add := func(r *http.Request) (string, error) {
			fields := formFields(kind.form, "")
			fill(fields, r.PostForm)
			return "added", kind.add(r.Context(), fields)
		}
		remove := func(r *http.Request) (string, error) {
			return "removed", kind.remove(r.Context(), r.PostForm.Get("id"), r.PostForm.Get("account"))
		}
		reset := func(r *http.Request) (string, error) {
			if err := confirmed(r); err != nil {
				return "", err
			}
			return "reset", kind.removeAll(r.Context(), r.PostForm.Get("account"))
		}
		c.action(changing{kind.path, kind.path, add, show})
		c.action(changing{kind.path + "/remove", kind.path, remove, show})
		c.action(changing{kind.path + "/reset", kind.path, reset, show})
	}
}

// rules shows the rules of a kind. problem is why a form was refused, whose input is kept.
func (c *Console) rules(r *http.Request, kind ruleKind, problem error) (*page, error) {
	d := rulePage{
		Path: kind.path, Title: kind.title, Intro: kind.intro, Verb: kind.verb,
		Account: r.URL.Query().Get("account"), Fields: formFields(kind.form, ""), FormToken: c.access.formToken(r),
	}
	found, err := c.operator.NewestRulesOf(r.Context(), kind.kind, d.Account, maxRulesShown)
	if err != nil {
		return nil, err
	}
	d.Rules, d.RuleTotal = ruleRows(found.Newest), found.Total
	if d.Suggested, err = c.suggestedAccounts(r.Context()); err != nil {
		return nil, err
	}
	if problem != nil {
		d.Problem = problem.Error()
		fill(d.Fields, r.PostForm)
		mark(d.Fields, d.Problem)
	} else {
		d.Done = doneText(r, kind.title)
		fill(d.Fields, url.Values{"account": {d.Account}})
	}
	return &page{template: "rules", title: kind.title, section: rulesSection, data: d}, nil
}

// suggestedAccounts returns some accounts, for the suggestions of a field.
func (c *Console) suggestedAccounts(ctx context.Context) ([]store.AccountUsage, error) {
	list, err := c.operator.PageOfAccounts(ctx, "", accountsSuggested)
	return list.Rows, err
}

// doneTexts are what the forms of pages have done, by the word that the address of the page has then.
var doneTexts = map[string]string{
	"added":    "Added. It applies to calls from now on; other servers follow within a second.",
	"removed":  "Removed. This server follows at once, others within a second.",
	"reset":    "All were removed. This server follows at once, others within a second.",
	"changed":  "Changed.",
	"saved":    "The snapshot is saved.",
	"restored": "The account is as the snapshot has it.",
	"deleted":  "The snapshot is deleted.",
	"emptied":  "The account is empty now.",
}

// doneText returns what the last form of a page has done, or "".
func doneText(r *http.Request, title string) string {
	if text := doneTexts[r.URL.Query().Get("done")]; text != "" {
		return title + ": " + text
	}
	return ""
}

// errNotConfirmed is returned for a form that changes much and whose box is not checked.
var errNotConfirmed = &refusal{
	http.StatusBadRequest,
	"Nothing was changed. Check the box beside the button too, because this cannot be undone.",
}

// confirmed returns an error unless the box of a form is checked.
func confirmed(r *http.Request) error {
	if r.PostForm.Get("sure") == "" {
		return errNotConfirmed
	}
	return nil
}

// changing is a form that changes something.
type changing struct {
	path string // of its action
	back string // of the page to go on with
	// do changes it, and returns a key of doneTexts.
	do func(r *http.Request) (done string, err error)
	// show returns the page of the form, with its input and why it was refused.
	show func(r *http.Request, problem error) (*page, error)
}

// action registers a form that changes something.
func (c *Console) action(f changing) {
	c.mux.HandleFunc("POST "+Prefix+f.path, func(w http.ResponseWriter, r *http.Request) {
		if c.admitWrite(w, r) {
			c.act(w, r, f)
		}
	})
}

// act runs a form that a caller may send. Then the browser is led to a page, so a reload changes nothing.
func (c *Console) act(w http.ResponseWriter, r *http.Request, f changing) {
	allowForLargeWorld(w)
	done, err := f.do(r)
	if err == nil {
		query := url.Values{"done": {done}}
		if account := r.URL.Query().Get("account"); account != "" {
			query.Set("account", account)
		}
		http.Redirect(w, r, Prefix+f.back+"?"+query.Encode(), http.StatusSeeOther)
		return
	}
	var wrong *operator.Error
	if !errors.As(err, new(*refusal)) && !errors.As(err, &wrong) {
		c.fail(w, r, err)
		return
	}
	p, failure := f.show(r, err)
	if failure != nil {
		c.fail(w, r, failure)
		return
	}
	status := http.StatusBadRequest
	if wrong != nil && wrong.Missing {
		status = http.StatusNotFound
	}
	c.render(w, r, status, p)
}
