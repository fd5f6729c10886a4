package service

import (
	"context"
	"maps"
	"slices"
	"strings"

	"enisim.alt/store"
)

// tagProduct is a product whose resources have tags. ECS and VPC have the same three actions, each
// for its own types of resources.
type tagProduct struct {
	name  string
	types []tagType
}

// tagType is a type of resource in the API. A type without a kind is documented, but has no
// resources here.
type tagType struct {
	name string
	kind store.TaggedKind
}

// The products that have tags (docs/reference/actions.md, part 4).
var (
	ecsTags = tagProduct{"ecs", []tagType{
		{"instance", store.TaggedInstance}, {"eni", store.TaggedNetworkInterface},
		{"securitygroup", store.TaggedSecurityGroup}, {"disk", store.TaggedDisk},
		{"keypair", store.TaggedKeyPair},
		{name: "snapshot"}, {name: "image"}, {name: "volume"}, {name: "ddh"}, {name: "ddhcluster"},
		{name: "launchtemplate"}, {name: "reservedinstance"}, {name: "snapshotpolicy"}, {name: "command"},
		{name: "elasticityassurance"}, {name: "capacityreservation"}, {name: "invocation"}, {name: "activation"},
		{name: "managedinstance"},
	}}
	vpcTags = tagProduct{"vpc", []tagType{
		{"VPC", store.TaggedVPC}, {"VSWITCH", store.TaggedVSwitch}, {"EIP", store.TaggedEIP},
		{"ROUTETABLE", store.TaggedRouteTable}, {name: "VPNGATEWAY"}, {name: "NATGATEWAY"},
		{name: "COMMONBANDWIDTHPACKAGE"}, {name: "PREFIXLIST"}, {name: "PUBLICIPADDRESSPOOL"},
		{name: "IPV4GATEWAY"}, {name: "IPV6GATEWAY"}, {name: "NETWORKACL"}, {name: "TRAFFICMIRRORFILTER"},
		{name: "TRAFFICMIRRORSESSION"}, {name: "FLOWLOG"}, {name: "HAVIP"}, {name: "DHCPOPTIONSSET"},
		{name: "GATEWAYENDPOINT"}, {name: "IPV6ADDRESS"},
	}}
)

// findType returns the type with a name, ignoring case.
func (p tagProduct) findType(name string) (tagType, bool) {
	k := slices.IndexFunc(p.types, func(t tagType) bool { return strings.EqualFold(t.name, name) })
	if k < 0 {
		return tagType{}, false
	}
	return p.types[k], true
}

// maxResourcesPerCall is the maximum number of resources in one call.
const maxResourcesPerCall = 50

// TagResourcesRequest is the request to add tags to resources of one type. A tag with the same key
// is replaced.
type TagResourcesRequest struct {
	RegionID     string `api:"RegionId"`
	ResourceType string
	ResourceIDs  []string `api:"ResourceId"`
	Tags         []Tag    `api:"Tag"`
}

// tagInput is a request to one product.
type tagInput struct {
	TagResourcesRequest
	product tagProduct
}

// typeRules returns the rules that the three actions begin with. They have their own codes for
// missing parameters.
func typeRules[T any](of func(T) (tagProduct, string, string)) []rule[T] {
	return []rule[T]{
		{
			err: MissingRegionIDOfTags, violated: func(r T) bool { _, region, _ := of(r); return region == "" },
			constraint: presence("RegionId"),
		},
		{
			err: MissingResourceType, violated: func(r T) bool { _, _, name := of(r); return name == "" },
			constraint: presence("ResourceType"),
		},
		{err: InvalidResourceTypeNotFound, violated: func(r T) bool {
			product, _, name := of(r)
			_, known := product.findType(name)
			return !known
		}},
	}
}

// idRules returns the rules on the resource ids. ListTagResources does not use them, because a list
// needs no ids.
func idRules[T any](ids func(T) []string) []rule[T] {
	return []rule[T]{
		{
			err: MissingResourceIDs, violated: func(r T) bool { return len(ids(r)) == 0 },
			constraint: presence("ResourceId"),
		},
		tooManyResources(ids),
	}
}

func tooManyResources[T any](ids func(T) []string) rule[T] {
	return rule[T]{err: NumberExceedResourceIDs, violated: func(r T) bool { return len(ids(r)) > maxResourcesPerCall }}
}

var tagResourcesParameterRules = slices.Concat(
	typeRules(func(r tagInput) (tagProduct, string, string) { return r.product, r.RegionID, r.ResourceType }),
	idRules(func(r tagInput) []string { return r.ResourceIDs }),
	addedTagsRules,
)

