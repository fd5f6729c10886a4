package httpapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
)

// instanceKey returns the name of the key pair that an instance shows.
func (s *server) instanceKey(t *testing.T, id string) string {
	t.Helper()
	var found struct {
		Instances struct {
			Instance []struct{ KeyPairName string }
		}
	}
	text, _ := json.Marshal(s.mustCall(t, "DescribeInstances", "InstanceIds", `["`+id+`"]`).body)
	if err := json.Unmarshal(text, &found); err != nil || len(found.Instances.Instance) != 1 {
		t.Fatalf("%s: got %s, %v, want one instance", id, text, err)
	}
	return found.Instances.Instance[0].KeyPairName
}

// The private half of a new key pair is in the answer only: no row of the database has it, and no event.
func TestThePrivateKeyIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	r := s.mustCall(t, "CreateKeyPair", "KeyPairName", "ops")
	private, _ := r.body["PrivateKeyBody"].(string)
	signer, err := ssh.ParsePrivateKey([]byte(private))
	if err != nil {
		t.Fatalf("got %v, %v, want a private key", r, err)
	}
	if got, want := r.body["KeyPairFingerPrint"], ssh.FingerprintLegacyMD5(signer.PublicKey()); got != want {
		t.Errorf("got the fingerprint %v, want %s as the private key has", got, want)
	}
	listed, _ := json.Marshal(s.mustCall(t, "DescribeKeyPairs", "IncludePublicKey", "true").body)
	public := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	if quoted, _ := json.Marshal(public); !strings.Contains(string(listed), string(quoted)) {
		t.Errorf("got %s, want the public key %s", listed, public)
	}
	// The second line of the private key stands for it in what the database has.
	var stored int
	secret := strings.Split(private, "\n")[1]
	if err := s.pool.QueryRow(t.Context(), `
		SELECT count(*) FROM (
		    SELECT k::text AS text FROM key_pairs k
		    UNION ALL SELECT e::text FROM events e
		    UNION ALL SELECT c::text FROM client_tokens c) rows
		WHERE strpos(text, $1) > 0`, secret).Scan(&stored); err != nil || stored != 0 {
		t.Errorf("got %d rows, %v, with the private key, want none", stored, err)
	}
}

// An instance has the key pair of its launch until another is attached, and keeps the name of one that is deleted.
func TestInstancesHaveKeyPairs(t *testing.T) {
	t.Parallel()
	s := serve(t, world().KeyPair("ops").KeyPair("dev"), service.Options{})
	launched := s.mustCall(t, "RunInstances", "ImageId", "m-test", "InstanceType", "ecs.g6.large", "VSwitchId", "vsw-h",
		"SecurityGroupId", "sg-main", "KeyPairName", "ops")
	text, _ := json.Marshal(launched.body)
	var ids struct {
		InstanceIdSets struct{ InstanceIdSet []string }
	}
	if err := json.Unmarshal(text, &ids); err != nil || len(ids.InstanceIdSets.InstanceIdSet) != 1 {
		t.Fatalf("got %s, %v, want an instance", text, err)
	}
	id := ids.InstanceIdSets.InstanceIdSet[0]
	for _, step := range []struct{ action, pairs, want string }{
		{"AttachKeyPair", "KeyPairName dev", "dev"},
		{"DetachKeyPair", "KeyPairName ops", "dev"}, // it has another
		{"DetachKeyPair", "KeyPairName dev", ""},
		{"AttachKeyPair", "KeyPairName ops", "ops"},
	} {
		pairs := append(strings.Fields(step.pairs), "InstanceIds", `["`+id+`"]`)
		if r := s.mustCall(t, step.action, pairs...); r.code() != ok {
			t.Errorf("%s: got %v, want a success", step.action, r)
		}
		if got := s.instanceKey(t, id); got != step.want {
			t.Errorf("%s %s: got the key pair %q, want %q", step.action, step.pairs, got, step.want)
		}
	}
	s.mustCall(t, "DeleteKeyPairs", "KeyPairNames", `["ops","never"]`)
	if got := s.instanceKey(t, id); got != "ops" {
		t.Errorf("after the deletion: got the key pair %q, want ops", got)
	}
	if r := s.mustCall(t, "AttachKeyPair", "KeyPairName", "ops", "InstanceIds", `["`+id+`"]`); r.code() !=
		"InvalidKeyPairName.NotFound" {
		t.Errorf("got %v, want no key pair", r)
	}
}

