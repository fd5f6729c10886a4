package disturbance

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"enisim.alt/service/match"
	"enisim.alt/testdata/contract"
)

// Fault disturbs some calls of an account: it answers them instead of the action, delays them, or
// loses or damages the answer. The action itself never knows of it.
type Fault struct {
	ID       string `json:"id,omitempty"`
	Account  string `json:"account" description:"16 digits, or * for every account."`
	Action   string `json:"action,omitempty" description:"Pattern of the action, such as Describe*. Without it, every action."`
	Resource string `json:"resource,omitempty" description:"Pattern of an id that the request names, such as eni-*. Without it, any request."`
	User     string `json:"user,omitempty" description:"Pattern of the RAM user. Without it, any caller."`
	Key      string `json:"key,omitempty" description:"Pattern of the access key's id. Without it, any key."`
	When     When   `json:"when,omitzero" description:"Which of the matching calls it strikes. Without it, all."`
	Do       Do     `json:"do" description:"What happens to a call that it strikes."`
	Silent   bool   `json:"silent,omitempty" description:"Whether the answer lacks the header X-Enisim-Fault."`
}

// When says which of the matching calls a fault strikes. The calls are counted from 1, over all
// servers. One of the fields up to Probability is set; none means all calls. Since and Until are of
// real time. A call outside of them does not count.
type When struct {
	Always      bool       `json:"always,omitempty" description:"Every matching call."`
	First       int        `json:"first,omitempty" counts:"calls" description:"The first n matching calls."`
	Every       int        `json:"every,omitempty" counts:"calls" description:"Each n-th matching call."`
	From        int        `json:"from,omitempty" counts:"calls" description:"From the k-th matching call on."`
	To          int        `json:"to,omitempty" counts:"calls" description:"Up to the m-th matching call. Without it, without end."`
	Probability *float64   `json:"probability,omitempty" description:"Each matching call with this probability, from 0 to 1."`
	Seed        int64      `json:"seed,omitempty" description:"Seed of the probability: the same seed strikes the same calls."`
	Since       *time.Time `json:"since,omitempty" description:"Calls before this time do not match."`
	Until       *time.Time `json:"until,omitempty" description:"Calls from this time on do not match."`
}

// Do says what a fault does. One of the fields up to Slow is set, and Delay may stand beside each.
type Do struct {
	Answer   string   `json:"answer,omitempty" description:"Before the action: answer this documented code, and do nothing else."`
	Lose     string   `json:"lose,omitempty" enum:"reset,silence,500,503" description:"After the commit: how the answer is lost."`
	Truncate *int     `json:"truncate,omitempty" description:"The answer's body ends after so many bytes, as if it were complete."`
	Cut      *int     `json:"cut,omitempty" description:"The connection ends after so many bytes of the answer's body."`
	Slow     Duration `json:"slow,omitempty" description:"How long the answer's body takes."`
	Delay    Duration `json:"delay,omitempty" description:"The call waits so long before the action."`
}

// The ways to lose an answer whose effect is committed.
const (
	LoseReset   = "reset"   // the connection is reset
	LoseSilence = "silence" // nothing is answered until the client gives up
	Lose500     = "500"     // InternalError
	Lose503     = "503"     // ServiceUnavailable
)

// MaxCallNumber is the maximum number of a call in When.
const MaxCallNumber = 1 << 40

// Bounds of a fault.
const (
	maxPatternLength = 128
	maxDelay         = 10 * time.Minute
	maxBodyBytes     = 1 << 30
)

// Check returns an error that says what is wrong with a fault and what was probably meant.
func (f Fault) Check() error {
	for _, pattern := range []struct{ key, text string }{
		{"action", f.Action}, {"resource", f.Resource}, {"user", f.User}, {"key", f.Key},
	} {
		if err := checkPattern(pattern.key, pattern.text); err != nil {
			return err
		}
	}
	if len(f.actions()) == 0 {
		return fmt.Errorf("action: there is no %q%s", f.Action, hint(f.Action, contract.Actions()))
	}
	if err := f.When.check(); err != nil {
		return err
	}
	return f.checkDo()
}

