package disturbance

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"enisim.alt/service/match"
)

// The transitions of resources, by the transient status.
const (
	Attaching = "Attaching" // an interface or a disk, to InUse
	Detaching = "Detaching" // an interface or a disk, to Available
	Deleting  = "Deleting"  // an interface, to gone
	Pending   = "Pending"   // a VPC, a VSwitch or an instance, to Available, Starting or Stopped
	Starting  = "Starting"  // an instance, to Running
	Stopping  = "Stopping"  // an instance, to Stopped

	Associating   = "Associating"   // an EIP, to InUse
	Unassociating = "Unassociating" // an EIP, to Available
	Creating      = "Creating"      // a disk, to Available
)

// Transitions are the transitions that a lifecycle may be for.
var Transitions = []string{
	Attaching, Detaching, Deleting, Pending, Starting, Stopping, Associating, Unassociating,
	Creating,
}

// beginners are the actions that begin a transition.
var beginners = map[string][]string{
	Attaching: {"AttachNetworkInterface", "AttachDisk", "RunInstances"},
	Detaching: {"DetachNetworkInterface", "DetachDisk"},
	Deleting:  {"DeleteNetworkInterface", "DeleteInstance"},
	Pending:   {"RunInstances", "CreateInstance", "CreateVpc", "CreateVSwitch"},
	Starting:  {"RunInstances", "StartInstance", "RebootInstance"},
	Stopping:  {"StopInstance"},

	Associating:   {"AssociateEipAddress"},
	Unassociating: {"UnassociateEipAddress"},
	Creating:      {"CreateDisk"},
}

// failures are the statuses to which a transition that fails falls back.
var failures = map[string]string{Attaching: "Available", Starting: "Stopped"}

// Lifecycle says how long a transition of an account's resources lasts, and whether it fails. That is
// decided when the transition begins.
type Lifecycle struct {
	ID         string `json:"id,omitempty"`
	Account    string `json:"account" description:"16 digits, or * for every account."`
	Transition string `json:"transition" enum:"Attaching,Detaching,Deleting,Pending,Starting,Stopping,Associating,Unassociating,Creating" description:"The transient status."`
	Action     string `json:"action,omitempty" description:"Pattern of the action that begins it. Without it, any action."`
	Resource   string `json:"resource,omitempty" description:"Pattern of the id of the resource, such as eni-*. Without it, any resource."`
	Lasts      Lasts  `json:"lasts,omitzero" description:"How long it lasts. Without it, as the server's flags say."`
	Fails      Fails  `json:"fails,omitzero" description:"Which ones fall back. Without it, none."`
}

// Lasts is how long a transition lasts. One of the fields up to Never is set; none means as long as the
// server's flags say.
type Lasts struct {
	Fixed      *Duration  `json:"fixed,omitempty" description:"Always so long."`
	Uniform    []Duration `json:"uniform,omitempty" description:"The shortest and the longest."`
	Triangular []Duration `json:"triangular,omitempty" description:"The shortest, the most frequent and the longest."`
	LogNormal  LogNormal  `json:"lognormal,omitzero" description:"Most near a median, and a few much longer."`
	Never      bool       `json:"never,omitempty" description:"It does not end, until it is released."`
	Seed       int64      `json:"seed,omitempty" description:"Seed of a distribution: the same seed gives the same durations."`
}

// LogNormal is a log-normal distribution, by two of its quantiles.
type LogNormal struct {
	Median Duration `json:"median" description:"Half of them last so long or less."`
	P99    Duration `json:"p99" description:"99 % of them last so long or less."`
}

// Fails says which transitions fall back. The zero value means none.
type Fails struct {
	Probability *float64 `json:"probability,omitempty" description:"Each with this probability, from 0 to 1."`
	Seed        int64    `json:"seed,omitempty" description:"Seed of the probability: the same seed fails the same ones."`
}

// maxLasts is the longest transition that ends.
const maxLasts = 8760 * time.Hour

// Check returns an error that says what is wrong with a lifecycle and what was probably meant.
func (l Lifecycle) Check() error {
	if !slices.Contains(Transitions, l.Transition) {
		return l.checkTransition()
	}
	for _, pattern := range []struct{ key, text string }{{"action", l.Action}, {"resource", l.Resource}} {
		if err := checkPattern(pattern.key, pattern.text); err != nil {
			return err
		}
	}
	begin := beginners[l.Transition]
	if !slices.ContainsFunc(begin, func(name string) bool { return matches(l.Action, name) }) {
		return fmt.Errorf("action: %q does not begin %s%s: give %s, or leave action out", l.Action, l.Transition,
			hint(l.Action, begin), strings.Join(begin, " or "))
	}
	if l.Lasts.isZero() && l.Fails == (Fails{}) {
		return fmt.Errorf("give lasts, such as {\"fixed\": \"5s\"}, or fails, such as {\"probability\": 0.1}, or both")
	}
	if err := l.Lasts.check(); err != nil {
		return err
	}
	return l.checkFails()
}

