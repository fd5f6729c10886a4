package store

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The JSON of an event is what encoding/json would write, whatever characters its texts have.
func TestJSONOfEvents(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		special := []string{"", `"`, `\`, "\x00", "é", "<script>", "\u2028"}
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom(special))
		times := rapid.Custom(func(t *rapid.T) time.Time {
			return time.Unix(0, rapid.Int64Range(0, 1<<60).Draw(t, "ns")).UTC()
		})
		want := Event{
			AccountID: text.Draw(t, "account"), RequestID: text.Draw(t, "request"), Caller: text.Draw(t, "caller"),
			UserName: text.Draw(t, "user"), Action: text.Draw(t, "action"), Outcome: text.Draw(t, "outcome"),
			Fault: text.Draw(t, "fault"),
		}
		if rapid.Bool().Draw(t, "timed") {
			want.At = times.Draw(t, "at")
		}
		for range rapid.IntRange(0, 3).Draw(t, "resources") {
			want.Resources = append(want.Resources, text.Draw(t, "resource"))
		}
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			c := Change{
				Resource: text.Draw(t, "of"), Field: text.Draw(t, "field"), From: text.Draw(t, "from"),
				To: text.Draw(t, "to"), Then: text.Draw(t, "then"),
			}
			if rapid.Bool().Draw(t, "due") {
				due := times.Draw(t, "due at")
				c.DueAt = &due
			}
			want.Changes = append(want.Changes, c)
		}
		if rapid.Bool().Draw(t, "refused") {
			want.Why = json.RawMessage(`{"rule":"r"}`)
		}
		encoded, err := appendEventJSON(nil, &want)
		if err != nil {
			t.Fatal(err)
		}
		var got Event
		if err := json.Unmarshal(encoded, &got); err != nil {
			t.Fatalf("%s: %v", encoded, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got\n%+v from %s, want\n%+v", got, encoded, want)
		}
	})
}
