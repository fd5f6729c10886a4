package httpapi_test

import (
	"net/http/httptest"
	"slices"
	"strconv"

	"enisim.alt/service"
)

// aPublicKey is a key with a comment, and anotherKey one with another fingerprint.
const (
	aPublicKey = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBNjpG/dJ+T3l5JkqNdWHRaFEyIkw" +
		"f48EzdYnB3LyZuBJQJB0P9xX5CN13QE6ALBUPq0+UmfTHpgkG/mPOjCdUWI= me@host"
	aFingerprint = "ac:22:f4:a0:9d:b2:f5:96:6c:90:8b:49:51:e4:65:a3"
)

// keyPairs is a world with key pairs, one of which an instance has, and one with the name of one that is gone.
const keyPairs = `
enisim: 1
accounts:
  - id: "1000000000000006"
    access_keys:
      - {id: ` + goldenKey + `, secret: keys-secret}
      - {id: LTAIexpired00000001, secret: expired-secret, expires_at: 2020-01-01T00:00:00Z}
    ram_users:
      - {name: allowed, allow: ["*"], access_keys: [{id: LTAIramallowed00001, secret: ram-allowed-secret}]}
      - {name: nothing, access_keys: [{id: LTAIramnothing00001, secret: ram-nothing-secret}]}
    regions:
      - id: cn-hangzhou
        vpcs:
          - id: vpc-1
            cidr_block: 10.0.0.0/8
            vswitches: [{id: vsw-1, zone: cn-hangzhou-h, cidr_block: 10.0.0.0/16}]
            security_groups: [{id: sg-1}]
        instances:
          - {id: i-plain, type: ecs.g6.large, vswitch: vsw-1, security_groups: [sg-1]}
          - {id: i-ops, type: ecs.g6.large, vswitch: vsw-1, security_groups: [sg-1], key_pair: ops, ram_role: reader}
          - {id: i-gone, type: ecs.g6.large, vswitch: vsw-1, security_groups: [sg-1], key_pair: gone}
          - id: i-windows
            type: ecs.g6.large
            vswitch: vsw-1
            security_groups: [sg-1]
            image: win2022_21H2_x64_dtc_en-us_40G_alibase_20240715.vhd
          - {id: i-old, type: ecs.n1.small, zone: cn-hangzhou-h, network_type: classic}
        key_pairs:
          - {name: ops, tags: {team: ops, stage: a < b}, resource_group: rg-1}
          - {name: ops-2, public_key: ` + aPublicKey + `}
          - {name: dev_1}
      - id: cn-beijing
        key_pairs: [{name: ops}]
`

// inKeyPairs returns cases in the world of key pairs.
func inKeyPairs(groups ...[]goldenCase) []goldenCase {
	cases := slices.Concat(groups...)
	for k := range cases {
		cases[k].world = keyPairs
	}
	return cases
}

// brokenKeyPairs lacks columns, as after a manual migration that failed.
func brokenKeyPairs(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, `
		ALTER TABLE key_pairs RENAME COLUMN name TO title;
		ALTER TABLE instances RENAME COLUMN attributes TO further`)
	return server
}

// withManyKeyPairs has as many key pairs in the region as an account may have.
func withManyKeyPairs(g *goldenWorld) *httptest.Server {
	server, _ := g.server(service.Options{}, moreKeyPairs("1000000000000006", 500-3))
	return server
}

// moreKeyPairs is SQL that adds key pairs to an account.
func moreKeyPairs(accountID string, n int) string {
	return `
		INSERT INTO key_pairs (account_id, region_id, name, public_key, fingerprint, created_at)
		SELECT '` + accountID + `', 'cn-hangzhou', 'more-' || n, 'ssh-rsa Yg==',
		       '92:eb:5f:fe:e6:ae:2f:ec:3a:d7:1c:77:75:31:57:8f', now()
		FROM generate_series(1, ` + strconv.Itoa(n) + `) n`
}

// lockedKeyPairs makes a server whose accounts, key pairs and instances are locked for longer than a caller waits.
var lockedKeyPairs = holding(`SELECT FROM accounts FOR UPDATE`, `SELECT FROM key_pairs FOR UPDATE`,
	`SELECT FROM instances FOR UPDATE`)

// refusedKeyPair returns the refusals of the gateway and the admission rules for a valid request.
func refusedKeyPair(pairs []string) []goldenCase {
	cases := refused(pairs)
	for k := range cases {
		if cases[k].name == "InternalError" {
			cases[k].in = brokenKeyPairs
		}
	}
	return cases
}

// refusedKeyPairWrite adds the refusal of a write whose lock timeout ends.
func refusedKeyPairWrite(pairs []string) []goldenCase {
	return append(refusedKeyPair(pairs), goldenCase{name: "OperationConflict", pairs: pairs, in: lockedKeyPairs})
}

func keyPairRequest(name string, more ...string) []string {
	return also(inRegion("KeyPairName", name), more...)
}

// keyOnRequest names a key pair and instances.
func keyOnRequest(name, instances string) []string {
	return keyPairRequest(name, "InstanceIds", instances)
}

