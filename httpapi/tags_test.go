package httpapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"enisim/service"
	"enisim/service/worldtest"
	"enisim/store/storetest"
)

func tagWorld() *worldtest.World {
	return world().
		Instance("i-{n}", worldtest.Count(3), worldtest.Set("data_disks", []any{map[string]any{}})).
		NetworkInterface("eni-{n}", worldtest.Count(3)).
		Account("1000000000000002").
		AccessKey("LTAIother", worldtest.Set("secret", "other-secret"))
}

// listTags are the tags of a type's resources, id/key=value, page after page.
func listTags(t testing.TB, s *server, pairs ...string) (tags []string, pages int) {
	t.Helper()
	token := ""
	for {
		r := s.mustCall(t, "ListTagResources", also(pairs, "NextToken", token)...)
		if r.code() != ok {
			t.Fatalf("ListTagResources %v: got %d %v, want a list", pairs, r.status, r.body)
		}
		pages++
		for _, item := range r.body["TagResources"].(map[string]any)["TagResource"].([]any) {
			tag := item.(map[string]any)
			tags = append(tags, fmt.Sprintf("%s/%s=%s", tag["ResourceId"], tag["TagKey"], tag["TagValue"]))
		}
		if token, _ = r.body["NextToken"].(string); token == "" {
			return tags, pages
		}
	}
}

// 16 callers give two tags each to one interface: ten pairs fit, and no pair is given by half.
func TestRaceForTheTagsOfAResource(t *testing.T) {
	t.Parallel()
	s := serve(t, tagWorld(), service.Options{})
	expect(t, race(t, 16, func(k int) (string, error) {
		r, err := s.call(t.Context(), "TagResources", "ResourceType", "eni", "ResourceId.1", "eni-1",
			"Tag.1.Key", fmt.Sprintf("a%d", k), "Tag.2.Key", fmt.Sprintf("b%d", k))
		return r.code(), err
	}), map[string]int{ok: 10, "QuotaExceed.Tags": 6})
	tags, _ := listTags(t, s, "ResourceType", "eni", "ResourceId.1", "eni-1")
	if len(tags) != 20 {
		t.Errorf("got %d tags %v, want 20", len(tags), tags)
	}
	for k, a := range tags[:min(10, len(tags))] {
		if b := strings.Replace(a, "/a", "/b", 1); !slices.Contains(tags, b) {
			t.Errorf("tag %d: got %s without %s", k, a, b)
		}
	}
}

