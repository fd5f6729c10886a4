package main

import (
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"enisim.alt/httpapi"
)

// completeWord is the first argument when the script of a shell asks for candidates. The other
// arguments are the words of its command line without the program, as far as the cursor.
const completeWord = "__complete"

// Lines that ask the script to complete the name of a file or a folder.
const (
	candidateFile   = ":file"
	candidateFolder = ":dir"
)

// The scripts of the shells. They only pass words on, so that all shells have the same candidates.
var (
	//go:embed completion/enisim.bash
	bashScript string
	//go:embed completion/enisim.zsh
	zshScript string
	//go:embed completion/enisim.fish
	fishScript string
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: bash, zsh or fish."`
}

// Help returns the text of --help.
func (*completionCommand) Help() string {
	return `Prints the script with which a shell completes commands, flags, their values, actions and their parameters.
The packages install it for all three shells.

Examples:

    enisim completion bash > /etc/bash_completion.d/enisim
    enisim completion zsh > /usr/local/share/zsh/site-functions/_enisim
    enisim completion fish > /etc/fish/completions/enisim.fish`
}

// Run runs the command.
func (c *completionCommand) Run(s streams) error {
	scripts := map[string]string{"bash": bashScript, "zsh": zshScript, "fish": fishScript}
	_, err := io.WriteString(s.Out, scripts[c.Shell])
	return err
}

// complete prints the candidates for the last of the words of a command line, and returns the exit code.
// The line is not parsed, because it is not finished.
func complete(words []string, s streams) int {
	var cli commands
	parser, err := newParser(&cli, s)
	if err != nil {
		return exitFailure
	}
	printCandidates(s.Out, parser.Model, words)
	return 0
}

// candidate is a possible word and its description.
type candidate struct{ word, help string }

// printCandidates prints the candidates for the last of the words, one a line, each with its
// description after a tab.
func printCandidates(out io.Writer, model *kong.Application, words []string) {
	for _, c := range candidates(model, words) {
		if c.help == "" {
			fmt.Fprintln(out, c.word)
			continue
		}
		fmt.Fprintf(out, "%s\t%s\n", c.word, firstSentence(c.help))
	}
}

// firstSentence returns the first sentence of a help text, on one line.
func firstSentence(help string) string {
	sentence, _, _ := strings.Cut(strings.Join(strings.Fields(help), " "), ". ")
	return strings.TrimSuffix(sentence, ".")
}

// candidates returns the candidates for the last of the words.
func candidates(model *kong.Application, words []string) []candidate {
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	line := unfinishedLine{node: model.Node}
	for _, word := range words[:len(words)-1] {
		line.add(word)
	}
	var found []candidate
	name, _, hasValue := strings.Cut(last, "=")
	switch {
	case line.flag != nil:
		found = valuesOf(line.flag.Value, line.flag.PlaceHolder)
	case line.parameter:
		return nil
	case strings.HasPrefix(last, "--") && hasValue && !line.onlyArguments:
		flag := line.findFlag(name)
		if flag == nil {
			return nil
		}
		found = valuesOf(flag.Value, flag.PlaceHolder)
		for n := range found {
			if !strings.HasPrefix(found[n].word, ":") {
				found[n].word = name + "=" + found[n].word
			}
		}
	case strings.HasPrefix(last, "-") && !line.onlyArguments:
		found = line.flags()
	case len(line.node.Children) > 0:
		found = commandsOf(line.node)
	default:
		found = line.argumentValues()
	}
	return slices.DeleteFunc(found, func(c candidate) bool {
		return !strings.HasPrefix(c.word, last) && c.word != candidateFile && c.word != candidateFolder
	})
}

// unfinishedLine is a command line as far as it was read.
type unfinishedLine struct {
	node          *kong.Node // the command so far
	arguments     []string   // its positional arguments
	given         []string   // the flags that it has, with their hyphens
	flag          *kong.Flag // the flag whose value is the next word
	parameter     bool       // whether the next word is the value of a parameter of the API
	onlyArguments bool       // after --
	help          bool       // after enisim help
}

