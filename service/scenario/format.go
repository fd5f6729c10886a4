package scenario

import (
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// formatVersion is the version of the file format that this package reads.
const formatVersion = 1

// Limits of the content of a file. They are the real cloud's, except maxCount, which catches typing
// errors.
const (
	maxCount       = 1_000_000
	minVPCMask     = 8
	maxVPCMask     = 28
	minVSwitchMask = 16
	maxVSwitchMask = 29
	maxTags        = 20
	maxInteger     = 1<<31 - 1 // of the database's columns
)

// Patterns of texts, for editors. If copies are possible, a placeholder may stand anywhere.
const (
	placeholder = `\{n(/[0-9]+)?(:0[0-9]+)?\}`
	idForm      = `^[0-9A-Za-z-]{1,128}$`
	copiedForm  = `^([0-9A-Za-z-]|` + placeholder + `)+$`
	spanForm    = `^\+?(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|ms|s|m|h))+$`
	endlessForm = spanForm + "|^" + never + "$"
	timeForm    = `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$`
)

// Descriptions that several keys have.
const (
	aboutID       = "Free to choose: letters, digits and '-'."
	aboutCopiedID = aboutID + " With a count it needs a placeholder."
	aboutGroups   = "One or more groups of the VSwitch's VPC, all normal or all enterprise."
)

// The entries in the format_ files represent the file as it is written, each value with its
// position where a problem may need it. expand interprets the values together.

// document is the whole file.
type document struct {
	remarks
	version  located[int]
	accounts []accountEntry
	types    []typeEntry
}

var documentMapping = newMapping(
	mapping{
		name: "file", what: "the file",
		about: "A world for enisim: accounts with their keys, networks, instances and network interfaces.",
		rules: []any{dict{"properties": dict{"enisim": dict{"const": formatVersion}}}},
	}, nil,
	[]keyOf[document]{
		integerKey("enisim", func(d *document) *located[int] { return &d.version }, "The version of the format: 1.").
			isRequired().hinted("it is the version of the format: start the file with enisim: 1"),
		listKey("accounts", accountMapping, func(d *document) *[]accountEntry { return &d.accounts },
			"The accounts, each of which is made equal to what stands here. Others are not touched."),
		listKey("instance_types", typeMapping, func(d *document) *[]typeEntry { return &d.types },
			"Instance types for the accounts of this file, beside or instead of the catalogue's."),
	},
)

// document reads the whole file. It returns nil for a file of another version, because nothing else
// in it could be checked then.
func (r *reader) document(root ast.Node) *document {
	r.format = &documentMapping.mapping
	o := r.object(root, r.format)
	if o == nil {
		return nil
	}
	doc := documentMapping.blank
	o.read(&o.keys[0], &doc.version)
	if doc.version.value != formatVersion {
		if doc.version.given {
			r.add(doc.version.at, "", "this enisim reads version %d of the format, the file says %d",
				formatVersion, doc.version.value)
		}
		return nil
	}
	documentMapping.readKeys(o, &doc)
	return &doc
}

// commonFields are the fields that any resource may have.
type commonFields struct {
	name, description located[string]
	resourceGroup     string
	tags              map[string]string
}

var commonKeys = []keyOf[commonFields]{
	textKey("name", func(c *commonFields) *located[string] { return &c.name }, "Its name, as the API shows it.").
		written(placeLabels),
	textKey("description", func(c *commonFields) *located[string] { return &c.description },
		"Its description, as the API shows it.").written(placeLabels),
	textKey("resource_group", func(c *commonFields) *string { return &c.resourceGroup },
		"The id of its resource group, as the API shows it.").written(placeLabels),
	tagsKey("tags", func(c *commonFields) *map[string]string { return &c.tags }, "A mapping of texts, 20 at most.").
		written(placeLabels),
}

// dict is an object of the JSON Schema.
type dict map[string]any

// whenIs returns the schema's condition that a key has one of the values.
func whenIs(name string, values ...string) dict {
	return dict{"required": []string{name}, "properties": dict{name: dict{"enum": values}}}
}

// refused returns the schema of properties that a mapping must not have.
func refused(names ...string) dict {
	out := dict{}
	for _, name := range names {
		out[name] = false
	}
	return out
}

// settlesWith returns the schema's rule that settles_in goes with a transient status.
func settlesWith(next map[string]string) dict {
	return dict{"if": dict{"required": []string{"settles_in"}}, "then": whenIs("status", sortedKeys(next)...)}
}

// blockForm returns the pattern of an address block with bounds of its mask.
func blockForm(address string, minBits, maxBits int) string {
	masks := make([]string, 0, maxBits-minBits+1)
	for mask := minBits; mask <= maxBits; mask++ {
		masks = append(masks, strconv.Itoa(mask))
	}
	return "^" + address + "/(" + strings.Join(masks, "|") + ")$"
}
