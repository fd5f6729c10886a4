package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"enisim.alt/service/scenario"
	"enisim.alt/service/scenario/topology"
)

type scenarioImportCommand struct {
	Files   []string `arg:"" name:"file" help:"Answers in JSON, or folders of *.json files."`
	Account string   `help:"Account that the scenario is for (default: the owner that the answers name)." placeholder:"ID"`
	Key     string   `help:"Access key to give the account." placeholder:"ID:SECRET"`
	Output  string   `short:"o" help:"File to write (default: standard output)." placeholder:"FILE"`
}

// Help returns the text of --help.
func (*scenarioImportCommand) Help() string {
	return `Reads what the vendor's CLI prints for DescribeVpcs, DescribeVSwitches, DescribeSecurityGroups,
DescribeInstances and DescribeNetworkInterfaces: any number of files and pages, in any order. What they refer to and do
not hold is listed, so that it can be fetched.

Example:

    enisim scenario import ./answers --key LTAIstaging00000001:staging-secret --output staging.yaml`
}

// sixteenDigits matches account ids.
var sixteenDigits = regexp.MustCompile(`^[0-9]{16}$`)

// Validate returns an error for options that would otherwise fail later.
func (c *scenarioImportCommand) Validate() error {
	if id, secret, found := strings.Cut(c.Key, ":"); c.Key != "" && (!found || id == "" || secret == "") {
		return errors.New("--key is not of the form ID:SECRET")
	}
	if c.Account != "" && !sixteenDigits.MatchString(c.Account) {
		return fmt.Errorf("--account %s: an account id has 16 digits", c.Account)
	}
	return nil
}

// Run runs the command.
func (c *scenarioImportCommand) Run(s streams) error {
	sources, err := readSources(c.Files)
	if err != nil {
		return err
	}
	id, secret, _ := strings.Cut(c.Key, ":")
	text, err := topology.Import(sources, topology.Options{AccountID: c.Account, KeyID: id, Secret: secret})
	if err != nil {
		fmt.Fprintln(s.Err, err)
		return errQuiet
	}
	if c.Output == "" {
		_, err = s.Out.Write(text)
	} else {
		err = os.WriteFile(c.Output, text, 0o600) // it may hold a secret
	}
	if err != nil {
		return err
	}
	name := c.Output
	if name == "" {
		name = "scenario"
	}
	sc, err := scenario.Parse(name, text)
	// The cloud allows more than a scenario. The file is kept, so that it can be corrected.
	if err != nil {
		return fmt.Errorf("this must be mended before the scenario can be applied:\n%w", err)
	}
	fmt.Fprintf(s.Err, "%s: %s\n", name, sc.Summary())
	return nil
}

// readSources reads files, and the *.json files of folders.
func readSources(paths []string) ([]topology.Source, error) {
	var sources []topology.Source
	for _, path := range paths {
		files := []string{path}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			if files, err = filepath.Glob(filepath.Join(path, "*.json")); err != nil {
				return nil, err
			}
			if len(files) == 0 {
				return nil, fmt.Errorf("%s holds no *.json", path)
			}
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			sources = append(sources, topology.Source{Name: file, Data: data})
		}
	}
	return sources, nil
}
