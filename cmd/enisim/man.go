package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type manCommand struct {
	Command []string `arg:"" optional:"" help:"The command, such as serve or scenario apply; without it, the page is that of enisim."`
	Dir     string   `env:"ENISIM_MAN_DIR" help:"Write the pages of all commands to this folder, as enisim.1, enisim-serve.1 and so on." placeholder:"DIR"`
}

// Help returns the text of --help.
func (*manCommand) Help() string {
	return `Prints a manual page in the format of man. The packages install all pages, and man enisim-serve shows one.

Examples:

    enisim man serve > enisim-serve.1
    enisim man --dir /usr/local/share/man/man1`
}

// Run runs the command.
func (c *manCommand) Run(s streams, model *kong.Application) error {
	if c.Dir == "" {
		node, err := findCommand(model.Node, c.Command)
		if err != nil {
			return usageError{err}
		}
		return writeManPage(s.Out, node)
	}
	if len(c.Command) > 0 {
		return usageError{errors.New("--dir is for the pages of all commands: leave out the command")}
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return err
	}
	for _, node := range manNodes(model.Node) {
		var page strings.Builder
		if err := writeManPage(&page, node); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(c.Dir, manName(node)+".1"), []byte(page.String()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// findCommand returns the command with these words.
func findCommand(node *kong.Node, words []string) (*kong.Node, error) {
	for _, word := range words {
		n := slices.IndexFunc(node.Children, func(child *kong.Node) bool { return child.Name == word && !child.Hidden })
		if n < 0 {
			return nil, fmt.Errorf("%s has no command %q", node.FullPath(), word)
		}
		node = node.Children[n]
	}
	return node, nil
}

// manNodes returns the commands that have a page: all that --help shows.
func manNodes(node *kong.Node) []*kong.Node {
	all := []*kong.Node{node}
	for _, child := range node.Children {
		if !child.Hidden {
			all = append(all, manNodes(child)...)
		}
	}
	return all
}

// manName returns the name of a page, such as enisim-scenario-apply.
func manName(node *kong.Node) string { return strings.Join(commandWords(node), "-") }

// commandWords returns the words of a command, which begin with enisim.
func commandWords(node *kong.Node) []string {
	if node.Parent == nil {
		return []string{node.Name}
	}
	return append(commandWords(node.Parent), node.Name)
}

// writeManPage writes the manual page of a command.
func writeManPage(out io.Writer, node *kong.Node) error {
	page := &manPage{}
	page.line(".TH", strings.ToUpper(manName(node)), "1", "", "enisim "+version, "enisim")
	page.section("NAME")
	page.text(fmt.Sprintf("%s - %s", manName(node), firstSentence(node.Help)))
	page.section("SYNOPSIS")
	page.text(synopsis(node))
	page.section("DESCRIPTION")
	page.paragraphs(strings.TrimSpace(node.Help + "\n\n" + node.Detail))
	if len(node.Positional) > 0 {
		page.section("ARGUMENTS")
		for _, argument := range node.Positional {
			page.item(argument.Summary(), kong.DefaultHelpValueFormatter(argument))
		}
	}
	page.commands(node)
	page.flags(node)
	if node.Parent == nil {
		page.section("EXIT STATUS")
		for _, code := range []struct{ code, meaning string }{
			{fmt.Sprint(0), "The command did its work."},
			{fmt.Sprint(exitFailure), "It failed."},
			{fmt.Sprint(exitUsage), "The command line or a file is not valid."},
			{fmt.Sprint(exitUndecided), "A check has no verdict."},
			{fmt.Sprint(exitInterrupted), "It was interrupted."},
		} {
			page.item(code.code, code.meaning)
		}
	}
	_, err := io.WriteString(out, page.content.String())
	return err
}

// synopsis returns the command line of a command.
func synopsis(node *kong.Node) string {
	words := commandWords(node)
	if len(node.Children) > 0 {
		words = append(words, "<command>")
	}
	for _, argument := range node.Positional {
		words = append(words, argument.Summary())
	}
	return strings.Join(append(words, "[flags]"), " ")
}

// manPage is a manual page in the macros of man.
type manPage struct{ content strings.Builder }

// roffText returns a text without the signs that mean something to roff.
func roffText(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}

// line writes a macro with its arguments.
func (p *manPage) line(macro string, arguments ...string) {
	p.content.WriteString(macro)
	for _, a := range arguments {
		fmt.Fprintf(&p.content, ` "%s"`, strings.ReplaceAll(roffText(a), `"`, `\(dq`))
	}
	p.content.WriteString("\n")
}

// section begins a section.
func (p *manPage) section(title string) { p.line(".SH", title) }

// text writes a line of text.
func (p *manPage) text(text string) { p.content.WriteString(roffText(text) + "\n") }

// item writes a term and its explanation.
func (p *manPage) item(term, explanation string) {
	p.line(".TP")
	p.content.WriteString(`\fB` + roffText(term) + "\\fR\n")
	p.text(explanation)
}

// paragraphs writes a text as --help shows it: lines that are indented stay as they are.
func (p *manPage) paragraphs(text string) {
	indented := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \n")
		isIndented := strings.HasPrefix(line, "  ") || indented && line == ""
		switch {
		case isIndented && !indented:
			p.line(".PP")
			p.line(".nf")
		case !isIndented && indented:
			p.line(".fi")
			p.line(".PP")
		case line == "":
			p.line(".PP")
		}
		indented = isIndented
		if line != "" {
			p.text(line)
		}
	}
	if indented {
		p.line(".fi")
	}
}

// commands writes the commands below a command, in their groups.
func (p *manPage) commands(node *kong.Node) {
	var all []*kong.Node
	for _, leaf := range node.Leaves(true) {
		if leaf != node {
			all = append(all, leaf)
		}
	}
	if len(all) == 0 {
		return
	}
	p.section("COMMANDS")
	p.text("Each command has a page of its own, such as " + manName(all[0]) + "(1).")
	group := ""
	for _, leaf := range all {
		if g := leaf.ClosestGroup(); g != nil && g.Title != group {
			group = g.Title
			p.line(".SS", strings.TrimSuffix(group, ":"))
		}
		p.item(strings.Join(commandWords(leaf), " "), leaf.Help)
	}
}

// flags writes the flags of a command, with their variables: first those without a group, then each group.
func (p *manPage) flags(node *kong.Node) {
	p.section("OPTIONS")
	groups := []string{""}
	byGroup := map[string][]*kong.Flag{}
	for _, flag := range slices.Concat(node.AllFlags(true)...) {
		title := ""
		if flag.Group != nil {
			title = flag.Group.Title
		}
		if !slices.Contains(groups, title) {
			groups = append(groups, title)
		}
		byGroup[title] = append(byGroup[title], flag)
	}
	for _, title := range groups {
		if title != "" {
			p.line(".SS", strings.TrimSuffix(title, ":"))
		}
		for _, flag := range byGroup[title] {
			name := flag.String()
			if flag.Tag.Negatable != "" {
				name = strings.Replace(name, "--", "--[no-]", 1)
			}
			p.item(name, kong.DefaultHelpValueFormatter(flag.Value))
		}
	}
}
