package ctl

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// maxDefinitions is how many bytes of definitions are read.
const maxDefinitions = 1 << 30

func definitionCommands() []*command {
	const group = "Definitions"
	format := flag{name: "format", value: true, doc: "json, the only one"}
	return []*command{
		{
			name: "export_definitions", tools: Ctl, group: group, args: `<file_path | "-"> [--format <json>]`, min: 1, max: 1,
			flags: []flag{format}, check: checkExport,
			doc: "Writes what is defined, without messages, to a file",
			banner: func(c *call) string {
				if c.args[0] == "-" {
					return ""
				}
				return fmt.Sprintf("Exporting definitions in JSON to a file at %q ...", c.args[0])
			},
			run: exportDefinitions,
		},
		{
			name: "import_definitions", tools: Ctl, group: group, args: `[<file_path | "-">] [--format <json>] [--skip-if-unchanged]`, max: 1,
			flags: []flag{format, {name: "skip-if-unchanged", doc: "ignored: what is there already is not changed"}}, check: checkImport,
			doc: "Adds what is defined in a file to what there is",
			banner: func(c *call) string {
				if c.fromStdin() {
					return "Importing definitions in JSON from standard input ..."
				}
				return fmt.Sprintf("Importing definitions in JSON from a file at %q ...", c.args[0])
			},
			run: importDefinitions,
		},
	}
}

func (c *call) fromStdin() bool { return len(c.args) == 0 || c.args[0] == "-" }

func checkFormat(c *call) error {
	if f := c.option("format", "json"); f != "json" {
		return badArgument("Format %s is not supported, definitions are written and read as json", f)
	}
	return nil
}

func checkExport(c *call) error {
	if err := checkFormat(c); err != nil || c.args[0] == "-" {
		return err
	}
	dir := filepath.Dir(c.args[0])
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return badArgument("Directory %s does not exist", dir)
	}
	return nil
}

func checkImport(c *call) error {
	if err := checkFormat(c); err != nil || c.fromStdin() {
		return err
	}
	if _, err := os.Stat(c.args[0]); err != nil {
		return badArgument("File %s does not exist", c.args[0])
	}
	return nil
}

func exportDefinitions(ctx context.Context, c *call) (any, error) {
	var all []byte
	if err := c.api.Do(ctx, api.Request{Method: "GET", Path: api.Path("definitions")}, &all); err != nil {
		return nil, err
	}
	if c.args[0] == "-" {
		_, err := fmt.Fprintf(c.stdout, "%s\n", all)
		return silent{}, err
	}
	// It has the hashes of passwords.
	return nil, os.WriteFile(c.args[0], all, 0o600)
}

func importDefinitions(ctx context.Context, c *call) (any, error) {
	from := c.stdin
	if !c.fromStdin() {
		f, err := os.Open(c.args[0])
		if err != nil {
			return nil, err
		}
		defer f.Close()
		from = f
	}
	all, err := io.ReadAll(io.LimitReader(from, maxDefinitions))
	if err != nil {
		return nil, err
	}
	var definitions map[string]json.RawMessage
	if err := json.Unmarshal(all, &definitions); err != nil {
		return nil, fail(exitData, "Failed to deserialise input (format: JSON) (error: %v)", err)
	}
	return nil, c.api.Post(ctx, api.Path("definitions"), json.RawMessage(all), nil)
}
