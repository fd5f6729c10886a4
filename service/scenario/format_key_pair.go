package scenario

import "regexp"

// keyPairNameForm is the form of the names of key pairs. Placeholders of copies have no meaning in them.
var keyPairNameForm = regexp.MustCompile(`^\pL[\pL0-9:_-]{1,127}$`)

// keyPairEntry is a key pair.
type keyPairEntry struct {
	at            position
	name          located[string]
	publicKey     located[string]
	resourceGroup string
	tags          map[string]string
}

var keyPairMapping = newMapping(
	mapping{name: "key_pair", what: "a key pair", about: "The public half of a key pair."},
	func(o *object, e *keyPairEntry) { e.at = o.at },
	[]keyOf[keyPairEntry]{
		textKey("name", func(e *keyPairEntry) *located[string] { return &e.name },
			"A letter, then letters, digits, ':', '_' and '-'; one of its own in the region.").isRequired(),
		textKey("public_key", func(e *keyPairEntry) *located[string] { return &e.publicKey },
			"A line of an authorized_keys file.").without("one that follows from the name"),
		textKey("resource_group", func(e *keyPairEntry) *string { return &e.resourceGroup },
			"The id of its resource group, as the API shows it."),
		tagsKey("tags", func(e *keyPairEntry) *map[string]string { return &e.tags }, "A mapping of texts, 20 at most."),
	},
)