// checkPattern returns an error if a pattern of a rule is too long, or holds a NUL character, which
// neither a name nor the database has.
func checkPattern(key, text string) error {
	switch {
	case len(text) > maxPatternLength:
		return fmt.Errorf("%s is a pattern of at most %d bytes, got %d", key, maxPatternLength, len(text))
	case strings.ContainsRune(text, 0):
		return fmt.Errorf("%s holds a NUL character", key)
	}
	return nil
}

// hint returns a hint in brackets with the name that was probably meant, or "".
func hint(word string, names []string) string {
	if text := match.DidYouMean(word, names); text != "" {
		return " (" + text + ")"
	}
	return ""
}

// actions returns the names of the actions that the fault matches.
func (f Fault) actions() []string {
	return slices.DeleteFunc(contract.Actions(), func(name string) bool { return !matches(f.Action, name) })
}

// matches reports whether a text matches a pattern, of which "" matches everything. Case is ignored,
// because products spell some actions differently.
func matches(pattern, text string) bool {
	return pattern == "" || match.Wildcard(strings.ToLower(pattern), strings.ToLower(text))
}

func (w When) check() error {
	var given []string
	note := func(is bool, name string) {
		if is {
			given = append(given, name)
		}
	}
	note(w.Always, "always")
	note(w.First != 0, "first")
	note(w.Every != 0, "every")
	note(w.From != 0 || w.To != 0, "from and to")
	note(w.Probability != nil, "probability")
	switch {
	case len(given) > 1:
		return fmt.Errorf("when has %s: give one of them", strings.Join(given, ", "))
	case w.Probability != nil && !isProbability(*w.Probability):
		return fmt.Errorf("when.probability is a number from 0 to 1, got %v", *w.Probability)
	case w.Seed != 0 && w.Probability == nil:
		return fmt.Errorf("when.seed belongs to a probability, such as {\"probability\": 0.1, \"seed\": %d}", w.Seed)
	case w.From == 0 && w.To != 0:
		return fmt.Errorf("when.to needs from: give the first call too, such as {\"from\": 1, \"to\": %d}", w.To)
	case w.To != 0 && w.To < w.From:
		return fmt.Errorf("when.to is the last call, so it is not below from (%d), got %d", w.From, w.To)
	case w.Since != nil && w.Until != nil && !w.Until.After(*w.Since):
		return fmt.Errorf("when.until is after since, got %v and %v", *w.Until, *w.Since)
	}
	for _, n := range []struct {
		key   string
		value int
	}{{"first", w.First}, {"every", w.Every}, {"from", w.From}, {"to", w.To}} {
		if n.value < 0 || n.value > MaxCallNumber {
			return fmt.Errorf("when.%s is a number of calls, from 1 to %d, got %d", n.key, MaxCallNumber, n.value)
		}
	}
	return nil
}

// checkText returns an error for a fault that was read from a JSON text whose when has only a zero,
// such as {"first": 0}. Once it is read, it looks like one without when, which strikes every call.
func (f Fault) checkText(text []byte) error {
	var given struct{ When map[string]any }
	if f.When.selectsCalls() {
		return nil
	}
	if err := json.Unmarshal(text, &given); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(given.When)) {
		switch given.When[key] {
		case false:
			return fmt.Errorf("when.%s is true, or left out", key)
		case 0.0:
			if key != "seed" {
				return fmt.Errorf("when.%s is a number of calls, from 1 to %d, got 0", key, MaxCallNumber)
			}
		}
	}
	return nil
}

// selectsCalls reports whether one of the fields up to Probability is set.
func (w When) selectsCalls() bool {
	return w.Always || w.First != 0 || w.Every != 0 || w.From != 0 || w.To != 0 || w.Probability != nil
}

