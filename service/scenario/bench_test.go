package scenario_test

import (
	"fmt"
	"strings"
	"testing"

	"enisim.alt/service/scenario"
)

// largeFile returns a file with this many attached secondary interfaces, three for each instance.
func largeFile(interfaces int) string {
	const perVSwitch = 30_000 // less than a VSwitch has addresses, because of the primary interfaces
	var file strings.Builder
	file.WriteString(`enisim: 1
accounts:
  - id: "1000000000000001"
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-main
            cidr_block: 10.0.0.0/8
            security_groups: [{id: sg-main, type: enterprise, instance_limit: 1000000}]
            vswitches:
`)
	for i := range (interfaces-1)/perVSwitch + 1 {
		fmt.Fprintf(&file, "              - {id: vsw-%d, zone: cn-hangzhou-h, cidr_block: 10.%d.0.0/16}\n", i+1, i)
	}
	fmt.Fprintf(&file, `        instances:
          - {id: "i-node-{n:06}", count: %d, type: ecs.g6.2xlarge, vswitch: "vsw-{n/%d}", security_groups: [sg-main]}
        network_interfaces:
          - {id: "eni-node-{n:06}", count: %d, vswitch: "vsw-{n/%d}", security_groups: [sg-main], attached_to: "i-node-{n/3:06}"}
`, interfaces/3, perVSwitch, interfaces, perVSwitch)
	return file.String()
}

// BenchmarkParse measures the parsing of a file with 300,000 interfaces.
func BenchmarkParse(b *testing.B) {
	const interfaces = 225_000 // and 75,000 primary ones
	file := []byte(largeFile(interfaces))
	for b.Loop() {
		if _, err := scenario.Parse("s.yaml", file); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkApply measures the first apply of a world with 40,000 interfaces, an apply of the same
// file again, and one of an empty account.
func BenchmarkApply(b *testing.B) {
	const interfaces = 30_000
	db := newTarget(b)
	full := largeFile(interfaces)
	empty := "enisim: 1\naccounts: [{id: \"" + account + "\"}]\n"
	for _, step := range []struct{ name, before, file string }{
		{"first", empty, full},
		{"again", full, full},
		{"empty", full, empty},
	} {
		b.Run(step.name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				db.apply(b, step.before, noon)
				b.StartTimer()
				db.apply(b, step.file, noon)
			}
		})
	}
}

// BenchmarkExport measures the export of a world with 40,000 interfaces, the diff of its file, and
// the parsing of the exported file.
func BenchmarkExport(b *testing.B) {
	const interfaces = 30_000
	db := newTarget(b)
	db.apply(b, largeFile(interfaces), noon)
	sc, err := scenario.Parse("s.yaml", []byte(largeFile(interfaces)))
	if err != nil {
		b.Fatal(err)
	}
	exported := []byte(db.export(b, noon))
	for name, do := range map[string]func() error{
		"export": func() error { _, err := scenario.Export(b.Context(), db.store, account, true, noon); return err },
		"diff":   func() error { _, err := scenario.Diff(b.Context(), db.store, sc, noon); return err },
		"parse":  func() error { _, err := scenario.Parse("exported.yaml", exported); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
