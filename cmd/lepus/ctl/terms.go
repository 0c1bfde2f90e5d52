package ctl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lepusmq/lepus/cmd/lepus/ctl/erlang"
)

// printTerm prints a value of the API's as Erlang does: texts are binaries, objects
// lists of pairs.
func printTerm(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var plain any
	if err := d.Decode(&plain); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, erlang.Format(plain))
	return err
}

// terms prints each row as a list of pairs, in a line of its own.
func (r *rows) terms(b *strings.Builder) {
	lines := make([]string, len(r.cells))
	for i, row := range r.cells {
		pairs := make([]any, len(row))
		for j, cell := range row {
			pairs[j] = erlang.Tuple{erlang.Atom(r.columns[j]), cellTerm(r.columns[j], cell)}
		}
		lines[i] = erlang.Format(pairs)
	}
	b.WriteString("[" + strings.Join(lines, ",\n ") + "]\n")
}

// cellTerm is a cell as RabbitMQ has it in Erlang, where some texts are atoms and what
// is not there is the empty one.
func cellTerm(column string, cell any) any {
	names := []string{"type", "state", "tags", "source_kind", "destination_kind", "activity_status", "stability", "provided_by"}
	switch v := cell.(type) {
	case nil:
		return erlang.Atom("")
	case string:
		if slices.Contains(names, column) || v == "" && column != "name" {
			return erlang.Atom(v)
		}
	case []any:
		all := make([]any, len(v))
		for i := range v {
			all[i] = cellTerm(column, v[i])
		}
		return all
	case arguments:
		return v.fields()
	}
	return cell
}

// fields are arguments as terms: each a name, a type and a value.
func (a arguments) fields() []any {
	all := []any{}
	for _, triple := range a.triples() {
		t := triple.([]any)
		value := t[2]
		if table, ok := value.(map[string]any); ok {
			value = arguments(table).fields()
		}
		all = append(all, erlang.Tuple{t[0], erlang.Atom(text(t[1])), value})
	}
	return all
}
