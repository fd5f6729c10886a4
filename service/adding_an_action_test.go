package service

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The code on the page for those who add an action is the code of the files that it names.
func TestAddingAnActionQuotesTheFiles(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/adding-an-action.md")
	if err != nil {
		t.Fatal(err)
	}
	quotes := regexp.MustCompile("(?s)`([^`\n]+)`:\n```go\n(.*?)\n```").FindAllStringSubmatch(string(page), -1)
	if got, want := len(quotes), strings.Count(string(page), "```go\n"); got != want || want == 0 {
		t.Fatalf("got %d blocks of code below the name of a file, want %d", got, want)
	}
	for _, quote := range quotes {
		file, err := os.ReadFile(filepath.Join("..", quote[1]))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(file), quote[2]) {
			t.Errorf("%s does not have what docs/adding-an-action.md quotes:\n%s", quote[1], quote[2])
		}
	}
}