// Callers that name the same resources in different orders meet at the one in the middle, which a session holds until they wait. Were the locks
// taken in the callers' order, some would then wait for each other.
func TestTagsOfManyResourcesInAnyOrder(t *testing.T) {
	t.Parallel()
	s := serveOn(t, patient(t, storetest.Pool(t)), tagWorld(), service.Options{})
	holder, err := s.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := holder.Exec(t.Context(), `SELECT FROM instances WHERE id = 'i-2' FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	answers := make(chan map[string]int, 1)
	go func() {
		answers <- race(t, 8, func(k int) (string, error) {
			ids := []string{"i-1", "i-2", "i-3"}
			if k%2 == 1 {
				slices.Reverse(ids)
			}
			r, err := s.call(t.Context(), "TagResources", "ResourceType", "instance",
				"ResourceId.1", ids[0], "ResourceId.2", ids[1], "ResourceId.3", ids[2], "Tag.1.Key", "team")
			return r.code(), err
		})
	}()
	storetest.AwaitLockWaits(t, s.pool, 2)
	if err := holder.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, <-answers, map[string]int{ok: 8})
	if n := deadlocks(t, s); n != 0 {
		t.Errorf("deadlocks: got %d, want 0", n)
	}
}

// Every type takes tags, shows them, replaces one of the same key, and gives them back. A call of which one resource is unknown does nothing.
func TestTagsComeAndGo(t *testing.T) {
	t.Parallel()
	s := serve(t, tagWorld(), service.Options{})
	for _, c := range []struct{ version, kind, id string }{
		{"2014-05-26", "instance", "i-1"}, {"2014-05-26", "Eni", "eni-1"}, {"2014-05-26", "securitygroup", "sg-main"},
		{"2014-05-26", "disk", "d-1"}, {"2014-05-26", "Disk", "d-1-data-1"}, {"2016-04-28", "VPC", "vpc-main"}, {"2016-04-28", "vswitch", "vsw-h"},
	} {
		on := []string{"Version", c.version, "ResourceType", c.kind, "ResourceId.1", c.id}
		must := func(want, action string, pairs ...string) {
			t.Helper()
			if r := s.mustCall(t, action, also(on, pairs...)...); r.code() != want {
				t.Errorf("%s of %s: got %d %v, want %q", action, c.kind, r.status, r.body, want)
			}
		}
		has := func(want ...string) {
			t.Helper()
			for k := range want {
				want[k] = c.id + "/" + want[k]
			}
			if got, _ := listTags(t, s, on...); !slices.Equal(got, want) {
				t.Errorf("tags of %s: got %v, want %v", c.kind, got, want)
			}
		}
		must(ok, "TagResources", "Tag.1.Key", "team", "Tag.1.Value", "net", "Tag.2.Key", "中 /=", "ResourceId.2", c.id)
		has("team=net", "中 /==")
		must(ok, "TagResources", "Tag.1.Key", "team", "Tag.1.Value", "web")
		must("InvalidResourceId.NotFound", "TagResources", "ResourceId.2", "unknown", "Tag.1.Key", "team")
		must("InvalidResourceId.NotFound", "UntagResources", "ResourceId.2", "unknown", "All", "true")
		has("team=web", "中 /==")
		must(ok, "UntagResources", "TagKey.1", "team", "TagKey.2", "none", "All", "true")
		has("中 /==")
		if other := s.mustCall(t, "ListTagResources", also(on, "AccessKeyId", "LTAIother")...); strings.Contains(fmt.Sprint(other.body), c.id) {
			t.Errorf("tags of %s, asked by another account: got %v, want none", c.kind, other.body)
		}
		if r := s.mustCall(t, "TagResources", also(on, "AccessKeyId", "LTAIother", "Tag.1.Key", "theirs")...); r.code() != "InvalidResourceId.NotFound" {
			t.Errorf("a tag for %s, given by another account: got %v, want InvalidResourceId.NotFound", c.kind, r.body)
		}
		untag := "UntagResources"
		if c.version == "2016-04-28" {
			untag = "UnTagResources" // as the vendor's metadata of VPC spell it
		}
		must(ok, untag, "All", "true")
		has()
	}
}

// Disks have tags of their own. A creation gives them the instance's; after that, neither changes with the other, and they go with the instance.
func TestTagsOfDisks(t *testing.T) {
	t.Parallel()
	s := serve(t, tagWorld(), service.Options{})
	disks := func(pairs ...string) []string {
		r := s.mustCall(t, "DescribeDisks", also(pairs, "MaxResults", "100")...)
		ids, tags := fieldsOf(t, r, "Disks", "Disk", "DiskId"), fieldsOf(t, r, "Disks", "Disk", "Tags.Tag")
		for k := range ids {
			ids[k] += " " + tags[k]
		}
		return ids
	}
	both := []string{"ResourceType", "disk", "ResourceId.1", "d-2-data-1", "ResourceId.2", "d-2", "ResourceId.3", "d-3"}
	if r := s.mustCall(t, "TagResources", also(both, "Tag.1.Key", "team", "Tag.1.Value", "net")...); r.code() != ok {
		t.Fatalf("got %v, want a success", r.body)
	}
	if r := s.mustCall(t, "UntagResources", "ResourceType", "disk", "ResourceId.1", "d-3", "TagKey.1", "team"); r.code() != ok {
		t.Fatalf("got %v, want a success", r.body)
	}
	const netTag = "[map[TagKey:team TagValue:net]]"
	if got, want := disks("Tag.1.Key", "team"), []string{"d-2 " + netTag, "d-2-data-1 " + netTag}; !slices.Equal(got, want) {
		t.Errorf("disks with the tag: got %q, want %q", got, want)
	}
	if got, want := disks("InstanceId", "i-3"), []string{"d-3 []", "d-3-data-1 []"}; !slices.Equal(got, want) {
		t.Errorf("disks without it: got %q, want %q", got, want)
	}

	made := s.mustCall(t, "RunInstances", "ImageId", service.InstanceImageID, "InstanceType", "ecs.g6.large", "VSwitchId", "vsw-h", "SecurityGroupId", "sg-main",
		"DataDisk.1.Size", "20", "Tag.1.Key", "team", "Tag.1.Value", "net")
	if made.code() != ok {
		t.Fatalf("got %v, want an instance", made.body)
	}
	id := made.body["InstanceIdSets"].(map[string]any)["InstanceIdSet"].([]any)[0].(string)
	for range 2 { // before and after the instance loses its tag
		for _, disk := range disks("InstanceId", id) {
			if !strings.HasSuffix(disk, netTag) {
				t.Errorf("a disk of a new instance: got %q, want its tag", disk)
			}
		}
		if r := s.mustCall(t, "UntagResources", "ResourceType", "instance", "ResourceId.1", id, "All", "true"); r.code() != ok {
			t.Fatalf("got %v, want a success", r.body)
		}
	}
	if r := s.mustCall(t, "DeleteInstance", "InstanceId", "i-2", "Force", "true"); r.code() != ok {
		t.Fatalf("got %v, want a success", r.body)
	}
	if tags, _ := listTags(t, s, "ResourceType", "disk", "ResourceId.1", "d-2", "ResourceId.2", "d-2-data-1"); len(tags) > 0 {
		t.Errorf("after the instance: got %v, want none", tags)
	}
}

// Tags go by pages of 50 in the order of resources and keys, also where a page ends within a resource.
func TestPagesOfTags(t *testing.T) {
	t.Parallel()
	s := serve(t, tagWorld(), service.Options{})
	for k := range 3 {
		pairs := []string{"ResourceType", "eni", "ResourceId.1", fmt.Sprintf("eni-%d", k+1)}
		for n := range 20 {
			pairs = append(pairs, fmt.Sprintf("Tag.%d.Key", n+1), fmt.Sprintf("key-%c", 'T'-rune(n)))
		}
		if r := s.mustCall(t, "TagResources", pairs...); r.code() != ok {
			t.Fatalf("got %v, want a success", r.body)
		}
	}
	tags, pages := listTags(t, s, "ResourceType", "eni")
	if len(tags) != 60 || pages != 2 || !slices.IsSorted(tags) || len(slices.Compact(tags)) != 60 {
		t.Errorf("got %d tags in %d pages: %v, want 60 in 2, in order and each once", len(tags), pages, tags)
	}
	// An interface that is gone has none, and takes none, though its row is still there.
	if _, err := s.pool.Exec(t.Context(), `
		UPDATE network_interfaces SET status = 'Deleting', next_status = 'Deleted', settles_at = '2020-01-01' WHERE id = 'eni-2'`); err != nil {
		t.Fatal(err)
	}
	if tags, _ := listTags(t, s, "ResourceType", "eni"); len(tags) != 40 {
		t.Errorf("without the interface that is gone: got %d tags, want 40", len(tags))
	}
	if r := s.mustCall(t, "UntagResources", "ResourceType", "eni", "ResourceId.1", "eni-2", "All", "true"); r.code() != "InvalidResourceId.NotFound" {
		t.Errorf("an interface that is gone: got %v, want InvalidResourceId.NotFound", r.body)
	}
}
