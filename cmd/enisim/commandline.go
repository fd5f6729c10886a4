package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"enisim.alt/service/match"
)

// commandGroups returns the groups of commands in --help.
func commandGroups() kong.Option {
	return kong.ExplicitGroups([]kong.Group{
		{Key: "server", Title: "The server:"},
		{Key: "calls", Title: "Calls and load:"},
		{Key: "worlds", Title: "Worlds and accounts:"},
		{Key: "observe", Title: "Observation:"},
		{Key: "disturb", Title: "Disturbances:"},
		{Key: "proof", Title: "Proof:"},
		{Key: "database", Title: "The database:"},
		{Key: "about", Title: "About enisim:"},
	})
}

// flagMappers returns the mappers of numbers and durations. They enforce the min and max tags of a
// flag; without a min tag, negative values are refused.
func flagMappers() kong.Option {
	all := []kong.Option{
		kong.TypeMapper(reflect.TypeFor[time.Duration](),
			boundedMapper("a duration such as 0, 500ms, 2s, 30m or 1h", time.ParseDuration, time.Duration.String)),
		kong.TypeMapper(reflect.TypeFor[int](), boundedMapper("a whole number", strconv.Atoi, strconv.Itoa)),
		kong.TypeMapper(reflect.TypeFor[int64](), boundedMapper("a whole number",
			func(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) },
			func(n int64) string { return strconv.FormatInt(n, 10) })),
		kong.TypeMapper(reflect.TypeFor[uint64](), boundedMapper("a whole number",
			func(text string) (uint64, error) { return strconv.ParseUint(text, 10, 64) },
			func(n uint64) string { return strconv.FormatUint(n, 10) })),
		kong.TypeMapper(reflect.TypeFor[float64](), boundedMapper("a number", parseFinite,
			func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) })),
		kong.TypeMapper(reflect.TypeFor[slog.Level](), kong.MapperFunc(readLevel)),
	}
	return kong.OptionFunc(func(k *kong.Kong) error {
		for _, option := range all {
			if err := option.Apply(k); err != nil {
				return err
			}
		}
		return nil
	})
}

// parseFinite parses a number and refuses infinities and NaN.
func parseFinite(text string) (float64, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err == nil && f-f != 0 { // infinity or NaN
		err = strconv.ErrRange
	}
	return f, err
}

// boundedMapper returns a mapper of an ordered type. what describes a valid value.
func boundedMapper[T cmp.Ordered](what string, parse func(string) (T, error), format func(T) string) kong.Mapper {
	return kong.MapperFunc(func(context *kong.DecodeContext, target reflect.Value) error {
		var text string
		if err := context.Scan.PopValueInto("value", &text); err != nil {
			return fmt.Errorf("give %s", what)
		}
		value, err := parse(text)
		if err != nil {
			return fmt.Errorf("%q is not %s", text, what)
		}
		var minimum T // 0 without a tag
		if tag := context.Value.Tag.Get("min"); tag != "" {
			if minimum, err = parse(tag); err != nil {
				return fmt.Errorf("the tag min:%q: %w", tag, err)
			}
		}
		if value < minimum {
			return fmt.Errorf("it is %s and must be at least %s: give %s", text, format(minimum), what)
		}
		if tag := context.Value.Tag.Get("max"); tag != "" {
			maximum, err := parse(tag)
			if err != nil {
				return fmt.Errorf("the tag max:%q: %w", tag, err)
			}
			if value > maximum {
				return fmt.Errorf("it is %s and must be at most %s: give %s", text, format(maximum), what)
			}
		}
		target.Set(reflect.ValueOf(value))
		return nil
	})
}

// readLevel reads a log level.
func readLevel(context *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := context.Scan.PopValueInto("level", &text); err != nil {
		return errors.New("give debug, info, warn or error")
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return fmt.Errorf("%q is not a level: give debug, info, warn or error", text)
	}
	target.Set(reflect.ValueOf(level))
	return nil
}

