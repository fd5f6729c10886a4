package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Problem is an error in a history file. Its message says how to correct the file.
type Problem struct {
	File    string
	Line    int // from 1
	Message string
}

func (p Problem) Error() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message) }

// line holds the keys of all types of lines. Required numbers are pointers, so that a missing
// number differs from 0.
type line struct {
	Version   *int      `json:"enisim_history"`
	StartedAt time.Time `json:"started_at"`
	Note      string    `json:"note"`
	Seed      uint64    `json:"seed"`

	Type      string  `json:"type"`
	Account   string  `json:"account"`
	ID        string  `json:"id"`
	Limit     *int    `json:"limit"`
	Held      int     `json:"held"`
	Op        *int    `json:"op"`
	Client    int     `json:"client"`
	Time      *int64  `json:"time"`
	Action    string  `json:"action"`
	Instance  string  `json:"instance"`
	Interface string  `json:"interface"`
	Status    *string `json:"status"`
	Code      string  `json:"code"`
	Error     string  `json:"error"`

	Capacity  *int     `json:"capacity"`
	VSwitch   string   `json:"vswitch"`
	Token     string   `json:"token"`
	Addresses []string `json:"addresses"`
	Count     int      `json:"count"`
	Found     *[]Found `json:"found"`
}

// key identifies a resource: ids are unique only within an account.
type key struct{ account, id string }

// reader builds a history line by line.
type reader struct {
	history    *History
	instances  map[key]*Instance
	interfaces map[key]*Interface
	operations map[int]int // by op: the index in history.Operations
	changes    map[int]int // by op: the index in history.Changes
	vswitches  map[string]bool
	created    map[string]bool // interfaces in the answers to creations
	completed  map[int]bool
}

// Read reads a whole history. The name is used in error messages; an error in the content of the
// file is a Problem. An incomplete last line is ignored, because the writer may have been stopped
// at any byte.
func Read(name string, file io.Reader) (*History, error) {
	r := reader{
		history:    &History{},
		instances:  map[key]*Instance{},
		interfaces: map[key]*Interface{},
		operations: map[int]int{},
		changes:    map[int]int{},
		vswitches:  map[string]bool{},
		created:    map[string]bool{},
		completed:  map[int]bool{},
	}
	lines := bufio.NewReaderSize(file, flushSize)
	for n := 1; ; n++ {
		text, err := readLine(lines)
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if last && n > 1 && !json.Valid(text) {
			return r.history, nil
		}
		if err := r.addLine(n, text); err != nil {
			return nil, Problem{name, n, err.Error()}
		}
		if last {
			return r.history, nil
		}
	}
}

// readLine reads a whole line of any length. The line is valid until the next call.
func readLine(r *bufio.Reader) ([]byte, error) {
	text, err := r.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return text, err
	}
	whole := bytes.Clone(text)
	rest, err := r.ReadBytes('\n')
	return append(whole, rest...), err
}

// addLine parses a line and adds it to the history.
func (r *reader) addLine(n int, text []byte) error {
	var l line
	err := json.Unmarshal(text, &l)
	// The first line is the header, which has no type.
	if n == 1 {
		switch {
		case err != nil || l.Version == nil:
			return errors.New(`this is no history: the first line must be {"enisim_history":1,...}`)
		case *l.Version != version:
			return fmt.Errorf("the history has format %d, and this program reads format %d; use the enisim that "+
				"wrote it", *l.Version, version)
		}
		r.history.Header = Header{l.StartedAt, l.Note, l.Seed}
		return nil
	}
	if err != nil {
		return formatError(err)
	}
	switch l.Type {
	case "instance":
		return r.addInstance(l)
	case "interface":
		return r.addInterface(l)
	case "quota":
		return r.addQuota(l)
	case "vswitch":
		return r.addVSwitch(l)
	case "invoke":
		return r.addInvoke(n, l)
	case string(OK), string(Fail), string(Unknown):
		return r.addCompletion(l)
	case "":
		return errors.New("type is missing; it is " + lineTypes)
	default:
		return fmt.Errorf("type %q is not known; it is "+lineTypes, l.Type)
	}
}

// lineTypes are the types of lines, for messages.
const lineTypes = "instance, interface, quota, vswitch, invoke, ok, fail or unknown"

// formatError translates an error of encoding/json into a message about the line.
func formatError(err error) error {
	if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) {
		return fmt.Errorf("%s is a %s; it must be a %s", wrong.Field, wrong.Value, wrong.Type)
	}
	return fmt.Errorf("not a JSON object on one line: %w", err)
}

// addInstance adds an instance of the initial state.
func (r *reader) addInstance(l line) error {
	k := key{l.Account, l.ID}
	switch {
	case l.ID == "":
		return errors.New("an instance needs an id")
	case r.instances[k] != nil:
		return fmt.Errorf("instance %s is there already; an instance has one line", l.ID)
	case r.begun():
		return fmt.Errorf("instance %s comes after the first invoke; move the line up, it tells how the world "+
			"stands at the start", l.ID)
	case l.Limit == nil:
		return fmt.Errorf("instance %s needs a limit: how many interfaces it may hold, the primary one included", l.ID)
	case l.Held < 0 || *l.Limit < l.Held:
		return fmt.Errorf("instance %s has held %d of limit %d; held is 0 to limit: the interfaces on it that no "+
			"operation moves", l.ID, l.Held, *l.Limit)
	}
	i := &Instance{l.Account, l.ID, *l.Limit, l.Held}
	r.instances[k] = i
	r.history.Instances = append(r.history.Instances, i)
	return nil
}

