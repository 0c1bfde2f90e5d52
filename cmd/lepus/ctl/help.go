package ctl

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/xrash/smetrics"
)

// bold is text in bold type on a terminal, as RabbitMQ's tools have their
// headings wherever they go.
func bold(s string) string { return "\x1b[1m" + s + "\x1b[0m" }

// usage is the one line that says how a command is written.
func usage(tool Tool, c *command) string {
	parts := []string{tool.String(), "[--node <node>] [--longnames] [--quiet]", c.name}
	if c.columns != nil {
		parts = append(parts, "[--no-table-headers] [<column> ...]")
	}
	if c.args != "" {
		parts = append(parts, c.args)
	}
	return strings.Join(parts, " ")
}

// printHelp lists the commands of a tool.
func printHelp(w io.Writer, tool Tool) {
	fmt.Fprintf(w, "\n%s\n\n%s [--node <node>] [--timeout <timeout>] [--longnames] [--quiet] <command> [<command options>]\n\nAvailable commands:\n",
		bold("Usage"), tool)
	widest := 0
	for _, c := range commands() {
		if c.tools&tool != 0 {
			widest = max(widest, len(c.name))
		}
	}
	for _, g := range groups(tool) {
		fmt.Fprintf(w, "\n%s:\n\n", bold(g))
		for _, c := range commands() {
			if c.group == g && c.tools&tool != 0 {
				fmt.Fprintf(w, "   %-*s  %s\n", widest, c.name, c.doc)
			}
		}
	}
	fmt.Fprintf(w, "\nUse '%s help <command>' to learn more about a specific command\n", tool)
}

// groups returns the sections of help in which a tool has commands.
func groups(tool Tool) []string {
	var all []string
	for _, c := range commands() {
		if c.tools&tool != 0 && !slices.Contains(all, c.group) {
			all = append(all, c.group)
		}
	}
	return all
}

// printCommandHelp says all about a command.
func printCommandHelp(w io.Writer, tool Tool, c *command) {
	fmt.Fprintf(w, "\n%s\n\n%s\n\n%s.\n", bold("Usage"), usage(tool, c), strings.TrimSuffix(c.doc, "."))
	if c.columns != nil || c.flags != nil {
		fmt.Fprintf(w, "\n\n%s\n", bold("Arguments and Options"))
	}
	if c.columns != nil {
		fmt.Fprintf(w, "\n<column>\n\tmust be one of %s\n", strings.Join(c.columns, ", "))
	}
	printFlags(w, c.flags)
	fmt.Fprintf(w, "\n\n%s\n", bold("General Options"))
	printFlags(w, generalFlags())
}

func printFlags(w io.Writer, flags []flag) {
	for _, f := range flags {
		name := "--" + f.name
		if f.short != "" {
			name = "-" + f.short + ", " + name
		}
		if f.value {
			name += " <" + f.name + ">"
		}
		fmt.Fprintf(w, "\n%s\n\t%s\n", name, f.doc)
	}
}

// printUnknown says that there is no such command, and which there is that
// looks like it.
func printUnknown(w io.Writer, tool Tool, name string) {
	fmt.Fprintf(w, "\nCommand '%s' not found. \n", name)
	if near := nearest(tool, name); near != "" {
		fmt.Fprintf(w, "Did you mean '%s'? \n\n", near)
		return
	}
	printHelp(w, tool)
}

// nearest returns the command that differs least from name, if that is little.
func nearest(tool Tool, name string) string {
	best, found := len(name)/3+1, ""
	for _, c := range commands() {
		if c.tools&tool == 0 {
			continue
		}
		if d := smetrics.WagnerFischer(name, c.name, 1, 1, 1); d < best {
			best, found = d, c.name
		}
	}
	return found
}

func helpCommands() []*command {
	return []*command{
		{
			name: "autocomplete", tools: allTools, group: "Help", args: "<prefix>", min: 1, max: 1,
			doc: "Lists the commands that begin with a prefix",
			run: func(_ context.Context, c *call) (any, error) {
				return strings.Join(Complete(c.tool, nil, c.args[0]), "\n"), nil
			},
		},
		{
			name: "help", tools: allTools, group: "Help", args: "[<command>]", max: 1,
			doc: "Says how a command is used",
			run: func(_ context.Context, c *call) (any, error) {
				if len(c.args) == 0 {
					printHelp(c.stdout, c.tool)
					return silent{}, nil
				}
				cmd := find(c.tool, c.args[0])
				if cmd == nil {
					return nil, fail(exitUsage, "\nCommand '%s' not found.", c.args[0])
				}
				printCommandHelp(c.stdout, c.tool, cmd)
				return silent{}, nil
			},
		},
		{
			name: "version", tools: Ctl | Diagnostics | Plugins, group: "Help",
			doc: "Says which version of RabbitMQ the broker stands in for",
			run: runVersion,
		},
	}
}

// Complete returns what may stand next in a line of a tool, of what begins with
// word.
func Complete(tool Tool, before []string, word string) []string {
	var all []string
	name := commandName(before)
	cmd := find(tool, name)
	switch {
	case strings.HasPrefix(word, "-"):
		flags := generalFlags()
		if cmd != nil {
			flags = append(flags, cmd.flags...)
		}
		for _, f := range flags {
			all = append(all, "--"+f.name)
		}
	case name == "" || name == "help":
		for _, c := range commands() {
			if c.tools&tool != 0 {
				all = append(all, c.name)
			}
		}
	case cmd != nil:
		all = append(all, cmd.columns...)
	}
	all = slices.DeleteFunc(all, func(s string) bool { return !strings.HasPrefix(s, word) })
	slices.Sort(all)
	return all
}
