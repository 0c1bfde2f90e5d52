package ctl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// formatters are the ways to print a result.
func formatters() []string { return []string{"table", "json", "csv", "pretty_table", "erlang"} }

// rows are a result that is a table.
type rows struct {
	columns []string
	cells   [][]any
	// listing is a list of what may be very many: without any it prints nothing,
	// where other tables print an empty line.
	listing bool
	// bare has no header.
	bare bool
}

// report is a result that reads otherwise than it is in JSON.
type report struct {
	text  string
	value any
}

// silent is a result that has been printed already.
type silent struct{}

// arguments are a table of AMQP's: RabbitMQ's tools print them as Erlang does.
type arguments map[string]any

// print prints a result in the format that was asked for.
func (c *call) print(w io.Writer, result any) error {
	switch r := result.(type) {
	case coded:
		return c.print(w, r.result)
	case silent:
		return nil
	case *rows:
		return c.printRows(w, r)
	case report:
		return c.printReport(w, r)
	case string:
		if c.formatter() == "erlang" {
			return printTerm(w, r)
		}
		return c.printReport(w, report{text: r, value: map[string]any{"node": c.node, "result": "ok", "message": r}})
	case nil:
		if c.formatter() == "json" {
			return printJSON(w, map[string]any{"node": c.node, "result": "ok"})
		}
		return nil
	}
	return fmt.Errorf("cannot print a %T", result)
}

func (c *call) printReport(w io.Writer, r report) error {
	switch c.formatter() {
	case "json":
		return printJSON(w, r.value)
	case "erlang":
		return printTerm(w, r.value)
	}
	_, err := fmt.Fprintln(w, r.text)
	return err
}

func printJSON(w io.Writer, v any) error {
	text, err := asJSON(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, text)
	return err
}

// asJSON is json.Marshal for people: < stays <.
func asJSON(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

func (c *call) printRows(w io.Writer, r *rows) error {
	var b strings.Builder
	switch c.formatter() {
	case "json":
		if err := r.json(&b); err != nil {
			return err
		}
	case "csv":
		r.separated(&b, c.headers(), ",", quoted)
	case "pretty_table":
		r.boxed(&b)
	case "erlang":
		r.terms(&b)
	default:
		if len(r.cells) == 0 && !r.listing {
			b.WriteByte('\n')
		}
		r.separated(&b, c.headers() && !r.bare, "\t", func(s string) string { return s })
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// separated writes a line for each row, and one for the header if there are
// rows.
func (r *rows) separated(b *strings.Builder, header bool, by string, cell func(string) string) {
	line := func(n int, at func(int) string) {
		for i := range n {
			if i > 0 {
				b.WriteString(by)
			}
			b.WriteString(cell(at(i)))
		}
		b.WriteByte('\n')
	}
	if header && len(r.cells) > 0 {
		line(len(r.columns), func(i int) string { return r.columns[i] })
	}
	for _, row := range r.cells {
		line(len(row), func(i int) string { return text(row[i]) })
	}
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// json writes a row a line, so that also very long lists can be read by lines.
func (r *rows) json(b *strings.Builder) error {
	if len(r.cells) == 0 && !r.listing {
		b.WriteString("[]\n")
		return nil
	}
	b.WriteString("[\n")
	for i, row := range r.cells {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('{')
		for j, cell := range row {
			if args, ok := cell.(arguments); ok {
				cell = args.triples()
			}
			value, err := asJSON(cell)
			if err != nil {
				return err
			}
			if j > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(b, "%q:%s", r.columns[j], value)
		}
		b.WriteString("}\n")
	}
	b.WriteString("]\n")
	return nil
}

// boxed draws a table with lines between the rows.
func (r *rows) boxed(b *strings.Builder) {
	if len(r.cells) == 0 {
		return
	}
	lines := [][]string{r.columns}
	for _, row := range r.cells {
		line := make([]string, len(row))
		for i := range row {
			line[i] = text(row[i])
		}
		lines = append(lines, line)
	}
	widths := make([]int, len(r.columns))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	rule := func(left, middle, right string) {
		var parts []string
		for _, n := range widths {
			parts = append(parts, strings.Repeat("─", n+2))
		}
		b.WriteString(left + strings.Join(parts, middle) + right + "\n")
	}
	rule("┌", "┬", "┐")
	for n, line := range lines {
		if n > 0 {
			rule("├", "┼", "┤")
		}
		for i, cell := range line {
			fmt.Fprintf(b, "│ %s%s ", cell, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		b.WriteString("│\n")
	}
	rule("└", "┴", "┘")
}

// text is a cell for people.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = text(v[i])
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case arguments:
		return term(map[string]any(v))
	case map[string]any:
		return term(v)
	}
	return fmt.Sprint(v)
}

// term is a value of AMQP's as Erlang prints it.
func term(v any) string {
	var parts []string
	switch v := v.(type) {
	case string:
		return `"` + v + `"`
	case []any:
		for _, e := range v {
			parts = append(parts, term(e))
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, fmt.Sprintf(`{"%s",%s}`, name, term(v[name])))
		}
	default:
		return fmt.Sprint(v)
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// triples are arguments as RabbitMQ's tools have them in JSON: name, type,
// value. Types that JSON does not tell apart are the ones that clients use most.
func (a arguments) triples() []any {
	all := make([]any, 0, len(a))
	for _, name := range slices.Sorted(maps.Keys(a)) {
		all = append(all, []any{name, amqpType(a[name]), a[name]})
	}
	return all
}

func amqpType(v any) string {
	switch v := v.(type) {
	case bool:
		return "bool"
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			return "double"
		}
		return "long"
	case map[string]any:
		return "table"
	case []any:
		return "array"
	case nil:
		return "void"
	}
	return "longstr"
}