func (l Lifecycle) checkTransition() error {
	names := strings.Join(Transitions, ", ")
	if l.Transition == "" {
		return fmt.Errorf("transition is required: one of %s", names)
	}
	if text := match.DidYouMean(l.Transition, Transitions); text != "" {
		return fmt.Errorf("transition: there is no %q (%s)", l.Transition, text)
	}
	return fmt.Errorf("transition: there is no %q; the transitions are %s", l.Transition, names)
}

func (l Lasts) check() error {
	var given []string
	note := func(is bool, name string) {
		if is {
			given = append(given, name)
		}
	}
	note(l.Fixed != nil, "fixed")
	note(l.Uniform != nil, "uniform")
	note(l.Triangular != nil, "triangular")
	note(l.LogNormal != (LogNormal{}), "lognormal")
	note(l.Never, "never")
	switch {
	case l.isZero():
		return nil
	case len(given) == 0:
		return fmt.Errorf("lasts is how long it lasts: give one of fixed, uniform, triangular, lognormal, never")
	case len(given) > 1:
		return fmt.Errorf("lasts has %s: give one of them", strings.Join(given, ", "))
	case l.Seed != 0 && !l.IsRandom():
		return fmt.Errorf("lasts.seed belongs to a distribution, and %s is none", given[0])
	case l.Uniform != nil && len(l.Uniform) != 2:
		return fmt.Errorf("lasts.uniform is the shortest and the longest, such as [\"1s\", \"9s\"], got %d durations",
			len(l.Uniform))
	case l.Triangular != nil && len(l.Triangular) != 3:
		return fmt.Errorf("lasts.triangular is the shortest, the most frequent and the longest, such as "+
			"[\"1s\", \"2s\", \"9s\"], got %d durations", len(l.Triangular))
	}
	for _, list := range []struct {
		key   string
		value []Duration
	}{{"uniform", l.Uniform}, {"triangular", l.Triangular}} {
		if !slices.IsSorted(list.value) {
			return fmt.Errorf("lasts.%s goes from the shortest to the longest, got %v", list.key, list.value)
		}
	}
	if d := l.LogNormal; d != (LogNormal{}) && (d.Median <= 0 || d.P99 < d.Median) {
		return fmt.Errorf("lasts.lognormal has a median above 0 and a p99 that is not below it, got %v and %v",
			d.Median, d.P99)
	}
	for _, d := range l.durations() {
		if d < 0 || time.Duration(d) > maxLasts {
			return fmt.Errorf("lasts.%s: a duration is from 0s to %v, got %v; {\"never\": true} does not end",
				given[0], maxLasts, d)
		}
	}
	return nil
}

// durations returns all durations that are given.
func (l Lasts) durations() []Duration {
	all := slices.Concat(l.Uniform, l.Triangular)
	if l.Fixed != nil {
		all = append(all, *l.Fixed)
	}
	return append(all, l.LogNormal.Median, l.LogNormal.P99)
}

func (l Lifecycle) checkFails() error {
	if l.Fails == (Fails{}) {
		return nil
	}
	switch p := l.Fails.Probability; {
	case failures[l.Transition] == "":
		return fmt.Errorf("fails: only Attaching falls back, to Available, and Starting, to Stopped; %s does not",
			l.Transition)
	case p == nil:
		return fmt.Errorf("fails needs a probability, such as {\"probability\": 0.1, \"seed\": 7}")
	case !isProbability(*p):
		return fmt.Errorf("fails.probability is a number from 0 to 1, got %v", *p)
	case l.Lasts.Never:
		return fmt.Errorf("fails: a transition that never ends does not fail either: remove one of the two")
	}
	return nil
}

// IsRandom reports whether the durations are drawn.
func (l Lasts) IsRandom() bool {
	return l.Uniform != nil || l.Triangular != nil || l.LogNormal != (LogNormal{})
}

func (l Lasts) isZero() bool {
	return l.Fixed == nil && l.Uniform == nil && l.Triangular == nil && l.LogNormal == (LogNormal{}) && !l.Never &&
		l.Seed == 0
}