// normalizeArguments converts a command line to the form that the parser reads. enisim help COMMAND
// becomes COMMAND --help. A negative number after a flag is joined with it, so that the flag can
// refuse it.
func normalizeArguments(args []string) []string {
	if len(args) > 0 && args[0] == "help" && !slices.Contains(args, "--help") {
		args = append(slices.Clone(args[1:]), "--help")
	}
	var out []string
	for i := 0; i < len(args); i++ {
		isFlag := strings.HasPrefix(args[i], "--") && len(args[i]) > 2 && !strings.Contains(args[i], "=")
		if isFlag && i+1 < len(args) && len(args[i+1]) > 1 && args[i+1][0] == '-' &&
			(args[i+1][1] == '.' || args[i+1][1] >= '0' && args[i+1][1] <= '9') {
			out = append(out, args[i]+"="+args[i+1])
			i++
			continue
		}
		out = append(out, args[i])
	}
	return out
}

// explainParse returns the text of a parse error, in which a value names the variable that it came
// from.
func explainParse(err error) string {
	return strings.Replace(err.Error(), " (from envar ", " (from the environment: ", 1)
}

// commandOf returns the command of a command line as far as it was parsed, such as enisim scenario
// apply.
func commandOf(err error) string {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		for _, element := range slices.Backward(parse.Context.Path) {
			if node := element.Command; node != nil {
				return node.FullPath()
			}
		}
	}
	return "enisim"
}

// helpCommand exists for the list of commands; normalizeArguments converts it to --help.
type helpCommand struct {
	Command []string `arg:"" optional:"" help:"The command."`
}

// Run is never called.
func (*helpCommand) Run() error { return nil }

// warnOfUnknownVariables warns of environment variables that have our prefix and are not settings.
func warnOfUnknownVariables(errOut io.Writer, model *kong.Application, environment []string) {
	// First collect the names of the settings, without ENISIM_, which would make all of them
	// similar.
	var known []string
	var visit func(*kong.Node)
	visit = func(node *kong.Node) {
		for _, flag := range node.Flags {
			for _, name := range flag.Envs {
				known = append(known, strings.TrimPrefix(name, "ENISIM_"))
			}
		}
		for _, child := range node.Children {
			visit(child)
		}
	}
	visit(model.Node)
	slices.Sort(known)
	known = slices.Compact(known)
	// Then check the variables, and suggest a similar name.
	for _, variable := range slices.Sorted(slices.Values(environment)) {
		name, _, _ := strings.Cut(variable, "=")
		word, ours := strings.CutPrefix(name, "ENISIM_")
		if !ours || slices.Contains(known, word) || isForeignVariable(name) {
			continue
		}
		hint := "enisim help serve lists those of the server"
		if near := match.Nearest(word, known); near != "" {
			hint = "did you mean ENISIM_" + near + "?"
		}
		fmt.Fprintf(errOut, "enisim: %s is not a setting and changes nothing: %s\n", name, hint)
	}
}

// isForeignVariable reports whether a variable has our prefix and belongs to something else: tests,
// docker-compose.yml, or Kubernetes, which sets variables for a service named enisim.
func isForeignVariable(name string) bool {
	if slices.Contains([]string{"ENISIM_IMAGE", "ENISIM_POSTGRES_IMAGE", "ENISIM_PORT"}, name) {
		return true
	}
	return slices.ContainsFunc([]string{"ENISIM_TEST_", "ENISIM_STORETEST_", "ENISIM_SERVICE_", "ENISIM_PORT_"},
		func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// newParser returns the parser of the whole command line.
func newParser(cli *commands, s streams, options ...kong.Option) (*kong.Kong, error) {
	return kong.New(cli, append(options,
		kong.Name("enisim"),
		kong.Description("A persistent simulator of the ECS control plane. Every flag but --help and --version can "+
			"also be set in the environment, as its help says."),
		kong.DefaultEnvars("ENISIM"),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{"version": versionLine()},
		kong.Writers(s.Out, s.Err),
		commandGroups(),
		flagMappers(),
	)...)
}
