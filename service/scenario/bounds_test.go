package scenario_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"enisim.alt/service/scenario"
)

// hostile are files that a careless parser would need much memory or time for, each as a function
// of the size in bytes. Some have an expected message.
var hostile = []struct {
	name string
	file func(size int) string
	want string // "" for any message
}{
	{"unclosed lists", func(n int) string { return "enisim: 1\naccounts: " + rep("[", n) },
		"s.yaml:2:42: more than 32 lists and mappings lie within each other here"},
	{
		"unclosed mappings in lists", func(n int) string { return "enisim: 1\naccounts: " + rep("[{a: ", n/5) },
		"s.yaml:2:87: more than 32 lists and mappings lie within each other here",
	},
	{"nested blocks", func(n int) string {
		var file strings.Builder
		for i := 0; file.Len() < n; i++ {
			file.WriteString(rep(" ", i) + "a:\n")
		}
		return file.String()
	}, "s.yaml:33:34: more than 32 lists and mappings lie within each other here"},
	{
		"lists on one line", func(n int) string { return "a:\n" + rep("- ", n/2) },
		"s.yaml:2:63: more than 32 lists and mappings lie within each other here",
	},
	{"question marks", func(n int) string { return rep("? ", n/2) }, "lie within each other here"},
	{"keys on one line", func(n int) string { return rep("a: ", n/3) }, "lie within each other here"},
	{"consecutive anchors", func(n int) string { return "a: " + rep("&a ", n/3) }, ""},
	{"consecutive tags", func(n int) string { return "a: " + rep("!t ", n/3) }, ""},
	{
		"nested lists", func(n int) string { return "a: [" + rep(rep("[", 20)+rep("]", 20)+",", n/41) + "]" },
		"",
	},
	{"keys of a mapping", keys, "s.yaml:257:5: the mapping has more than 256 keys up to here"},
	{
		"keys of a mapping on one line", func(n int) string { return "a: {" + rep("b: c, ", n/6) + "}" },
		"the mapping has more than 256 keys up to here",
	},
	{"keys of a list on lines", func(n int) string { return "a: [\n" + rep("b: c\n", n/5) + "]" }, "keys up to here"},
	{"the same key after anchors", func(n int) string { return rep("&a  k: v\n    k: v\n", n/18) }, ""},
	{"a long key", func(n int) string { return rep("k", n) + ": 1" }, ""},
	{"long keys of nested mappings with many values", func(n int) string {
		var file strings.Builder
		for i := range 25 {
			file.WriteString(rep(" ", i) + rep("k", 500) + ":\n")
		}
		return file.String() + rep(rep(" ", 25)+"- x\n", n/29)
	}, "s.yaml:5:5: the keys on the way here have more than 2048 bytes together"},
	{"tiny values", func(n int) string { return "a: [" + rep("1,", n/2) + "]" }, ""},
	{"consecutive commas", func(n int) string { return "a: [" + rep(",", n) + "]" }, ""},
	{"empty lists", func(n int) string { return "a: [" + rep("[],", n/3) + "]" }, ""},
	{"empty accounts", func(n int) string { return "enisim: 1\naccounts: [" + rep("{},", n/3) + "]" }, ""},
	{"empty instances", func(n int) string { return regionWith("instances: [" + rep("{},", n/3) + "]") }, ""},
	{"empty rules", func(n int) string {
		return regionWith("vpcs: [{id: v, cidr_block: 10.0.0.0/8, security_groups: [{id: s, rules: [" +
			rep("{},", n/3) + "]}]}]")
	}, ""},
	{
		"unknown keys",
		func(n int) string { return "enisim: 1\naccounts:\n" + rep("- {accounts_of_somebody: 1}\n", n/28) },
		"more problems",
	},
	{"unknown types", func(n int) string {
		return regionWith("instances:\n" + rep("        - {id: i, type: ecs.g6.lrage}\n", n/40))
	}, "more problems"},
	{
		"a type with a long name",
		func(n int) string { return regionWith("instances: [{id: i, type: " + rep("x", n) + "}]") }, "",
	},
	{
		"a long choice",
		func(n int) string { return regionWith("instances: [{id: i, status: " + rep("x", n) + "}]") }, "",
	},
	{"a long text", func(n int) string { return "enisim: 1\n# " + rep("x", n) + "\naccounts: " + rep("x ", n/2) }, ""},
	{"an unclosed quoted text", func(n int) string { return "enisim: \"" + rep("\\x41\n ", n/6) }, ""},
	{"a block of text", func(n int) string { return "a: |\n" + rep("  x\n", n/4) }, ""},
	{"empty lines", func(n int) string { return "enisim: 1\n" + rep("\n\r", n/2) }, ""},
	{"comments", func(n int) string { return "enisim: 1\n" + rep("#\n", n/2) }, ""},
	{"comments among values", func(n int) string { return "a:\n" + rep("- b #\n", n/6) }, ""},
	{"documents", func(n int) string { return rep("---\n", n/4) }, ""},
	{"directives", func(n int) string { return rep("%A B\n", n/5) }, ""},
	{"aliases of a long list", func(n int) string {
		return regionWith("zones: &z [" + rep("x,", n/4) + "]\n        instances:\n" +
			rep("        - {id: i, security_groups: *z}\n", n/80))
	}, ""},
	{"aliases of aliases", func(n int) string {
		file := "enisim: 1\naccounts: []\ninstance_types:\n- &a0 [x, x, x, x, x, x, x, x]\n"
		for i := 0; len(file) < n; i++ {
			file += fmt.Sprintf("- &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i+1, i, i, i, i, i, i, i)
		}
		return file
	}, ""},
	{"merges of a large mapping", func(n int) string {
		return "enisim: 1\naccounts:\n- &a\n  " + strings.ReplaceAll(keys(2000), "\n", "\n  ") + "z: z\n" +
			rep("- {<<: *a}\n", n/11)
	}, ""},
	{"merges of merges", func(n int) string {
		file := "enisim: 1\naccounts:\n- &a0 {id: x}\n"
		for i := 0; len(file) < n; i++ {
			file += fmt.Sprintf("- &a%d {<<: [*a%d, *a%d]}\n", i+1, i, i)
		}
		return file
	}, "more than 32 mappings merge each other here"},
	{
		"copies of empty entries",
		func(n int) string { return regionWith("instances: [" + rep("{count: 1000000},", n/17) + "]") }, "",
	},
	{"copies of an interface", func(n int) string {
		return network + "        network_interfaces: [" +
			rep(`{id: "e-{n}", count: 1000000, vswitch: vsw-h, security_groups: [sg-main]},`, n/80) + "]"
	}, "up to here the file describes 1000000 instances and interfaces, and 1000 are the most"},
	{"addresses of copies", func(n int) string {
		return network + `        network_interfaces: [{id: "e-{n}", count: 1000, vswitch: vsw-h, security_groups: [sg-main], ipv6_address_count: 1000000}]`
	}, "addresses, groups, disks and types of its resources"},
	{"copies of a long text", func(n int) string {
		return network + `        network_interfaces: [{id: "e-{n}", count: 1000, vswitch: vsw-h, security_groups: [sg-main], name: "{n}` + rep("x", n) + `"}]`
	}, "a text with placeholders has 1024 bytes at most"},
	{"a number with many digits", func(n int) string { return "enisim: " + rep("9", n) }, ""},
	{
		"a placeholder with many digits",
		func(n int) string { return regionWith(`instances: [{id: "{n:0` + rep("9", n) + `}", count: 2}]`) }, "",
	},
}

// rep repeats a text.
func rep(text string, n int) string { return strings.Repeat(text, n) }

// keys returns a mapping with many keys.
func keys(size int) string {
	var file strings.Builder
	for i := 0; file.Len() < size; i++ {
		fmt.Fprintf(&file, "k%d: v\n", i)
	}
	return file.String()
}

// regionWith returns a file with a text as the content of a region.
func regionWith(text string) string {
	return "enisim: 1\naccounts:\n  - id: \"1000000000000001\"\n    regions:\n      - id: cn-hangzhou\n        " +
		text + "\n"
}

// narrow are limits for tests: like those of a request, but with few resources, so that the cost is
// that of the file.
var narrow = scenario.Limits{Bytes: 8 << 20, Tokens: 250_000, Resources: 1000, Parts: 4000}

// allocated parses a file, and returns how much memory was allocated in total, including garbage.
func allocated(file string) (bytes uint64, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = scenario.ParseFor(account, "s.yaml", []byte(file), narrow)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, err
}

// The memory is linear in the size of the file, whatever it contains. A list of empty instances
// costs most: three bytes each.
const (
	maxAllocatedPerByte = 4000
	maxAllocatedBase    = 16 << 20
)

// Each hostile file costs memory in proportion to its size, and gives a limited number of problems.
// The test is not parallel, because it would count the memory of other tests.
func TestMemoryIsLinearInTheSizeOfAFile(t *testing.T) {
	for _, c := range hostile {
		for _, size := range []int{10_000, 100_000} {
			file := c.file(size)
			bytes, err := allocated(file)
			if limit := uint64(len(file)*maxAllocatedPerByte + maxAllocatedBase); bytes > limit {
				t.Errorf("%s, a file of %d bytes: got %d bytes of memory, want at most %d",
					c.name, len(file), bytes, limit)
			}
			var problems scenario.Problems
			if err != nil && !errors.As(err, &problems) {
				t.Errorf("%s: got error %v, want Problems", c.name, err)
			}
			if c.want != "" && !strings.Contains(fmt.Sprint(err), c.want) {
				t.Errorf("%s, %d bytes: got\n%.1000v\nwant %q in it", c.name, len(file), err, c.want)
			}
			if len(problems) > 201 || len(fmt.Sprint(err)) > 400_000 {
				t.Errorf("%s: got %d problems in %d bytes, want at most 201: 200 and the number of the others",
					c.name, len(problems), len(fmt.Sprint(err)))
			}
		}
	}
}

// A file with too many tokens is refused before it is scanned, because the scanner keeps all tokens
// in memory. Not parallel, for the same reason.
func TestAFileWithTooManyTokensIsNotScanned(t *testing.T) {
	const maxAllocated = 4 << 20
	file := []byte("enisim: 1\naccounts: [" + rep("1,", scenario.RequestLimits.Bytes/2-100))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := scenario.ParseWithin("s.yaml", file, scenario.RequestLimits)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > maxAllocated {
		t.Errorf("a file of %d bytes: got %d bytes of memory, want at most %d", len(file), got, maxAllocated)
	}
	if !errors.Is(err, scenario.ErrBeyondLimits) ||
		!strings.Contains(fmt.Sprint(err), "more than 150000 words and signs") {
		t.Errorf("got %v, want an error about too many words and signs", err)
	}
}

// A file that is too large is refused at its beginning, and one with too many tokens at the first
// token beyond the limit.
func TestFilesBeyondTheLimitsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, want string }{
		{"a: " + rep("x", 200), "s.yaml:1:1: the file has 203 bytes, and may have 100"},
		{rep("- a\n", 20), "s.yaml:11:1: the file has more than 20 words and signs up to here"},
	} {
		_, err := scenario.ParseFor(account, "s.yaml", []byte(c.file), scenario.Limits{Bytes: 100, Tokens: 20})
		if !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

// A file that uses the format in full depth is within the limits.
func TestLimitsAllowTheWholeFormat(t *testing.T) {
	t.Parallel()
	file := regionWith(`vpcs:
        - id: vpc-1
          cidr_block: 10.0.0.0/8
          vswitches: [{id: vsw-1, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16, tags: {"` + rep("k", 128) + `": v}}]
          security_groups:
          - id: sg-1
            rules:
            - {ip_protocol: TCP, port_range: 22/22, source_cidr_ip: 0.0.0.0/0}
        network_interfaces: [` + rep("{id: \"eni-{n}\", count: 1, vswitch: vsw-1, security_groups: [sg-1]},", 1) + `]`)
	if _, err := scenario.ParseFor(account, "s.yaml", []byte(file), narrow); err != nil {
		t.Error(err)
	}
}