// A list of instances that is no JSON, or too long, is refused like an empty one.
func TestListsOfInstancesWithKeyPairs(t *testing.T) {
	t.Parallel()
	s := serve(t, world().KeyPair("ops"), service.Options{})
	for _, list := range []string{"[i-1]", "[" + strings.Repeat(`"i-1",`, 50) + `"i-1"]`} {
		if r := s.mustCall(t, "AttachKeyPair", "KeyPairName", "ops", "InstanceIds", list); r.code() !=
			"InvalidInstanceIds.ValueNotSupported" {
			t.Errorf("%s: got %v, want a refusal", list, r)
		}
	}
}

// 10 of 30 callers that import key pairs get the last places of the region.
func TestRaceForTheQuotaOfKeyPairs(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	if _, err := s.pool.Exec(t.Context(), moreKeyPairs(account, 490)); err != nil {
		t.Fatal(err)
	}
	expect(t, race(t, 30, func(k int) (string, error) {
		r, err := s.call(t.Context(), "ImportKeyPair", "KeyPairName", fmt.Sprintf("key-%d", k),
			"PublicKeyBody", aPublicKey)
		return r.code(), err
	}), map[string]int{ok: 10, "QuotaExceed.KeyPair": 20})
	checkInvariants(t, s.pool)
	if n := deadlocks(t, s); n != 0 {
		t.Errorf("deadlocks: got %d, want 0", n)
	}
}

// One of 30 callers gets a name.
func TestRaceForTheNameOfAKeyPair(t *testing.T) {
	t.Parallel()
	s := serve(t, world(), service.Options{})
	expect(t, race(t, 30, func(int) (string, error) {
		r, err := s.call(t.Context(), "ImportKeyPair", "KeyPairName", "ops", "PublicKeyBody", aPublicKey)
		return r.code(), err
	}), map[string]int{ok: 1, "KeyPair.AlreadyExist": 29})
}

// Key pairs are attached to the same instances in any order, and deleted meanwhile, without a deadlock.
func TestRaceOfAttachedKeyPairs(t *testing.T) {
	t.Parallel()
	s := serve(t, world().KeyPair("ops").KeyPair("dev").Instance("i-{n}", worldtest.Count(4)), service.Options{})
	race(t, 30, func(k int) (string, error) {
		name := []string{"ops", "dev"}[k%2]
		ids := []string{`["i-1","i-2","i-3","i-4"]`, `["i-4","i-3","i-2","i-1"]`}[k/2%2]
		action, pairs := "AttachKeyPair", []string{"KeyPairName", name, "InstanceIds", ids}
		if k == 20 {
			action, pairs = "DeleteKeyPairs", []string{"KeyPairNames", `["dev","ops"]`}
		}
		r, err := s.call(t.Context(), action, pairs...)
		return r.code(), err
	})
	want := s.instanceKey(t, "i-1")
	for _, id := range []string{"i-2", "i-3", "i-4"} {
		if got := s.instanceKey(t, id); got != want {
			t.Errorf("%s: got the key pair %q, want %q as the others", id, got, want)
		}
	}
	if n := deadlocks(t, s); n != 0 {
		t.Errorf("deadlocks: got %d, want 0", n)
	}
}

// Tags of a key pair are those of its region.
func TestTagsOfKeyPairs(t *testing.T) {
	t.Parallel()
	s := serve(t, world().KeyPair("ops").Region("cn-beijing").KeyPair("ops"), service.Options{})
	s.mustCall(t, "TagResources", "ResourceType", "keypair", "ResourceId.1", "ops", "Tag.1.Key", "team",
		"Tag.1.Value", "a")
	for region, want := range map[string]bool{"cn-hangzhou": true, "cn-beijing": false} {
		text, _ := json.Marshal(s.mustCall(t, "ListTagResources", "ResourceType", "keypair", "RegionId", region).body)
		if got := strings.Contains(string(text), "team"); got != want {
			t.Errorf("%s: got %s, want a tag: %v", region, text, want)
		}
	}
}
