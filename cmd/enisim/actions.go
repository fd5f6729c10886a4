package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"enisim.alt/httpapi"
	"enisim.alt/service/match"
)

type actionsCommand struct {
	Action string `arg:"" optional:"" help:"Action to describe, such as AttachNetworkInterface; without it, all are listed."`
	JSON   bool   `name:"json" help:"Print JSON, in the form of the metadata that the vendor publishes."`
}

// Help returns the text of --help.
func (*actionsCommand) Help() string {
	return `The description comes from the simulator's own code: the parameters that an action reads, what its rules
demand of them, its errors and its reply. No server is needed.

Examples:

    enisim actions
    enisim actions AttachNetworkInterface
    enisim actions --json`
}

// Run runs the command.
func (c *actionsCommand) Run(s streams) error {
	switch {
	case c.Action == "" && c.JSON:
		return encodeIndented(s.Out, httpapi.Descriptions())
	case c.Action == "":
		for _, name := range httpapi.ActionNames() {
			fmt.Fprintln(s.Out, name)
		}
		return nil
	}
	described, known := httpapi.FindDescription(httpapi.VersionOf(c.Action), c.Action)
	switch {
	case !known:
		return usageError{errors.New(unknownAction(c.Action))}
	case c.JSON:
		return encodeIndented(s.Out, described)
	}
	fmt.Fprintf(s.Out, "%s, Version %s, %s", c.Action, httpapi.VersionOf(c.Action), described)
	return nil
}

// unknownAction returns the message for an action that does not exist.
func unknownAction(name string) string {
	var names []string
	for _, permission := range httpapi.ActionNames() {
		_, action, _ := strings.Cut(permission, ":")
		names = append(names, action)
	}
	message := fmt.Sprintf("there is no action %s here", name)
	if nearest := match.Nearest(name, names); nearest != "" {
		message += ": did you mean " + nearest + "?"
	}
	return message + " enisim actions lists all"
}

// commonParameters may be sent with any action.
var commonParameters = []string{
	"Action", "Version", "Format", "AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce",
	"Timestamp", "SecurityToken", "RegionId",
}

// warnOfUnknownParameters prints which parameters an action does not read. The API ignores them, so
// a misspelt one would go unnoticed.
func warnOfUnknownParameters(errOut io.Writer, version, action string, api apiParameters) {
	described, known := httpapi.FindDescription(version, action)
	if !known {
		return
	}
	names := slices.Clone(commonParameters)
	for _, p := range described.Parameters {
		names = append(names, p.Name)
	}
	for _, given := range slices.Sorted(maps.Keys(api)) {
		if isParameter(given, names) {
			continue
		}
		fmt.Fprintf(errOut, "enisim: %s does not read --%s", action, given)
		if nearest := match.Nearest(given, names); nearest != "" {
			fmt.Fprintf(errOut, "; did you mean --%s?", nearest)
		}
		fmt.Fprintln(errOut)
	}
}

// isParameter reports whether one of the names is a parameter, or the list or object that it is a
// part of, such as Tag of Tag.1.Key.
func isParameter(given string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return given == name || strings.HasPrefix(given, name+".")
	})
}
