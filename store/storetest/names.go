package storetest

import (
	"crypto/rand"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The databases of this package, by name. A name carries all that pruning has to know:
//
//	enisim_template_<schema>
//	enisim_building_<schema>                       a template that is not finished
//	enisim_test_<schema>_<time>_<test>_<random>
const (
	fingerprintLength = 12
	longestName       = 63 // the limit of Postgres
)

func templateName(schema string) string { return "enisim_template_" + schema }
func buildingName(schema string) string { return "enisim_building_" + schema }

var unfit = regexp.MustCompile(`[^a-z0-9]+`)

func databaseName(schema, test string, now time.Time) string {
	name := "enisim_test_" + schema + "_" + strconv.FormatInt(now.Unix()/60, 36) + "_"
	suffix := "_" + strings.ToLower(rand.Text()[:8])
	label := strings.Trim(unfit.ReplaceAllString(strings.ToLower(test), "_"), "_")
	return name + label[:min(len(label), longestName-len(name)-len(suffix))] + suffix
}

var ours = regexp.MustCompile(`^enisim_(?:(template|building)_([0-9a-f]{12})|(test)_([0-9a-f]{12})_([0-9a-z]+)_.*)$`)

// parsedName is what the name of a database tells.
type parsedName struct {
	schema string
	test   bool
	made   time.Time // of a test database
}

// parseName tells whether the name is one of ours.
func parseName(name string) (parsedName, bool) {
	match := ours.FindStringSubmatch(name)
	switch {
	case match == nil:
		return parsedName{}, false
	case match[3] == "":
		return parsedName{schema: match[2]}, true
	}
	minutes, err := strconv.ParseInt(match[5], 36, 64)
	return parsedName{schema: match[4], test: true, made: time.Unix(minutes*60, 0)}, err == nil
}