// addedTagsRules are the rules on tags that are added to resources.
var addedTagsRules = []rule[tagInput]{
	{
		err: MissingTags, violated: func(r tagInput) bool { return len(r.Tags) == 0 },
		constraint: presence("Tag"),
	},
	{err: NumberExceedTags, violated: func(r tagInput) bool { return tooManyTags(r.Tags) }},
	{err: InvalidTagMismatch, violated: func(r tagInput) bool { return lacksTagKey(r.Tags) }},
	{err: InvalidTagKeyMalformed, violated: func(r tagInput) bool { return hasInvalidTagKey(r.Tags) }},
	{err: InvalidTagValueMalformed, violated: func(r tagInput) bool {
		return hasInvalidTagValue(r.Tags) ||
			r.product.name == vpcTags.name && slices.ContainsFunc(r.Tags, func(t Tag) bool {
				return strings.HasPrefix(t.Value, "aliyun") || strings.HasPrefix(t.Value, "acs:")
			})
	}},
	{err: DuplicateTagKey, violated: func(r tagInput) bool { return repeatsTagKey(r.Tags) }},
}

// changeTagsInput is the requested change plus the locked rows that its rules check.
type changeTagsInput struct {
	ids   []string // without duplicates
	found []store.TaggedResource
	added map[string]string
}

var untagResourcesRules = []rule[changeTagsInput]{
	{err: InvalidResourceIDNotFound, violated: func(c changeTagsInput) bool { return len(c.found) < len(c.ids) }},
}

var tagResourcesRules = append(slices.Clip(untagResourcesRules),
	rule[changeTagsInput]{err: QuotaExceedTags, violated: func(c changeTagsInput) bool {
		return slices.ContainsFunc(c.found, func(r store.TaggedResource) bool {
			all := maps.Clone(r.Tags)
			maps.Copy(all, c.added)
			return len(all) > maxTags
		})
	}},
)

// TagResourcesOfECS and TagResourcesOfVPC add tags to all resources of a call, or to none.
var (
	TagResourcesOfECS = newTagResources(ecsTags)
	TagResourcesOfVPC = newTagResources(vpcTags)
)

func newTagResources(product tagProduct) *Action[TagResourcesRequest, Empty] {
	return newAction(Action[TagResourcesRequest, Empty]{
		permission: product.name + ":TagResources",
		parameters: lift(
			tagResourcesParameterRules,
			func(r TagResourcesRequest) tagInput { return tagInput{r, product} },
		),
		refusals: errorsOf(tagResourcesRules),
		run: answerless(func(s *Service, ctx context.Context, caller Caller, r TagResourcesRequest) error {
			return s.addTags(ctx, caller, tagInput{r, product})
		}),
	})
}

// addTags adds tags to all resources of a request, or to none.
func (s *Service) addTags(ctx context.Context, caller Caller, r tagInput) error {
	return s.changeTags(ctx, caller, r.product, r.RegionID, r.ResourceType,
		changeTagsInput{ids: r.ResourceIDs, added: tagMap(r.Tags)}, tagResourcesRules,
		func([]store.TaggedResource) []string { return nil })
}

// changeTags locks the resources of a change, and changes all of them or none. remove returns the
// keys of the tags to remove.
func (s *Service) changeTags(
	ctx context.Context, caller Caller, product tagProduct, regionID, typeName string, c changeTagsInput,
	rules []rule[changeTagsInput], remove func([]store.TaggedResource) []string,
) error {
	slices.Sort(c.ids)
	c.ids = slices.Compact(c.ids)
	t, _ := product.findType(typeName)
	if t.kind == "" {
		return check(rules, c)
	}
	return s.store.InTx(ctx, func(tx *store.Tx) (err error) {
		if c.found, err = tx.LockTagged(ctx, caller.AccountID, regionID, t.kind, c.ids); err != nil {
			return err
		}
		now := s.timeOf(caller)
		c.found = slices.DeleteFunc(c.found, func(r store.TaggedResource) bool { return r.GoneBy(now) })
		if err := check(rules, c); err != nil {
			return err
		}
		removed := remove(c.found)
		var changes []store.Change
		for _, r := range c.found { // before ChangeTags, which changes the tags of disks
			changes = append(changes, store.TagChanges(r.ID, r.Tags, removed, c.added)...)
		}
		tx.ChangeTags(caller.AccountID, regionID, t.kind, c.found, removed, c.added)
		return s.record(tx, caller, now, changes...)
	})
}