// addInterface adds a network interface of the initial state.
func (r *reader) addInterface(l line) error {
	k := key{l.Account, l.ID}
	switch {
	case l.ID == "":
		return errors.New("an interface needs an id")
	case r.interfaces[k] != nil:
		return fmt.Errorf("interface %s is there already; an interface has one line", l.ID)
	case r.begun():
		return fmt.Errorf("interface %s comes after the first invoke; move the line up, it tells how the world "+
			"stands at the start", l.ID)
	case l.Instance != "" && r.instances[key{l.Account, l.Instance}] == nil:
		return errUndeclared("instance", l.Account, l.Instance)
	}
	i := &Interface{l.Account, l.ID, l.Instance}
	r.interfaces[k] = i
	r.history.Interfaces = append(r.history.Interfaces, i)
	return nil
}

// errUndeclared is returned when a line names a resource that no earlier line describes. It shows
// the line that is missing.
func errUndeclared(kind, account, id string) error {
	more := ""
	if account != "" {
		more += fmt.Sprintf(`,"account":%q`, account)
	}
	if kind == "instance" {
		more += `,"limit":N,"held":N`
	}
	return fmt.Errorf(`%s %s has no line of its own before this one; tell how it stands at the start: `+
		`{"type":%q,"id":%q%s}`, kind, id, kind, id, more)
}

// addInvoke adds an operation, whose outcome stays unknown until a completion is read.
func (r *reader) addInvoke(n int, l line) error {
	// First check what can be checked without the action.
	if err := r.checkEvent(l); err != nil {
		return err
	}
	if first := r.invokedOn(*l.Op); first != 0 {
		return fmt.Errorf("op %d was invoked on line %d; give each operation a number of its own", *l.Op, first)
	}
	if isChange(l) {
		return r.addChange(n, l)
	}
	op := Operation{
		ID: *l.Op, Line: n, Client: l.Client, Action: l.Action, Outcome: Unknown, Invoked: time.Duration(*l.Time),
		Instance: r.instances[key{l.Account, l.Instance}], Interface: r.interfaces[key{l.Account, l.Interface}],
	}
	// Then check which resources the action needs, and that earlier lines describe them.
	switch l.Action {
	case Attach, Detach:
		if op.Instance == nil && l.Instance == "" {
			return fmt.Errorf("%s needs an instance", l.Action)
		}
		if op.Instance == nil {
			return errUndeclared("instance", l.Account, l.Instance)
		}
	case Describe:
		if l.Instance != "" {
			return fmt.Errorf("%s of a history asks for one interface by its id; remove its instance", Describe)
		}
	default:
		return fmt.Errorf("action %q is not known; a history holds %s", l.Action,
			strings.Join([]string{Attach, Detach, Describe, Create, Delete, Assign, Unassign}, ", "))
	}
	if op.Interface == nil && l.Interface == "" {
		return fmt.Errorf("%s needs an interface", l.Action)
	}
	if op.Interface == nil {
		return errUndeclared("interface", l.Account, l.Interface)
	}
	// Only then add the operation, so that a refused line changes nothing.
	r.operations[*l.Op] = len(r.history.Operations)
	r.history.Operations = append(r.history.Operations, op)
	return nil
}

// addCompletion sets the outcome of an operation.
func (r *reader) addCompletion(l line) error {
	if err := r.checkEvent(l); err != nil {
		return err
	}
	if index, known := r.changes[*l.Op]; known {
		return r.completeChange(&r.history.Changes[index], l)
	}
	index, known := r.operations[*l.Op]
	if !known {
		return fmt.Errorf("op %d has no invoke before this line; an invoke is written before its request is sent",
			*l.Op)
	}
	// First check the completion against its invoke, then store what it says.
	op := &r.history.Operations[index]
	switch {
	case r.completed[op.ID]:
		return fmt.Errorf("op %d has an outcome already; an operation has one", op.ID)
	case time.Duration(*l.Time) < op.Invoked:
		return fmt.Errorf("op %d ends at %d, before its invoke on line %d; all times of a history are of one "+
			"monotonic clock", op.ID, *l.Time, op.Line)
	case l.Type == string(Fail) && l.Code == "":
		return fmt.Errorf("op %d fails without a code; give the API's error code, or write unknown if there is none",
			op.ID)
	case l.Type == string(OK) && op.Action == Describe && l.Status == nil:
		return fmt.Errorf(`op %d is a describe and says nothing; give "status", which is "" if the interface was `+
			`not listed`, op.ID)
	case l.Type == string(OK) && op.Action != Describe && (l.Status != nil || l.Instance != ""):
		return fmt.Errorf("op %d is no describe; remove status and instance", op.ID)
	}
	r.completed[op.ID] = true
	op.Outcome, op.Ended, op.Code, op.Error = Outcome(l.Type), time.Duration(*l.Time), l.Code, l.Error
	if op.Outcome == OK && op.Action == Describe {
		op.Status, op.On = *l.Status, l.Instance
	}
	return nil
}

// checkEvent checks the keys that every event needs.
func (r *reader) checkEvent(l line) error {
	switch {
	case l.Op == nil:
		return fmt.Errorf("%s needs op, the number of its operation", l.Type)
	case l.Time == nil || *l.Time < 0:
		return fmt.Errorf("%s of op %d needs time: nanoseconds since the start, 0 or more", l.Type, *l.Op)
	}
	return nil
}
