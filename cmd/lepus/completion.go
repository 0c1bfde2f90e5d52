package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// The scripts have lepus itself say what may stand next, so that they need not
// know any command. Programs of RabbitMQ's names are completed, too.
const (
	bashCompletion = `_lepus() {
	local IFS=$'\n'
	COMPREPLY=($(lepus completion next -- "${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null))
	[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
}
complete -o default -F _lepus %s
`
	zshCompletion = `#compdef %[1]s
_lepus() {
	local -a all
	all=("${(@f)$(lepus completion next -- "${(@)words[1,CURRENT]}" 2>/dev/null)}")
	compadd -a all || _files
}
compdef _lepus %[1]s
`
	fishCompletion = `for program in %s
	complete -c $program -a '(lepus completion next -- (commandline -opc) (commandline -ct) 2>/dev/null)'
end
`
)

func completionCommand() *cli.Command {
	script := func(shell, text string) *cli.Command {
		return &cli.Command{
			Name: shell, Usage: "print the script for " + shell, OnUsageError: usageError,
			Action: func(c *cli.Context) error {
				if err := noArguments(c); err != nil {
					return err
				}
				_, err := fmt.Fprintf(c.App.Writer, text, strings.Join(programs(), " "))
				return err
			},
		}
	}
	return &cli.Command{
		Name: "completion", Usage: "print a script that has a shell complete commands: bash, zsh or fish",
		Description: "bash: source <(lepus completion bash)\nzsh:  source <(lepus completion zsh)\nfish: lepus completion fish | source",
		Subcommands: []*cli.Command{
			script("bash", bashCompletion), script("zsh", zshCompletion), script("fish", fishCompletion),
			{Name: "next", Hidden: true, SkipFlagParsing: true, HideHelp: true, Action: completeNext},
		},
	}
}

// programs are the names under which the binary is run.
func programs() []string {
	all := []string{"lepus"}
	for _, t := range tools() {
		all = append(all, t.program)
	}
	return all
}

// completeNext prints what may stand for the last word of a line, one a line.
func completeNext(c *cli.Context) error {
	line := c.Args().Slice()
	if len(line) > 0 && line[0] == "--" {
		line = line[1:]
	}
	if len(line) < 2 {
		return nil
	}
	line = byName(line)
	for _, next := range complete(c.App, line[1:len(line)-1], line[len(line)-1]) {
		if _, err := fmt.Fprintln(c.App.Writer, next); err != nil {
			return err
		}
	}
	return nil
}

// complete returns what may stand for word after before.
func complete(app *cli.App, before []string, word string) []string {
	if len(before) > 0 {
		for _, t := range tools() {
			if t.command == before[0] {
				return t.complete(before[1:], word)
			}
		}
	}
	var all []string
	commands := app.Commands
	var flags []cli.Flag
	for _, b := range before {
		at := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(b) })
		if at >= 0 {
			flags, commands = commands[at].Flags, commands[at].Subcommands
		}
	}
	for _, sub := range commands {
		if !sub.Hidden {
			all = append(all, sub.Name)
		}
	}
	if strings.HasPrefix(word, "-") {
		all = nil
		for _, f := range flags {
			all = append(all, "--"+f.Names()[0])
		}
	}
	return slices.DeleteFunc(all, func(s string) bool { return !strings.HasPrefix(s, word) })
}
