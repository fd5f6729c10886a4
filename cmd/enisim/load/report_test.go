package load

import (
	"regexp"
	"strings"
	"testing"
)

// elsewhere is what would make a browser fetch something.
var elsewhere = regexp.MustCompile(`(?i)<(?:script|link|img|iframe|object|embed)\b[^>]*\b(?:src|href|data)\s*=|@import|url\(\s*['"]?https?:`)

// A report needs nothing but itself: no script, style, font or picture from elsewhere.
func TestAReportIsOneFile(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := Report(&out, "127.0.0.1:8080 </title><b>", sample()); err != nil {
		t.Fatal(err)
	}
	if found := elsewhere.FindString(strings.Replace(out.String(), script, "", 1)); found != "" {
		t.Errorf("the page fetches something: %s", found)
	}
	if !strings.Contains(out.String(), script) {
		t.Error("the script is not in the page")
	}
	for _, want := range []string{"AttachNetworkInterface", "EniPerInstanceLimitExceeded", "Latency of DetachNetworkInterface"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the page has no %s", want)
		}
	}
	for _, unsafe := range []string{"</title><b>", "</script><b>"} {
		if strings.Contains(out.String(), unsafe) {
			t.Errorf("the page takes a text for its own: %s", unsafe)
		}
	}
}
