package ctl

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// typed is a line taken apart: flags may stand anywhere, as RabbitMQ's tools
// allow it.
type typed struct {
	words   []string // the command and its arguments
	options map[string]string
	bad     []string // flags that there are not, or whose value is wrong
}

// parse takes a line apart. Which flags take a value is looked up in flags.
func parse(line []string, flags []flag) typed {
	t := typed{options: make(map[string]string)}
	for i := 0; i < len(line); i++ {
		word := line[i]
		if word == "--" {
			t.words = append(t.words, line[i+1:]...)
			break
		}
		if !isFlag(word) {
			t.words = append(t.words, word)
			continue
		}
		name, value, given := strings.Cut(word, "=")
		f := flagNamed(flags, name)
		switch {
		case f == nil:
			t.bad = append(t.bad, name+" : "+value)
			continue
		case f.value && !given:
			if i++; i == len(line) {
				t.bad = append(t.bad, name+" : ")
				continue
			}
			value = line[i]
		}
		if f.number && !isNumber(value) {
			t.bad = append(t.bad, name+" : "+value)
			continue
		}
		t.options[f.name] = value
	}
	return t
}

// isFlag says whether a word is one: a lone dash is a file, a dash and a digit
// a number.
func isFlag(word string) bool {
	return len(word) > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9')
}

// isNumber says whether a value is a whole number, or infinity.
func isNumber(value string) bool {
	_, err := strconv.ParseInt(value, 10, 64)
	return err == nil || value == "infinity"
}

// flagNamed finds --name and -n.
func flagNamed(flags []flag, word string) *flag {
	i := slices.IndexFunc(flags, func(f flag) bool {
		return word == "--"+f.name || f.short != "" && word == "-"+f.short || strings.ReplaceAll(word, "_", "-") == "--"+f.name
	})
	if i < 0 {
		return nil
	}
	return &flags[i]
}

// commandName finds the command in a line, before it is known which flags it
// has: the first word that is neither a flag nor a general flag's value.
func commandName(line []string) string {
	t := parse(line, generalFlags())
	if len(t.words) == 0 {
		return ""
	}
	return t.words[0]
}

// validate says what is wrong with the words of a call, if anything.
func (c *call) validate(t typed) error {
	if len(t.bad) > 0 {
		return wrongUse(exitUsage, "Invalid options for this command:\n%s", strings.Join(t.bad, "\n"))
	}
	if f := c.formatter(); !slices.Contains(formatters(), f) {
		return wrongUse(exitUsage, "Formatter %q is not supported, use one of %s", f, strings.Join(formatters(), ", "))
	}
	if len(c.args) < c.cmd.min {
		return wrongUse(exitUsage, "not enough arguments.")
	}
	if c.cmd.max >= 0 && len(c.args) > c.cmd.max {
		return wrongUse(exitUsage, "too many arguments.")
	}
	if c.cmd.columns != nil {
		if err := c.checkColumns(); err != nil {
			return err
		}
	}
	if c.cmd.check != nil {
		return c.cmd.check(c)
	}
	return nil
}

// checkColumns splits what may be given as a,b,c and refuses what there is not.
func (c *call) checkColumns() error {
	var asked, unknown []string
	for _, a := range c.args {
		for _, name := range strings.FieldsFunc(a, func(r rune) bool { return r == ',' }) {
			asked = append(asked, name)
			if !slices.Contains(c.cmd.columns, name) {
				unknown = append(unknown, name)
			}
		}
	}
	if unknown != nil {
		return wrongUse(exitUsage, "Info key(s) %s are not supported", strings.Join(unknown, ", "))
	}
	if asked == nil {
		asked = c.cmd.columns[:c.cmd.defaults]
	}
	c.args = asked
	return nil
}

// lineOf is the line as it is repeated to who typed it.
func lineOf(words []string) string { return fmt.Sprint(strings.Join(words, " ")) }
