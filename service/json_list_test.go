package service

import (
	"reflect"
	"testing"
)

// A list parameter is JSON, or one of the other forms that the API accepts: in quotes, with single
// quotes, or a single text. Other texts are refused.
func TestParseJSONList(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]JSONList{
		`["i-1","i-2"]`:       {"i-1", "i-2"},
		` [ "i-1" , "i-2" ] `: {"i-1", "i-2"},
		`["a\u4e2d"]`:         {"a中"},
		`[]`:                  {},
		`[ ]`:                 {},
		`null`:                {},
		`['i-1']`:             {"i-1"},
		`['i-1', 'i-2']`:      {"i-1", "i-2"},
		`["i-1",'i-2']`:       {"i-1", "i-2"},
		`[\"i-1\",\"i-2\"]`:   {"i-1", "i-2"},
		`'["i-1","i-2"]'`:     {"i-1", "i-2"},
		`"['i-1','i-2']"`:     {"i-1", "i-2"},
		`"[\"i-1\"]"`:         {"i-1"},
		`'[]'`:                {},
		`"i-1"`:               {"i-1"},
		`'i-1'`:               {"i-1"},
		`["i-1",]`:            {"i-1"},
		`['']`:                {""},
		`["i-\u0000"]`:        nil,
		`[i-1]`:               nil,
		`[i-1,i-2]`:           nil,
		`i-1`:                 nil,
		`i-1,i-2`:             nil,
		`"i-1,i-2"`:           nil,
		`"i-1","i-2"`:         nil,
		`["i-1" "i-2"]`:       nil,
		`["i-1",,"i-2"]`:      nil,
		`[,]`:                 nil,
		`["i-1]`:              nil,
		`['i-1"]`:             nil,
		`["i-1"`:              nil,
		`"i-1"]`:              nil,
		`[["i-1"]]`:           nil,
		`[1]`:                 nil,
		`{"a":1}`:             nil,
		`""`:                  nil,
		`'`:                   nil,
		`true`:                nil,
		`["i-1"]["i-2"]`:      nil,
		`['i\u002d1']`:        nil,
	} {
		got, err := ParseJSONList(text)
		if (err != nil) != (want == nil) || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, %v, want %#v", text, got, err, want)
		}
	}
}
