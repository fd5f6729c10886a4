package store

import (
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Deleted is the status in the change that deletes a resource with a status. The API shows it of none.
const Deleted = "Deleted"

// hiddenValue stands in a change for a value that events do not have.
const hiddenValue = "(not recorded)"

// recordedRow is a row whose changes are recorded. The event tags of its struct name the fields that
// are compared, as the API names them. The option hidden records that a field has changed, but neither
// of its values.
type recordedRow interface {
	// recorded returns the id of the resource, and its status at a time of the account.
	recorded(now time.Time) recordedStatus
}

// recordedStatus is the status of a resource. A resource without one has the zero value.
type recordedStatus struct {
	resourceID, status string
	then               string     // the next status; "": none
	dueAt              *time.Time // when it becomes then
}

// ChangesOf returns the differences of two states of a resource at a time of its account. before is nil
// for a new resource, after is nil for a deleted one.
func ChangesOf[Row recordedRow](before, after *Row, now time.Time) []Change {
	var changes []Change
	from, to := statusOf(before, now), statusOf(after, now)
	id := from.resourceID
	if after != nil {
		id = to.resourceID
	} else if from.status != "" {
		to.status = Deleted
	}
	// A transition that never ended and ends now is a change too.
	if from.status != to.status || (from.dueAt == nil) != (to.dueAt == nil) {
		changes = append(changes, Change{
			Resource: id, Field: "Status", From: from.status, To: to.status, Then: to.then, DueAt: to.dueAt,
		})
	}
	old, current := recordedFields(before, after == nil), recordedFields(after, before == nil)
	for k, name := range fieldNames[Row]() {
		switch {
		case old[k].text == current[k].text:
		case old[k].hidden || current[k].hidden:
			changes = append(changes, Change{Resource: id, Field: name, To: hiddenValue})
		default:
			changes = append(changes, Change{Resource: id, Field: name, From: old[k].text, To: current[k].text})
		}
	}
	return changes
}

func statusOf[Row recordedRow](row *Row, now time.Time) recordedStatus {
	if row == nil {
		return recordedStatus{}
	}
	return (*row).recorded(now)
}

// recordedField is the value of a field with an event tag.
type recordedField struct {
	text   string // "": none
	hidden bool
}

// fieldNames returns the names in the event tags of a struct, in their order.
func fieldNames[Row any]() (names []string) {
	walkRecorded(reflect.ValueOf(new(Row)).Elem(), func(name string, _ bool, _ reflect.Value) {
		names = append(names, name)
	})
	return names
}

// recordedFields returns the values of the fields with event tags, in their order. No row has none. A row
// that is new or deleted, so that it is compared with none, has no zero values.
func recordedFields[Row any](row *Row, alone bool) (fields []recordedField) {
	exists := row != nil
	if !exists {
		row = new(Row)
	}
	walkRecorded(reflect.ValueOf(row).Elem(), func(_ string, hidden bool, v reflect.Value) {
		field := recordedField{hidden: hidden}
		if v = reflect.Indirect(v); exists && v.IsValid() && (!alone || !v.IsZero()) {
			field.text = fieldText(v.Interface())
		}
		fields = append(fields, field)
	})
	return fields
}

func fieldText(value any) string {
	switch value := value.(type) {
	case time.Time:
		return value.UTC().Format(time.RFC3339)
	case []netip.Prefix:
		return joined(value)
	}
	return fmt.Sprint(value)
}

// walkRecorded calls visit for each field with an event tag, also within structs.
func walkRecorded(row reflect.Value, visit func(name string, hidden bool, v reflect.Value)) {
	for k := range row.NumField() {
		field := row.Type().Field(k)
		if !field.IsExported() {
			continue
		}
		name, option, _ := strings.Cut(field.Tag.Get("event"), ",")
		switch {
		case name == "-": // a resource of its own
		case name != "":
			visit(name, option == "hidden", row.Field(k))
		case field.Type.Kind() == reflect.Struct && field.Type.PkgPath() == reflect.TypeFor[Change]().PkgPath():
			walkRecorded(row.Field(k), visit)
		}
	}
}

func (i Instance) recorded(time.Time) recordedStatus {
	return recordedStatus{i.ID, i.Status, valueOrEmpty(i.NextStatus), i.SettlesAt}
}

func (n NetworkInterface) recorded(time.Time) recordedStatus {
	return recordedStatus{n.ID, n.Status, valueOrEmpty(n.NextStatus), n.SettlesAt}
}

func (v VPC) recorded(now time.Time) recordedStatus {
	return recordedNetwork(v.ID, v.AvailableAt, now)
}

func (v VSwitch) recorded(now time.Time) recordedStatus {
	return recordedNetwork(v.ID, v.AvailableAt, now)
}

func recordedNetwork(id string, availableAt *time.Time, now time.Time) recordedStatus {
	status := recordedStatus{resourceID: id, status: networkStatus(availableAt, now)}
	if status.status == NetworkPending && availableAt.Before(Never) {
		status.then, status.dueAt = NetworkAvailable, availableAt
	}
	return status
}

func (g SecurityGroup) recorded(time.Time) recordedStatus { return recordedStatus{resourceID: g.ID} }

func (r SecurityGroupRule) recorded(time.Time) recordedStatus {
	return recordedStatus{resourceID: r.ID}
}

// TagChanges returns the changes of a resource that loses the tags with some keys and then gets others.
// A tag is a field Tag with the value key=value.
func TagChanges(resourceID string, before map[string]string, removed []string, added map[string]string) []Change {
	if len(before)+len(added) == 0 {
		return nil
	}
	after := maps.Clone(before)
	maps.DeleteFunc(after, func(key, _ string) bool { return slices.Contains(removed, key) })
	if after == nil {
		after = map[string]string{}
	}
	maps.Copy(after, added)
	keys := slices.Concat(slices.Collect(maps.Keys(before)), slices.Collect(maps.Keys(after)))
	slices.Sort(keys)
	var changes []Change
	for _, key := range slices.Compact(keys) {
		if from, to := tagText(before, key), tagText(after, key); from != to {
			changes = append(changes, Change{Resource: resourceID, Field: "Tag", From: from, To: to})
		}
	}
	return changes
}

// tagText returns a tag as a text, or "" if there is none with the key.
func tagText(tags map[string]string, key string) string {
	value, found := tags[key]
	if !found {
		return ""
	}
	return key + "=" + value
}