// add reads one word.
func (l *unfinishedLine) add(word string) {
	name, _, hasValue := strings.Cut(word, "=")
	switch {
	case l.flag != nil:
		l.flag = nil
	case l.parameter:
		l.parameter = false
	case l.onlyArguments:
		l.arguments = append(l.arguments, word)
	case word == "--":
		l.onlyArguments = true
	case isAPIParameter(name):
		l.given = append(l.given, name)
		l.parameter = !hasValue
	case strings.HasPrefix(word, "-") && word != "-":
		l.given = append(l.given, name)
		if flag := l.findFlag(name); flag != nil && !hasValue && !flag.IsBool() {
			l.flag = flag
		}
	default:
		l.addArgument(word)
	}
}

// addArgument reads a command or a positional argument.
func (l *unfinishedLine) addArgument(word string) {
	if word == "help" && l.node.Parent == nil {
		l.help = true
		return
	}
	n := slices.IndexFunc(l.node.Children, func(child *kong.Node) bool { return child.Name == word })
	if n >= 0 {
		l.node = l.node.Children[n]
		return
	}
	l.arguments = append(l.arguments, word)
}

// isAPIParameter reports whether a word is a parameter of the API for enisim call.
func isAPIParameter(word string) bool {
	name, isFlag := strings.CutPrefix(word, "--")
	return isFlag && name != "" && name[0] >= 'A' && name[0] <= 'Z'
}

// findFlag returns the flag of the command with this name, with its hyphens, or nil.
func (l *unfinishedLine) findFlag(name string) *kong.Flag {
	for _, flag := range slices.Concat(l.node.AllFlags(false)...) {
		if name == "--"+flag.Name || flag.Short != 0 && name == "-"+string(flag.Short) {
			return flag
		}
	}
	return nil
}

// flags returns the flags of the command that it does not have yet, and the parameters of the action
// of enisim call.
func (l *unfinishedLine) flags() []candidate {
	var found []candidate
	offer := func(name, help string, repeatable bool) {
		if repeatable || !slices.Contains(l.given, name) {
			found = append(found, candidate{name, help})
		}
	}
	for _, flag := range slices.Concat(l.node.AllFlags(true)...) {
		offer("--"+flag.Name, flag.Help, flag.IsCumulative())
		if flag.Tag.Negatable != "" {
			offer("--no-"+flag.Name, "Not: "+flag.Help, false)
		}
	}
	if l.node.Name == "call" && len(l.arguments) > 0 {
		action := l.arguments[0]
		described, _ := httpapi.FindDescription(httpapi.VersionOf(action), action)
		for _, p := range described.Parameters {
			name := "--" + p.Name
			if p.Style == "repeatList" {
				name += ".1"
			}
			help := p.Schema.Type
			if p.Schema.Required {
				help += ", required"
			}
			offer(name, help, false)
		}
	}
	return found
}

// commandsOf returns the commands below a command.
func commandsOf(node *kong.Node) []candidate {
	var found []candidate
	for _, child := range node.Children {
		if !child.Hidden {
			found = append(found, candidate{child.Name, child.Help})
		}
	}
	return found
}

// argumentValues returns the values of the next positional argument. The last argument may be a list.
func (l *unfinishedLine) argumentValues() []candidate {
	all := l.node.Positional
	if l.help || len(all) == 0 {
		return nil
	}
	n := min(len(l.arguments), len(all)-1)
	if n < len(l.arguments) && !all[n].IsCumulative() {
		return nil
	}
	return valuesOf(all[n], all[n].Tag.PlaceHolder)
}

// valuesOf returns the values of a flag or an argument, as far as they are known.
func valuesOf(value *kong.Value, placeholder string) []candidate {
	switch {
	case value.Enum != "":
		var found []candidate
		for _, word := range value.EnumSlice() {
			found = append(found, candidate{word: word})
		}
		return found
	case strings.HasPrefix(placeholder, "FILE"), value.Name == "file", value.Name == "history":
		return []candidate{{word: candidateFile}}
	case placeholder == "DIR":
		return []candidate{{word: candidateFolder}}
	case value.Name == "action":
		var found []candidate
		for _, permission := range httpapi.ActionNames() {
			product, action, _ := strings.Cut(permission, ":")
			found = append(found, candidate{action, product})
		}
		return found
	}
	return nil
}
