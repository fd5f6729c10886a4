package storetest

import (
	"crypto/rand"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Names of the databases of this package. A name contains everything that pruning needs to know:
//
//	enisim_template_<schema>
//	enisim_building_<schema>                       a template that is not finished
//	enisim_test_<schema>_<time>_<test>_<random>
const (
	fingerprintLength = 12
	maxNameLength     = 63 // the limit of Postgres
)

// templateName returns the name of the template of a schema; buildingName its name until it is
// finished.
func templateName(schema string) string { return "enisim_template_" + schema }
func buildingName(schema string) string { return "enisim_building_" + schema }

var notAllowedInName = regexp.MustCompile(`[^a-z0-9]+`)

// databaseName returns a new name for the database of a test.
func databaseName(schema, test string, now time.Time) string {
	name := "enisim_test_" + schema + "_" + strconv.FormatInt(now.Unix()/60, 36) + "_"
	suffix := "_" + strings.ToLower(rand.Text()[:8])
	label := strings.Trim(notAllowedInName.ReplaceAllString(strings.ToLower(test), "_"), "_")
	return name + label[:min(len(label), maxNameLength-len(name)-len(suffix))] + suffix
}

var databaseNamePattern = regexp.MustCompile(
	`^enisim_(?:(template|building)_([0-9a-f]{12})|(test)_([0-9a-f]{12})_([0-9a-z]+)_.*)$`)

// parsedName is the parsed name of a database.
type parsedName struct {
	schema string
	test   bool      // whether it is a test database, not a template
	made   time.Time // creation time of a test database
}

// parseName parses the name of a database, and reports whether the database belongs to this
// package.
func parseName(name string) (parsedName, bool) {
	match := databaseNamePattern.FindStringSubmatch(name)
	switch {
	case match == nil:
		return parsedName{}, false
	case match[3] == "":
		return parsedName{schema: match[2]}, true
	}
	minutes, err := strconv.ParseInt(match[5], 36, 64)
	return parsedName{schema: match[4], test: true, made: time.Unix(minutes*60, 0)}, err == nil
}
