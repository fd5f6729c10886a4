package changes

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"enisim.alt/cmd/enisim/history"
	"enisim.alt/service"
)

// endless is the end of a call that may take effect at any later time.
const endless = math.MaxInt64

// seconds returns a time of the history as text.
func seconds(d time.Duration) string { return fmt.Sprintf("%.6fs", d.Seconds()) }

// Contradiction is the evidence that changes of interfaces were answered wrongly: a claim that
// their answers break, and the calls that show it.
type Contradiction struct {
	Claim string
	Calls []*history.Change // in the order of their invokes
}

// maxShown is the maximum number of calls in a contradiction. The latest ones are shown.
const maxShown = 24

// newContradiction returns a contradiction of some calls.
func newContradiction(calls []*history.Change, claim string, args ...any) *Contradiction {
	calls = slices.Clone(calls)
	slices.SortFunc(calls, func(a, b *history.Change) int {
		return cmp.Or(cmp.Compare(a.Invoked, b.Invoked), cmp.Compare(a.ID, b.ID))
	})
	calls = slices.Compact(calls)
	return &Contradiction{fmt.Sprintf(claim, args...), calls[max(0, len(calls)-maxShown):]}
}

// Write writes the contradiction as text.
func (c *Contradiction) Write(out io.Writer) {
	fmt.Fprintf(out, "These answers contradict each other: %s\n\n", c.Claim)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  op\tline\tclient\tfrom\tto\tcall\tanswer")
	for _, o := range c.Calls {
		to := "-"
		if o.Outcome != history.Unknown {
			to = seconds(o.Ended)
		}
		fmt.Fprintf(table, "  %d\t%d\t%d\t%s\t%s\t%s\t%s\n", o.ID, o.Line, o.Client, seconds(o.Invoked), to,
			changeText(o), changeAnswerText(o))
	}
	table.Flush()
}

// changeText returns the request of a change as text.
func changeText(c *history.Change) string {
	words := []string{c.Action}
	if c.VSwitch != "" {
		words = append(words, "in "+c.VSwitch)
	}
	if c.Action != history.Create && c.Interface != "" {
		words = append(words, c.Interface)
	}
	words = append(words, c.Named...)
	if c.Count > 0 {
		words = append(words, fmt.Sprintf("%d more", c.Count))
	}
	if c.Token != "" {
		words = append(words, "token "+c.Token)
	}
	return strings.Join(words, " ")
}

// changeAnswerText returns the answer of a change as text.
func changeAnswerText(c *history.Change) string {
	switch {
	case c.Outcome == history.Fail:
		return c.Code
	case c.Outcome == history.Unknown:
		return strings.TrimSuffix("unknown, "+c.Error, ", ")
	case c.Action == history.Create:
		return c.Interface + " with " + strings.Join(c.Addresses, " ")
	case c.Action == history.Assign:
		return strings.Join(c.Addresses, " ")
	case c.Action == history.Describe:
		return fmt.Sprintf("%d interfaces", len(c.Found))
	}
	return "ok"
}

// The refusals that the model explains. Any other code is right at any moment, such as that of a
// conflict with another change of the same interface.
var (
	codeQuota        = service.MaxEniCountExceeded.Code
	codeNotEnough    = service.InvalidVSwitchIDIPNotEnough.Code
	codeTakenPrimary = service.InvalidPrivateIPDuplicated.Code // of a creation
	codeTaken        = service.InvalidIPAssigned.Code          // of an assignment
	codeUnassigned   = service.InvalidIPUnassigned.Code
	codeNoInterface  = service.InvalidEniIDNotFound.Code
	codeUsedUp       = service.IdempotentFailed.Code
	codeOtherRequest = service.IdempotentParameterMismatch.Code
)

// effect is a creation or an assignment that has an effect. All calls with one token are one effect.
type effect struct {
	calls     []*history.Change // those that are OK or of unknown outcome
	eni       string            // "" for a creation whose answer was lost for good
	vswitch   string
	addresses []string // that the interface gets; of an uncertain effect those that its call names
	count     int      // number of further addresses of an uncertain effect
	creates   bool
	uncertain bool // it may have no effect
	from, to  int64
}

// model is the changes of a history in the terms of the model.
type model struct {
	history   *history.History
	effects   []*effect
	creations map[string]*effect // by interface
	releases  map[string][]*history.Change
	refusals  []*history.Change
	lists     []*history.Change
	undecided error // the last interface or address whose events are too many to find an order
}

// Check checks the calls that create and delete interfaces and change their addresses. It returns nil
// if nothing contradicts itself, and an error if that is not certain.
func Check(h *history.History) (*Contradiction, error) {
	m := &model{history: h, creations: map[string]*effect{}, releases: map[string][]*history.Change{}}
	for _, step := range []func() *Contradiction{
		m.checkTokens, m.checkLists, m.checkInterfaces, m.checkAddresses, m.checkCounts,
	} {
		if c := step(); c != nil {
			return c, nil
		}
	}
	return nil, m.undecided
}

// until returns the end of a call; one of unknown outcome may take effect at any later time.
func until(c *history.Change) int64 {
	if c.Outcome == history.Unknown {
		return endless
	}
	return int64(c.Ended)
}

// tokenKey identifies a request: all calls with it are repeats.
type tokenKey struct{ action, token string }

