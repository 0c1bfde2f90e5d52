package admin

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

func printHelp(w io.Writer) error {
	var b strings.Builder
	b.WriteString("Usage\n=====\n  rabbitmqadmin [options] subcommand\n\nOptions\n=======\n")
	for _, o := range known() {
		names := "--" + o.name
		if o.value {
			names += "=" + strings.ToUpper(strings.ReplaceAll(o.name, "-", "_"))
		}
		if o.short != "" {
			names += ", -" + o.short
		}
		fmt.Fprintf(&b, "%s\n                        %s\n", names, o.doc)
	}
	b.WriteString("\nMore Help\n=========\n\n  rabbitmqadmin help subcommands  # For a list of available subcommands\n" +
		"  rabbitmqadmin help config       # For help with the configuration file\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// help is the command of that name.
func help(w io.Writer, words []string) error {
	switch {
	case len(words) == 0:
		return printHelp(w)
	case len(words) == 1 && words[0] == "subcommands":
		_, err := io.WriteString(w, subcommands())
		return err
	case len(words) == 1 && words[0] == "config":
		_, err := io.WriteString(w, configHelp)
		return err
	}
	return wrongUse("help topic must be one of:\n  subcommands\n  config")
}

func subcommands() string {
	var b strings.Builder
	title := func(s string) { fmt.Fprintf(&b, "\n%s\n%s\n\n", s, strings.Repeat("=", len(s))) }
	title("Display")
	for _, l := range listable() {
		fmt.Fprintf(&b, "  list %s [<column>...]\n", l.name)
	}
	for _, l := range showable() {
		fmt.Fprintf(&b, "  show %s [<column>...]\n", l.name)
	}
	title("Object Manipulation")
	for _, g := range []struct {
		verb  string
		kinds []kind
	}{{"declare", declarable()}, {"delete", deletable()}, {"close", closable()}, {"purge", purgeable()}} {
		for _, k := range g.kinds {
			fmt.Fprintf(&b, "  %s %s %s\n", g.verb, k.name, k.usage())
		}
	}
	for _, d := range deeds() {
		fmt.Fprintf(&b, "  %s %s %s\n", d.verb, d.name, d.usage())
	}
	b.WriteString("  salt_and_hash password <password>\n")
	title("Broker Definitions")
	b.WriteString("  export <file>\n  import <file>\n")
	title("Publishing and Consuming")
	p, g := publishing(), getting()
	fmt.Fprintf(&b, "  publish %s\n  get %s\n\n", p.usage(), g.usage())
	b.WriteString("  Without a payload, publish sends what it reads from standard input.\n" +
		"  With a payload_file, get writes the payload of one message there.\n")
	return b.String()
}

const configHelp = `The configuration file, ~/.rabbitmqadmin.conf or the one named with --config, has
a section for each broker, which --node chooses:

  [default]
  hostname = localhost
  port = 15672
  username = guest
  password = guest
  vhost = /           # for declare, delete and list
  declare_vhost = /   # for declare and delete only

  [orders]
  hostname = orders.example.org
  port = 15671
  ssl = True
  ssl_ca_cert_file = /etc/ssl/ca.pem
`

// Complete returns what may stand next in a line, of what begins with word.
func Complete(before []string, word string) []string {
	var all []string
	words := slices.DeleteFunc(slices.Clone(before), func(w string) bool { return strings.HasPrefix(w, "-") })
	switch {
	case strings.HasPrefix(word, "-"):
		for _, o := range known() {
			all = append(all, "--"+o.name)
		}
	case len(words) == 0:
		all = strings.Fields("list show declare delete close purge publish get export import help")
	case len(words) == 1:
		all = objects(words[0])
	default:
		all = columnsOrArguments(words)
	}
	all = slices.DeleteFunc(all, func(s string) bool { return !strings.HasPrefix(s, word) })
	slices.Sort(all)
	return all
}

// kindsOf are the objects that a verb is for.
func kindsOf(verb string) []kind {
	switch verb {
	case "declare":
		return declarable()
	case "delete":
		return deletable()
	case "close":
		return closable()
	case "purge":
		return purgeable()
	}
	return nil
}

func objects(verb string) []string {
	var all []string
	for _, k := range kindsOf(verb) {
		all = append(all, k.name)
	}
	if verb == "list" {
		for _, l := range listable() {
			all = append(all, l.name)
		}
	}
	if verb == "show" {
		all = append(all, "overview")
	}
	return all
}

func columnsOrArguments(words []string) []string {
	var all []string
	for _, k := range kindsOf(words[0]) {
		if k.name != words[1] {
			continue
		}
		for _, m := range strings.FieldsFunc(k.must, func(r rune) bool { return r == ' ' || r == '|' }) {
			all = append(all, m+"=")
		}
		for m := range k.may {
			all = append(all, m+"=")
		}
	}
	for _, l := range listable() {
		if words[0] == "list" && l.name == words[1] {
			all = append(all, strings.Fields(l.columns)...)
		}
	}
	return all
}
