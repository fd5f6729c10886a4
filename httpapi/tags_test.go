package httpapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"enisim.alt/service"
	"enisim.alt/service/worldtest"
	"enisim.alt/store/storetest"
)

// tagWorld returns a world with three instances with disks, three interfaces, and a second account.
func tagWorld() *worldtest.World {
	return world().
		Instance("i-{n}", worldtest.Count(3), worldtest.Set("data_disks", []any{map[string]any{}})).
		NetworkInterface("eni-{n}", worldtest.Count(3)).
		Account("1000000000000002").
		AccessKey("LTAIother", worldtest.Set("secret", "other-secret"))
}

// listTags returns the tags of a resource type over all pages, each as id/key=value.
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

// 16 callers set two tags each on one interface with a quota of 20: ten of them succeed, and no
// call sets only one of its tags.
func TestRaceForTagQuota(t *testing.T) {
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

// Callers name the same resources in different orders, while another session holds the lock of the
// middle one. If the locks were taken in the callers' order, there would be a deadlock.
func TestTagLocksAreOrdered(t *testing.T) {
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
	expectNoDeadlocks(t, s)
}

// Each resource type can be tagged, listed, retagged and untagged. A call with one unknown resource
// has no effect.
func TestTagAndUntagEachResourceType(t *testing.T) {
	t.Parallel()
	s := serve(t, tagWorld(), service.Options{})
	for _, c := range []struct{ version, kind, id string }{
		{"2014-05-26", "instance", "i-1"}, {"2014-05-26", "Eni", "eni-1"}, {"2014-05-26", "securitygroup", "sg-main"},
		{"2014-05-26", "disk", "d-1"}, {"2014-05-26", "Disk", "d-1-data-1"}, {"2016-04-28", "VPC", "vpc-main"},
		{"2016-04-28", "vswitch", "vsw-h"},
	} {
		target := []string{"Version", c.version, "ResourceType", c.kind, "ResourceId.1", c.id}
		expectTagCode := func(want, action string, pairs ...string) {
			t.Helper()
			if r := s.mustCall(t, action, also(target, pairs...)...); r.code() != want {
				t.Errorf("%s of %s: got %d %v, want %q", action, c.kind, r.status, r.body, want)
			}
		}
		expectTags := func(want ...string) {
			t.Helper()
			for k := range want {
				want[k] = c.id + "/" + want[k]
			}
			if got, _ := listTags(t, s, target...); !slices.Equal(got, want) {
				t.Errorf("tags of %s: got %v, want %v", c.kind, got, want)
			}
		}
		expectTagCode(ok, "TagResources", "Tag.1.Key", "team", "Tag.1.Value", "net", "Tag.2.Key", "中 /=",
			"ResourceId.2", c.id)
		expectTags("team=net", "中 /==")
		expectTagCode(ok, "TagResources", "Tag.1.Key", "team", "Tag.1.Value", "web")
		expectTagCode("InvalidResourceId.NotFound", "TagResources", "ResourceId.2", "unknown", "Tag.1.Key", "team")
		expectTagCode("InvalidResourceId.NotFound", "UntagResources", "ResourceId.2", "unknown", "All", "true")
		expectTags("team=web", "中 /==")
		expectTagCode(ok, "UntagResources", "TagKey.1", "team", "TagKey.2", "none", "All", "true")
		expectTags("中 /==")
		if other := s.mustCall(t, "ListTagResources", also(target, "AccessKeyId",
			"LTAIother")...); strings.Contains(fmt.Sprint(other.body), c.id) {
			t.Errorf("tags of %s, listed by another account: got %v, want none", c.kind, other.body)
		}
		if r := s.mustCall(t, "TagResources", also(target, "AccessKeyId", "LTAIother",
			"Tag.1.Key", "theirs")...); r.code() != "InvalidResourceId.NotFound" {
			t.Errorf("a tag for %s, set by another account: got %v, want InvalidResourceId.NotFound", c.kind, r.body)
		}
		untag := "UntagResources"
		if c.version == "2016-04-28" {
			untag = "UnTagResources" // the name in the metadata of VPC
		}
		expectTagCode(ok, untag, "All", "true")
		expectTags()
	}
}

// Disks have their own tags. A new disk gets the tags of its instance. After that, the tags of a
// disk change independently of the instance, and are deleted with it.
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
	if r := s.mustCall(t, "UntagResources", "ResourceType", "disk", "ResourceId.1", "d-3",
		"TagKey.1", "team"); r.code() != ok {
		t.Fatalf("got %v, want a success", r.body)
	}
	const netTag = "[map[TagKey:team TagValue:net]]"
	if got, want := disks("Tag.1.Key", "team"), []string{"d-2 " + netTag, "d-2-data-1 " +
		netTag}; !slices.Equal(got, want) {
		t.Errorf("disks with the tag: got %q, want %q", got, want)
	}
	if got, want := disks("InstanceId", "i-3"), []string{"d-3 []", "d-3-data-1 []"}; !slices.Equal(got, want) {
		t.Errorf("disks without the tag: got %q, want %q", got, want)
	}

	launched := s.mustCall(t, "RunInstances", "ImageId", service.InstanceImageID, "InstanceType", "ecs.g6.large",
		"VSwitchId", "vsw-h", "SecurityGroupId", "sg-main",
		"DataDisk.1.Size", "20", "Tag.1.Key", "team", "Tag.1.Value", "net")
	if launched.code() != ok {
		t.Fatalf("got %v, want an instance", launched.body)
	}
	id := launched.body["InstanceIdSets"].(map[string]any)["InstanceIdSet"].([]any)[0].(string)
	for range 2 { // before and after the instance is untagged
		for _, disk := range disks("InstanceId", id) {
			if !strings.HasSuffix(disk, netTag) {
				t.Errorf("a disk of a new instance: got %q, want the tag of the instance", disk)
			}
		}
		if r := s.mustCall(t, "UntagResources", "ResourceType", "instance", "ResourceId.1", id,
			"All", "true"); r.code() != ok {
			t.Fatalf("got %v, want a success", r.body)
		}
	}
	if r := s.mustCall(t, "DeleteInstance", "InstanceId", "i-2", "Force", "true"); r.code() != ok {
		t.Fatalf("got %v, want a success", r.body)
	}
	if tags, _ := listTags(t, s, "ResourceType", "disk", "ResourceId.1", "d-2",
		"ResourceId.2", "d-2-data-1"); len(tags) > 0 {
		t.Errorf("after the deletion of the instance: got %v, want none", tags)
	}
}

// Tags are listed in pages of 50, in the order of resources and keys. A page may end between two
// tags of a resource.
func TestListTagResourcesPages(t *testing.T) {
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
	// A deleted interface has no tags and accepts none, although its row still exists.
	if _, err := s.pool.Exec(t.Context(), `
		UPDATE network_interfaces SET status = 'Deleting', next_status = 'Deleted', settles_at = '2020-01-01'
		WHERE id = 'eni-2'`); err != nil {
		t.Fatal(err)
	}
	if tags, _ := listTags(t, s, "ResourceType", "eni"); len(tags) != 40 {
		t.Errorf("without the deleted interface: got %d tags, want 40", len(tags))
	}
	if r := s.mustCall(t, "UntagResources", "ResourceType", "eni", "ResourceId.1", "eni-2",
		"All", "true"); r.code() != "InvalidResourceId.NotFound" {
		t.Errorf("untag of a deleted interface: got %v, want InvalidResourceId.NotFound", r.body)
	}
}
