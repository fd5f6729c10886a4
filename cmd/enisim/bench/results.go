package main

import (
	"encoding/json"
	"errors"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"
)

// resultsFile is the file with the figures of a run, in the folder where it was started.
const resultsFile = "bench.json"

// target is what a figure is to reach.
type target struct {
	value float64
	of    judged
	most  bool // the figure is to be at most the value; otherwise at least
}

// judged says which figure of a result a target is about.
type judged int

const (
	theValue judged = iota
	theRatio
)

// targets are the figures to reach, by the names of the results. A result without one is only reported.
var targets = map[string]target{
	"attach-1-p50":      {1.5, theRatio, true},
	"attach-64":         {3, theRatio, false},
	"attach-128":        {4, theRatio, false},
	"join-one-group":    {0.9, theRatio, false},
	"hot-instance":      {0.9, theRatio, false},
	"create-delete-64":  {2000, theValue, false},
	"create-400":        {0, theValue, true},
	"assign-64":         {2500, theValue, false},
	"describe-id":       {5000, theValue, false},
	"describe-instance": {5000, theValue, false},
	"page-token":        {500, theValue, false},
	"page-number":       {500, theValue, false},
	"page-tag":          {500, theValue, false},
	"page-group":        {500, theValue, false},
	"page-status":       {500, theValue, false},
	"page-instances":    {500, theValue, false},
	"page-types":        {500, theValue, false},
	"page-groups":       {500, theValue, false},
	"page-vswitches":    {500, theValue, false},
	"readers-beside":    {0.6, theRatio, false},
	"scale":             {0.95, theRatio, false},
	"polite":            {3, theRatio, true},
	"overload":          {0.9, theRatio, false},
	"memory":            {160, theValue, true},
	"rules-of-others":   {0.95, theRatio, false},
	"disturbed-none":    {0.98, theRatio, false},
	"observed":          {0.90, theRatio, false},
}

// result is a figure of a run.
type result struct {
	Name    string   `json:"name"`
	Value   float64  `json:"value"`
	Unit    string   `json:"unit"`
	Ratio   *float64 `json:"ratio,omitempty"`
	Target  *float64 `json:"target,omitempty"`
	Reached *bool    `json:"reached,omitempty"`
}

// results are the figures of a run.
type results struct {
	Date  string   `json:"date"`
	Cores int      `json:"cores"`
	Rows  []result `json:"rows"`

	mu sync.Mutex // tests print several tables at a time
}

// record adds a figure without a ratio.
func (b *bench) record(name, unit string, value float64) {
	b.add(result{Name: name, Value: value, Unit: unit})
}

// recordRatio adds a figure and its ratio to another one.
func (b *bench) recordRatio(name, unit string, value, ratio float64) {
	b.add(result{Name: name, Value: value, Unit: unit, Ratio: &ratio})
}

// recordMemory adds the memory of a server in MiB. Only the largest of the run counts.
func (b *bench) recordMemory(mib float64) {
	const name = "memory"
	b.results.mu.Lock()
	i := slices.IndexFunc(b.results.Rows, func(r result) bool { return r.Name == name })
	isLarger := i < 0 || b.results.Rows[i].Value < mib
	if isLarger && i >= 0 {
		b.results.Rows = slices.Delete(b.results.Rows, i, i+1)
	}
	b.results.mu.Unlock()
	if isLarger {
		b.record(name, "MiB", mib)
	}
}

// add adds a figure, with its target if it has one.
func (b *bench) add(r result) {
	if t, found := targets[r.Name]; found {
		figure := r.Value
		if t.of == theRatio && r.Ratio != nil {
			figure = *r.Ratio
		}
		r.Target = &t.value
		r.Reached = new(figure == t.value || figure < t.value == t.most)
	}
	b.results.mu.Lock()
	defer b.results.mu.Unlock()
	b.results.Rows = append(b.results.Rows, r)
}

// writeResults writes the figures of the run.
func (b *bench) writeResults(path string) (err error) {
	b.results.Date, b.results.Cores = time.Now().UTC().Format(time.DateOnly), runtime.NumCPU()
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	encoder := json.NewEncoder(file)
	encoder.SetIndent("", "  ")
	return encoder.Encode(&b.results)
}
