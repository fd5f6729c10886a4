package service

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// numberingPattern matches the part of a name that numbers the instances of one request:
// [begin,digits]. Each number is optional.
var numberingPattern = regexp.MustCompile(`\[([0-9]{0,6}),([1-6]?)\]`)

// numberedName returns the name of the k-th of n instances, from 0: name[1,4]-a becomes name0001-a,
// name0002-a. A name without numbering is the same for all. If it has to be unique, 001, 002 and so
// on are appended.
func numberedName(name string, k, n int, unique bool) string {
	at := numberingPattern.FindStringSubmatchIndex(name)
	switch {
	case name == "":
		return ""
	case at != nil:
		begin, digits := name[at[2]:at[3]], name[at[4]:at[5]]
		width := 6
		if digits != "" {
			width, _ = strconv.Atoi(digits)
		}
		first, _ := strconv.Atoi(begin) // "" is 0
		return fmt.Sprintf("%s%0*d%s", name[:at[0]], width, first+k, name[at[1]:])
	case unique && n > 1:
		return fmt.Sprintf("%s%03d", name, k+1)
	}
	return name
}

var hostNamePattern = regexp.MustCompile(`^[A-Za-z0-9]+([.-][A-Za-z0-9]+)*$`)

// isValidHostName reports whether a text is a valid host name of a Linux instance.
func isValidHostName(s string) bool {
	return lengthWithin(s, 2, 64) && hostNamePattern.MatchString(s)
}

// defaultHostName returns the host name of an instance that does not set one.
func defaultHostName(instanceID string) string {
	return "iZ" + strings.TrimPrefix(instanceID, "i-") + "Z"
}
