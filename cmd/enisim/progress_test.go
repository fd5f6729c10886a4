package main

import (
	"bytes"
	"strings"
	"testing"
)

// Without a terminal, progress is one line for each tenth of the work, and small work prints
// nothing.
func TestProgressIsALineForEachTenth(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgress(&out, "applying world.yaml")
	for done := range int64(11) {
		p.set(done*minShownWork/20, minShownWork)
		p.set(done*minShownWork/20, minShownWork-1)
	}
	p.set(minShownWork, minShownWork)
	p.end()
	want := "applying world.yaml: 10%\napplying world.yaml: 20%\napplying world.yaml: 30%\napplying world.yaml: " +
		"40%\napplying world.yaml: 50%\napplying world.yaml: 100%\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// On a terminal, progress is a bar on one line, which is removed at the end.
func TestProgressIsABarOnATerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgress(&out, "applying world.yaml")
	p.isTerm = true
	p.set(10, minShownWork-1)
	p.end()
	if out.Len() > 0 {
		t.Errorf("small work: got %q, want nothing", &out)
	}
	p.set(minShownWork/2, minShownWork)
	drawn := out.String()
	if !strings.Contains(drawn, "applying world.yaml") || !strings.Contains(drawn, "50%") ||
		strings.Contains(drawn, "\n") {
		t.Errorf("half-way: got %q, want one line with the name of the work and 50%%", drawn)
	}
	p.end()
	if out.String() == drawn {
		t.Errorf("at the end: got %q, want the bar removed", drawn)
	}
}

// The apply of a large scenario prints its progress to standard error.
func TestScenarioApplyShowsItsProgress(t *testing.T) {
	t.Parallel()
	path := file(t, largeWorld(1000, 2))
	dir := emptyDataDir(t)
	out, errOut, exit := output(t, "scenario", "apply", path, "--data-dir", dir)
	if exit != 0 || !strings.Contains(out, "network_interfaces: 3000 new") {
		t.Fatalf("got %q, %q, exit code %d, want 3000 interfaces", out, errOut, exit)
	}
	errOut, isNew := strings.CutPrefix(errOut, "enisim: new world in "+dir+"\n")
	if !isNew || !strings.HasPrefix(errOut, "applying ") || !strings.HasSuffix(errOut, ": 100%\n") ||
		strings.Count(errOut, "\n") < 4 {
		t.Errorf("got %q, want lines up to 100%%", errOut)
	}
}