func (f Fault) checkDo() error {
	do := f.Do
	var given []string
	note := func(is bool, name string) {
		if is {
			given = append(given, name)
		}
	}
	note(do.Answer != "", "answer")
	note(do.Lose != "", "lose")
	note(do.Truncate != nil, "truncate")
	note(do.Cut != nil, "cut")
	note(do.Slow != 0, "slow")
	switch {
	case len(given) > 1:
		return fmt.Errorf("do has %s: give one of them, and a delay beside it if you like", strings.Join(given, ", "))
	case len(given) == 0 && do.Delay == 0:
		return fmt.Errorf("do is what happens to the call: give one of answer, delay, lose, truncate, cut, slow")
	case do.Answer != "" && !slices.Contains(f.codes(), do.Answer):
		return fmt.Errorf("do.answer: %q is no documented code of %s%s; docs/documented-errors.md has them",
			do.Answer, f.actionText(), hint(do.Answer, f.codes()))
	case do.Lose != "" && !slices.Contains([]string{LoseReset, LoseSilence, Lose500, Lose503}, do.Lose):
		return fmt.Errorf("do.lose is reset, silence, 500 or 503, got %q%s", do.Lose,
			hint(do.Lose, []string{LoseReset, LoseSilence}))
	}
	for _, n := range []struct {
		key   string
		value *int
	}{{"truncate", do.Truncate}, {"cut", do.Cut}} {
		if n.value != nil && (*n.value < 0 || *n.value > maxBodyBytes) {
			return fmt.Errorf("do.%s is a number of bytes, from 0 to %d, got %d", n.key, maxBodyBytes, *n.value)
		}
	}
	for _, d := range []struct {
		key   string
		value Duration
	}{{"delay", do.Delay}, {"slow", do.Slow}} {
		if d.value < 0 || time.Duration(d.value) > maxDelay {
			return fmt.Errorf("do.%s is a duration of at most %v, got %v", d.key, maxDelay, d.value)
		}
	}
	return nil
}

func (f Fault) actionText() string {
	if f.Action == "" {
		return "any action"
	}
	return f.Action
}

// codes returns the documented codes of the actions that the fault matches.
func (f Fault) codes() []string {
	var codes []string
	for _, action := range append(f.actions(), contract.Gateway) {
		for _, e := range contract.Errors(action) {
			codes = append(codes, e.Code)
		}
	}
	return codes
}

// Error returns what the fault answers to a call of an action.
func (f Fault) Error(action string) contract.Error {
	for _, name := range append([]string{action, contract.Gateway}, f.actions()...) {
		for _, e := range contract.Errors(name) {
			if e.Code == f.Do.Answer {
				e.Message = fillBlanks.Replace(e.Message)
				return e
			}
		}
	}
	return contract.Error{Status: 500, Code: f.Do.Answer} // a code that an older version documented
}

// fillBlanks fills the blanks of a documented message.
var fillBlanks = strings.NewReplacer("%s", "fault", "%d", "0", "%v", "fault", "%%", "%")

// Call is what a fault may match of a request.
type Call struct {
	Action      string
	Resources   []string // ids that the request names
	RAMUser     string
	AccessKeyID string
}

// Matches reports whether the fault matches a call at a time.
func (f Fault) Matches(call Call, now time.Time) bool {
	isOf := func(id string) bool { return matches(f.Resource, id) }
	return matches(f.Action, call.Action) && matches(f.User, call.RAMUser) && matches(f.Key, call.AccessKeyID) &&
		(f.Resource == "" || slices.ContainsFunc(call.Resources, isOf)) && f.When.includes(now)
}

func (w When) includes(now time.Time) bool {
	return (w.Since == nil || !now.Before(*w.Since)) && (w.Until == nil || now.Before(*w.Until))
}

// Strikes reports whether a fault strikes the n-th of the calls that it matches, from 1.
func (w When) Strikes(n int64) bool {
	switch {
	case w.First > 0:
		return n <= int64(w.First)
	case w.Every > 0:
		return n%int64(w.Every) == 0
	case w.From > 0:
		return n >= int64(w.From) && (w.To == 0 || n <= int64(w.To))
	case w.Probability != nil:
		return Draw(w.Seed, n) < *w.Probability
	}
	return true
}