// IsRandom reports whether the failures are drawn.
func (f Fails) IsRandom() bool {
	return f.Probability != nil && *f.Probability > 0 && *f.Probability < 1
}

// IsRandom reports whether a lifecycle needs the number of a call to decide.
func (l Lifecycle) IsRandom() bool {
	return l.Lasts.IsRandom() || l.Fails.IsRandom()
}

// Course is how a transition goes, as a lifecycle decides it.
type Course struct {
	Lasts *time.Duration // nil: as long as the server's flags say
	Never bool           // it does not end
	Fails bool           // it falls back in the end
}

// Decide decides the k-th transition, from 0, that the n-th call begins. Calls are numbered from 1, and
// only the numbers matter: they give the same course whenever and wherever it is decided.
func (l Lifecycle) Decide(n int64, k int) Course {
	// The length and the failure of a call are independent, even if their seeds are the same.
	c := Course{Lasts: l.Lasts.quantile(drawOf(l.Lasts.Seed, -n, k)), Never: l.Lasts.Never}
	if p := l.Fails.Probability; p != nil {
		c.Fails = drawOf(l.Fails.Seed, n, k) < *p
	}
	return c
}

// drawOf is Draw for the k-th transition of the n-th call.
func drawOf(seed, n int64, k int) float64 {
	if k == 0 {
		return Draw(seed, n)
	}
	return Draw(int64(mix(mix(uint64(seed))^uint64(n))), int64(k))
}

// quantile returns the duration below which a share u of all durations is, or nil for one that never
// ends. It has the precision of the database.
func (l Lasts) quantile(u float64) *time.Duration {
	var d float64
	switch {
	case l.Fixed != nil:
		d = float64(*l.Fixed)
	case l.Uniform != nil:
		d = uniformQuantile(u, float64(l.Uniform[0]), float64(l.Uniform[1]))
	case l.Triangular != nil:
		d = triangularQuantile(u, float64(l.Triangular[0]), float64(l.Triangular[1]), float64(l.Triangular[2]))
	case l.LogNormal != (LogNormal{}):
		d = logNormalQuantile(u, float64(l.LogNormal.Median), float64(l.LogNormal.P99))
	default:
		return nil
	}
	return new(time.Duration(min(d, float64(maxLasts))).Truncate(time.Microsecond))
}

func uniformQuantile(u, shortest, longest float64) float64 { return shortest + u*(longest-shortest) }

func triangularQuantile(u, shortest, mode, longest float64) float64 {
	if longest == shortest {
		return shortest
	}
	if u < (mode-shortest)/(longest-shortest) {
		return shortest + math.Sqrt(u*(longest-shortest)*(mode-shortest))
	}
	return longest - math.Sqrt((1-u)*(longest-shortest)*(longest-mode))
}

func logNormalQuantile(u, median, p99 float64) float64 {
	sigma := math.Log(p99/median) / normalQuantile(0.99)
	if sigma == 0 {
		return median
	}
	return median * math.Exp(sigma*normalQuantile(u))
}

// normalQuantile returns the quantile of the standard normal distribution.
func normalQuantile(u float64) float64 { return math.Sqrt2 * math.Erfinv(2*u-1) }

// decides reports whether a lifecycle matches a transition of a resource that an action begins.
func (l Lifecycle) decides(transition, action, id string) bool {
	return l.Transition == transition && matches(l.Action, action) && matches(l.Resource, id)
}

// LifecycleOf returns the lifecycle that decides a transition: the first that matches. It returns nil
// if there is none.
func (s *Set) LifecycleOf(transition, action, id string) *Lifecycle {
	if s == nil {
		return nil
	}
	for i, l := range s.Lifecycles {
		if l.decides(transition, action, id) {
			return &s.Lifecycles[i]
		}
	}
	return nil
}

// RandomLifecycles returns the ids of the random lifecycles that may decide some transitions which an
// action begins. An id of "" stands for resources that are not known yet, such as new ones.
func (s *Set) RandomLifecycles(transitions []string, action, id string) (ids []string) {
	if s == nil {
		return nil
	}
	open := slices.Clone(transitions) // those that no rule so far decides in any case
	for _, l := range s.Lifecycles {
		known := cmp.Or(id, l.Resource) // an unknown resource may match
		if !slices.Contains(open, l.Transition) || !l.decides(l.Transition, action, known) {
			continue
		}
		if l.IsRandom() {
			ids = append(ids, l.ID)
		}
		if id != "" || l.Resource == "" || l.Resource == "*" {
			open = slices.DeleteFunc(open, func(t string) bool { return t == l.Transition })
		}
	}
	return ids
}