// refusedKeyPairTags are refusals of the tags of a new key pair.
func refusedKeyPairTags(pairs []string) []goldenCase {
	return []goldenCase{
		{name: "Duplicate.TagKey", pairs: also(pairs, equalTags(2)...)},
		{name: "InvalidTagKey.Malformed", pairs: also(pairs, "Tag.1.Key", "acs:mine")},
		{name: "InvalidTagValue.Malformed", pairs: also(pairs, "Tag.1.Key", "team", "Tag.1.Value", "http://a")},
		{name: "QuotaExceed.Tags", pairs: also(pairs, distinctTags(21)...)},
	}
}

var keyPairsGolden = map[string][]goldenCase{
	"CreateKeyPair": inKeyPairs([]goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidKeyPairName.Malformed", pairs: keyPairRequest("7up")},
		{name: "KeyPair.AlreadyExist", pairs: keyPairRequest("ops")},
		{name: "QuotaExceed.KeyPair", pairs: keyPairRequest("new"), in: withManyKeyPairs},
	}, refusedKeyPairTags(keyPairRequest("new")), refusedKeyPairWrite(keyPairRequest("new")), []goldenCase{
		{name: "success", pairs: keyPairRequest("new", "ResourceGroupId", "rg-1", "Tag.1.Key", "team", "Tag.1.Value", "ops")},
	}),
	"ImportKeyPair": inKeyPairs([]goldenCase{
		{name: "MissingParameter", pairs: keyPairRequest("new")},
		{name: "InvalidKeyPairName.Malformed", pairs: keyPairRequest("a.b", "PublicKeyBody", aPublicKey)},
		{name: "InvalidPublicKeyBody.Malformed", pairs: keyPairRequest("new", "PublicKeyBody", "ABC1234567")},
		{name: "KeyPair.AlreadyExist", pairs: keyPairRequest("ops", "PublicKeyBody", aPublicKey)},
		{name: "QuotaExceed.KeyPair", pairs: keyPairRequest("new", "PublicKeyBody", aPublicKey), in: withManyKeyPairs},
	}, refusedKeyPairTags(keyPairRequest("new", "PublicKeyBody", aPublicKey)),
		refusedKeyPairWrite(keyPairRequest("new", "PublicKeyBody", aPublicKey)), []goldenCase{
			{name: "success", pairs: keyPairRequest("new", "PublicKeyBody", aPublicKey)},
		}),
	"DescribeKeyPairs": inKeyPairs([]goldenCase{
		{name: "MissingParameter"},
		{name: "InvalidParameter", pairs: inRegion("PageSize", "51")},
	}, refusedKeyPair(inRegion()), []goldenCase{
		{name: "empty", pairs: keyPairRequest("gone")},
		{name: "all", pairs: inRegion()},
		{name: "second-page", pairs: inRegion("PageSize", "1", "PageNumber", "2")},
		{name: "by-pattern", pairs: keyPairRequest("*_*")},
		{name: "by-fingerprint", pairs: inRegion("KeyPairFingerPrint", aFingerprint, "IncludePublicKey", "true")},
		{name: "by-tag", pairs: inRegion("Tag.1.Key", "team", "Tag.1.Value", "ops", "Tag.2.Key", "stage", "ResourceGroupId", "rg-1")},
	}),
	"AttachKeyPair": inKeyPairs([]goldenCase{
		{name: "MissingParameter", pairs: keyPairRequest("ops")},
		{name: "InvalidInstanceIds.ValueNotSupported", pairs: keyOnRequest("ops", `[]`)},
		{name: "InvalidKeyPairName.NotFound", pairs: keyOnRequest("gone", `["i-plain"]`)},
	}, refusedKeyPairWrite(keyOnRequest("ops", `["i-plain"]`)), []goldenCase{
		{name: "success", pairs: keyOnRequest("ops-2", `["i-plain","i-windows","i-ops","i-not-found","i-plain"]`)},
	}),
	"DetachKeyPair": inKeyPairs([]goldenCase{
		{name: "MissingParameter", pairs: keyPairRequest("ops")},
		{name: "InvalidInstanceIds.ValueNotSupported", pairs: keyOnRequest("ops", `[]`)},
		{name: "InvalidKeyPairName.NotFound", pairs: keyOnRequest("gone", `["i-gone"]`)},
	}, refusedKeyPairWrite(keyOnRequest("ops", `["i-ops"]`)), []goldenCase{
		{name: "success", pairs: keyOnRequest("ops", `["i-ops","i-gone","i-not-found","i-windows"]`)},
	}),
	"DeleteKeyPairs": inKeyPairs([]goldenCase{
		{name: "MissingParameter", pairs: inRegion()},
		{name: "InvalidKeyPairNames.ValueNotSupported", pairs: inRegion("KeyPairNames", `[]`)},
	}, refusedKeyPairWrite(inRegion("KeyPairNames", `["ops"]`)), []goldenCase{
		{name: "success", pairs: inRegion("KeyPairNames", `["ops","gone"]`)},
	}),
}
