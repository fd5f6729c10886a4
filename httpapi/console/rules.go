package console

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
)

// maxRulesShown is the maximum number of rules in the list of a page.
const maxRulesShown = 50

// ruleRow is a rule as a table shows it.
type ruleRow struct {
	Kind, ID, Account string
	AllAccounts       bool
	Touches           string // the calls, transitions or creations
	When, Does        string
	Matched, Struck   int64
	Since             time.Time
}

// ruleRows returns rules as a table shows them.
func ruleRows(rules []operator.Rule) []ruleRow {
	rows := make([]ruleRow, 0, len(rules))
	for _, r := range rules {
		row := newRuleRow(r)
		row.AllAccounts = row.Account == disturbance.AllAccounts
		rows = append(rows, row)
	}
	return rows
}

func newRuleRow(r operator.Rule) ruleRow {
	switch {
	case r.Fault != nil:
		f := r.Fault
		return ruleRow{
			Kind: "fault", ID: f.ID, Account: f.Account,
			Touches: listing("", "calls of "+orAny(f.Action, "any action"), prefixed("naming ", f.Resource),
				prefixed("by user ", f.User), prefixed("by key ", f.Key)),
			When: orAny(words(f.When), "every call"), Does: words(f.Do),
			Matched: f.Matched, Struck: f.Struck, Since: f.CreatedAt,
		}
	case r.Lifecycle != nil:
		l := r.Lifecycle
		return ruleRow{
			Kind: "lifecycle", ID: l.ID, Account: l.Account,
			Touches: listing("", l.Transition, prefixed("by ", l.Action), prefixed("of ", l.Resource)),
			When:    "each transition",
			Does:    listing("; ", prefixed("lasts ", words(l.Lasts)), prefixed("falls back: ", words(l.Fails))),
			Since:   l.CreatedAt,
		}
	case r.Throttle != nil:
		return newThrottleRow(*r.Throttle)
	}
	s := r.Stock
	row := ruleRow{
		Kind: "stock", ID: s.ID, Account: s.Account,
		Touches: listing("", "creations of "+orAny(s.InstanceType, "any type"), prefixed("in ", s.Zone),
			prefixed("in ", s.Region)),
		When: "when none is left", Does: "answers " + orAny(s.Answer, disturbance.AnswerNoStock), Struck: s.Taken,
		Since: s.CreatedAt,
	}
	if s.Left != nil {
		row.When = "after " + strconv.Itoa(*s.Left) + " more"
	}
	return row
}

func newThrottleRow(t operator.Throttle) ruleRow {
	var limits []string
	const maxLimitsShown = 4
	for _, l := range t.Limits {
		if len(limits) == maxLimitsShown {
			limits = append(limits, "…")
			break
		}
		limits = append(limits, orAny(l.Action, "any action")+" "+strconv.FormatFloat(l.PerSecond, 'g', -1, 64)+"/s")
	}
	return ruleRow{
		Kind: "throttle", ID: t.ID, Account: t.Account,
		Touches: listing(", ", append([]string{prefixed("preset ", t.Preset)}, limits...)...),
		When:    "when a bucket is empty", Does: "refuses the call", Matched: t.Matched, Struck: t.Struck,
		Since: t.CreatedAt,
	}
}

// listing joins the texts that are not empty; a separator of "" stands for a space.
func listing(separator string, texts ...string) string {
	if separator == "" {
		separator = " "
	}
	var all []string
	for _, text := range texts {
		if text != "" {
			all = append(all, text)
		}
	}
	return strings.Join(all, separator)
}

// prefixed returns a text behind a prefix, or "" without a text.
func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

func orAny(text, whenEmpty string) string {
	if text == "" {
		return whenEmpty
	}
	return text
}

// words returns a part of a rule as its JSON without the outer braces and the quotes: the words with
// which it was set.
func words(part any) string {
	text, err := json.Marshal(part)
	if err != nil {
		return "?" // every part of a rule can be encoded
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(string(text), "{"), "}")
	return strings.NewReplacer(`"`, "", ",", ", ", ":", " ").Replace(inner)
}