// checkTokens groups the calls by their tokens, and checks that a token has one effect and one
// answer. It fills the model.
func (m *model) checkTokens() *Contradiction {
	groups := map[tokenKey][]*history.Change{}
	var order []tokenKey // of the first calls, so that the verdict does not depend on a map
	for k := range m.history.Changes {
		c := &m.history.Changes[k]
		switch {
		case c.Action == history.Describe && c.Outcome == history.OK:
			m.lists = append(m.lists, c)
		case c.Outcome == history.Fail:
			m.refusals = append(m.refusals, c)
		case c.Action == history.Delete, c.Action == history.Unassign:
			m.releases[c.Interface] = append(m.releases[c.Interface], c)
		}
		if c.Action != history.Create && c.Action != history.Assign {
			continue
		}
		key := tokenKey{c.Action, c.Token}
		if c.Token == "" {
			key.token = fmt.Sprint("\x00", c.ID)
		}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], c)
	}
	for _, key := range order {
		if c := checkToken(groups[key]); c != nil {
			return c
		}
		if c := m.addEffect(newEffect(groups[key])); c != nil {
			return c
		}
	}
	// An assignment takes addresses of the VSwitch in which its interface was created.
	for _, e := range m.effects {
		if !e.creates {
			e.vswitch = m.creations[e.eni].vswitch
		}
	}
	return nil
}

// addEffect adds an effect, which may be nil, to the model. No interface has two creations.
func (m *model) addEffect(e *effect) *Contradiction {
	if e == nil {
		return nil
	}
	m.effects = append(m.effects, e)
	if !e.creates || e.eni == "" {
		return nil
	}
	if first := m.creations[e.eni]; first != nil {
		return newContradiction(slices.Concat(first.calls, e.calls), "%s was created twice.", e.eni)
	}
	m.creations[e.eni] = e
	return nil
}

// checkToken checks the calls of one token: all have the same answer. A call that begins after an
// answer of 200 is not refused, because the token returns the first answer.
func checkToken(calls []*history.Change) *Contradiction {
	var first *history.Change // the OK that ended first
	for _, c := range calls {
		if c.Outcome == history.OK && (first == nil || c.Ended < first.Ended) {
			first = c
		}
	}
	for _, c := range calls {
		refused := c.Outcome == history.Fail
		switch {
		case c.Outcome == history.OK && (c.Interface != first.Interface || !slices.Equal(c.Addresses, first.Addresses)):
			return newContradiction([]*history.Change{first, c}, "token %s has two answers.", c.Token)
		case refused && c.Code == codeOtherRequest:
			return newContradiction(calls, "token %s is refused, as if it had come with another request.", c.Token)
		case refused && first != nil && c.Invoked > first.Ended && (isExplained(c) || c.Code == codeUsedUp):
			return newContradiction([]*history.Change{first, c}, "token %s was answered with 200, and was refused "+
				"afterwards.", c.Token)
		case refused && c.Code == codeUsedUp && !slices.ContainsFunc(calls, func(other *history.Change) bool {
			return other != c && other.Outcome != history.OK && other.Invoked <= c.Ended
		}):
			return newContradiction(calls, "token %s is refused as used up, and was not refused before.", c.Token)
		}
	}
	return nil
}

// isExplained reports whether the model knows when a refusal is right.
func isExplained(c *history.Change) bool {
	return slices.Contains([]string{codeQuota, codeNotEnough, codeTakenPrimary, codeTaken, codeUnassigned,
		codeNoInterface}, c.Code)
}

// newEffect returns the effect of the calls of one token. It returns nil if all were refused, or if one
// was and none is known to have an effect: the refusal has used up the token, so that the calls of
// unknown outcome have no effect, before or after.
func newEffect(calls []*history.Change) *effect {
	first := calls[0]
	e := &effect{vswitch: first.VSwitch, addresses: first.Named, count: first.Count,
		creates: first.Action == history.Create, uncertain: true, from: endless, to: endless}
	if !e.creates {
		e.eni = first.Interface
	}
	if e.creates && len(first.Named) == 0 {
		e.count = 1
	}
	for _, c := range calls {
		if c.Outcome == history.Fail {
			continue
		}
		e.calls = append(e.calls, c)
		e.from = min(e.from, int64(c.Invoked))
		if c.Outcome == history.OK {
			e.uncertain, e.eni, e.addresses, e.count = false, c.Interface, c.Addresses, 0
			e.to = min(e.to, int64(c.Ended))
		}
	}
	usedUp := slices.ContainsFunc(calls, func(c *history.Change) bool {
		return c.Token != "" && c.Outcome == history.Fail && (isExplained(c) || c.Code == codeUsedUp)
	})
	if len(e.calls) == 0 || e.uncertain && usedUp {
		return nil
	}
	return e
}

// checkLists compares the interfaces in the lists with the tokens that are their names. A creation
// whose answer was lost is certain if a list shows its interface.
func (m *model) checkLists() *Contradiction {
	created := map[string]*effect{}
	for _, e := range m.effects {
		if e.creates {
			created[e.calls[0].Token] = e
		}
	}
	refused := map[string]*history.Change{}
	for _, c := range m.refusals {
		if c.Action == history.Create {
			refused[c.Token] = c
		}
	}
	for _, list := range m.lists {
		for _, f := range list.Found {
			e, r := created[f.Token], refused[f.Token]
			switch {
			case f.Token == "" || e == nil && r == nil: // not of this history
			case e == nil:
				return newContradiction([]*history.Change{r, list}, "the creation with token %s was refused, and the "+
					"list has its interface %s.", f.Token, f.Interface)
			case e.uncertain && e.from <= int64(list.Ended) && m.creations[f.Interface] == nil:
				e.uncertain, e.eni, e.addresses, e.count, e.to = false, f.Interface, f.Addresses, 0, int64(list.Ended)
				e.calls = append(e.calls, list)
				m.creations[e.eni] = e
			case e.eni != f.Interface:
				return newContradiction(append(slices.Clone(e.calls), list), "token %s created %s, and the list has "+
					"another interface of this token, %s.", f.Token, e.eni, f.Interface)
			}
		}
	}
	return nil
}
