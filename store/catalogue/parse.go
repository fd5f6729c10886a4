package catalogue

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// generationI are the families from before I/O optimization. The vendor refuses network interfaces
// on them.
var generationI = []string{"ecs.t1", "ecs.s1", "ecs.s2", "ecs.s3", "ecs.c1", "ecs.c2", "ecs.m1", "ecs.m2"}

func parse(regions, types, details, noHotPlug string) (content, error) {
	c := content{
		regionByID:   map[string]int{},
		typeByID:     map[string]int{},
		details:      map[string]Details{},
		regionOfZone: map[string]string{},
	}
	if err := c.readRegions(regions); err != nil {
		return content{}, fmt.Errorf("regions: %w", err)
	}
	if err := c.readTypes(types); err != nil {
		return content{}, fmt.Errorf("instance types: %w", err)
	}
	if err := c.readDetails(details); err != nil {
		return content{}, fmt.Errorf("details of instance types: %w", err)
	}
	if err := c.markNoHotPlug(noHotPlug); err != nil {
		return content{}, fmt.Errorf("types without hot-plug: %w", err)
	}
	return c, nil
}

func (c *content) readRegions(text string) error {
	rows, err := readTable(text, "region_id", "local_name_en", "local_name_zh", "zone_id")
	if err != nil {
		return err
	}
	for _, r := range rows {
		id, zone := r.text("region_id"), r.text("zone_id")
		if other, taken := c.regionOfZone[zone]; taken {
			return fmt.Errorf("zone %s lies in %s and in %s", zone, other, id)
		}
		c.regionOfZone[zone] = id
		i, known := c.regionByID[id]
		if !known {
			i = len(c.regions)
			c.regionByID[id] = i
			c.regions = append(c.regions, Region{
				ID: id, LocalNameEn: r.text("local_name_en"), LocalNameZh: r.text("local_name_zh"),
			})
		}
		c.regions[i].Zones = append(c.regions[i].Zones, zone)
	}
	return nil
}

func (c *content) readTypes(text string) error {
	rows, err := readTable(text, "instance_type", "family", "generation", "vcpus", "memory_gib", "eni_quantity",
		"private_ipv4_per_eni", "ipv6_per_eni", "eni_trunk_supported", "bandwidth_gbps", "pps_10k", "network_cards",
		"max_eni_total_incl_members", "arch", "source")
	if err != nil {
		return err
	}
	c.types = make([]InstanceType, 0, len(rows))
	for _, r := range rows {
		t := InstanceType{
			ID:                r.text("instance_type"),
			Family:            r.text("family"),
			Generation:        r.text("generation"),
			VCPUs:             r.required(r.integer("vcpus")),
			ENIQuantity:       r.required(r.integer("eni_quantity")),
			PrivateIPv4PerENI: r.integer("private_ipv4_per_eni"),
			IPv6PerENI:        r.integer("ipv6_per_eni"),
			ENITrunkSupported: r.text("eni_trunk_supported") == "true",
			ENITotalQuantity:  r.integer("max_eni_total_incl_members"),
			BandwidthGbps:     r.number("bandwidth_gbps"),
			PPS10k:            r.number("pps_10k"),
			NetworkCards:      r.integer("network_cards"),
			CPUArchitecture:   r.text("arch"),
			HotPlug:           true,
		}
		t.IOOptimized = !slices.Contains(generationI, t.Family)
		if memory := r.number("memory_gib"); memory != nil {
			t.MemoryGiB = *memory
		} else {
			r.fail(errors.New("memory_gib is empty"))
		}
		if r.err != nil {
			return fmt.Errorf("%s: %w", t.ID, r.err)
		}
		if _, twice := c.typeByID[t.ID]; twice {
			return fmt.Errorf("%s is listed twice", t.ID)
		}
		c.typeByID[t.ID] = len(c.types)
		c.types = append(c.types, t)
	}
	return nil
}

func (c *content) markNoHotPlug(text string) error {
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		id := lines.Text()
		if id == "" || strings.HasPrefix(id, "#") {
			continue
		}
		i, known := c.typeByID[id]
		if !known {
			return fmt.Errorf("%s is not among the instance types", id)
		}
		c.types[i].HotPlug = false
	}
	return lines.Err()
}

// row is one line of a table. Its first bad figure stays in err, so that a line is read without a
// check per column.
type row struct {
	columns map[string]int
	fields  []string
	err     error
}

func (r *row) text(column string) string { return r.fields[r.columns[column]] }

func (r *row) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *row) integer(column string) *int {
	text := r.text(column)
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		r.fail(fmt.Errorf("%s: %w", column, err))
		return nil
	}
	return &n
}

func (r *row) number(column string) *float64 {
	text := r.text(column)
	if text == "" {
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		r.fail(fmt.Errorf("%s: %w", column, err))
		return nil
	}
	return &f
}

func (r *row) required(n *int) int {
	if n == nil {
		r.fail(errors.New("a required figure is empty"))
		return 0
	}
	return *n
}

// readTable reads CSV whose first line must name exactly the given columns, in any order.
func readTable(text string, want ...string) ([]*row, error) {
	rows, err := readColumns(text, want...)
	if err == nil && len(rows) > 0 && len(rows[0].fields) != len(want) {
		return nil, fmt.Errorf("there are %d columns, want %v", len(rows[0].fields), want)
	}
	return rows, err
}

// readColumns is readTable for a table that may have columns which nothing reads.
func readColumns(text string, want ...string) ([]*row, error) {
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, errors.New("empty file")
	}
	columns := make(map[string]int, len(want))
	for i, name := range records[0] {
		columns[name] = i
	}
	for _, name := range want {
		if _, present := columns[name]; !present {
			return nil, fmt.Errorf("no column %s in %v", name, records[0])
		}
	}
	rows := make([]*row, 0, len(records)-1)
	for _, fields := range records[1:] {
		rows = append(rows, &row{columns: columns, fields: fields})
	}
	return rows, nil
}
