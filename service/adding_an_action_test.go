package service

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The code that docs/adding-an-action.md quotes is in the files that it names.
func TestAddingAnActionQuotesTheFiles(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/adding-an-action.md")
	if err != nil {
		t.Fatal(err)
	}
	quotes := regexp.MustCompile("(?s)`([^`\n]+)`:\n```go\n(.*?)\n```").FindAllStringSubmatch(string(page), -1)
	if got, want := len(quotes), strings.Count(string(page), "```go\n"); got != want || want == 0 {
		t.Fatalf("blocks of code below the name of a file: got %d, want %d", got, want)
	}
	for _, quote := range quotes {
		file, err := os.ReadFile(filepath.Join("..", quote[1]))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(file), quote[2]) {
			t.Errorf("%s: got no such code, want what docs/adding-an-action.md quotes:\n%s", quote[1], quote[2])
		}
	}
}
