package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"

	"github.com/lepusmq/lepus/cmd/lepus/api"
)

// list lists or shows something.
func (a *admin) list(ctx context.Context, all []listed, verb string, words []string) error {
	if len(words) == 0 {
		return wrongUse("Type not specified")
	}
	at := slices.IndexFunc(all, func(l listed) bool { return l.name == words[0] })
	if at < 0 {
		return wrongUse("Don't know how to %s %s", verb, words[0])
	}
	what, columns := all[at], words[1:]
	if len(columns) == 0 && a.opt.depth == 1 && !strings.Contains(a.opt.format(), "json") {
		columns = strings.Fields(what.columns)
	}
	path := []string{strings.ReplaceAll(what.name, "_", "-")}
	if v := a.opt.get("vhost", ""); what.byVHost && v != "" {
		path = append(path, v)
	}
	var raw []byte
	if err := a.api.Do(ctx, api.Request{Method: "GET", Path: api.Path(path...) + a.query(columns)}, &raw); err != nil {
		return err
	}
	if verb == "show" {
		raw = append(append([]byte("["), raw...), ']')
	}
	return a.print(raw, what, columns)
}

// query asks for some columns, sorted.
func (a *admin) query(columns []string) string {
	var parts []string
	if len(columns) > 0 {
		parts = append(parts, "columns="+strings.ReplaceAll(url.QueryEscape(strings.Join(columns, ",")), "%2C", ","))
	}
	if s := a.opt.get("sort", ""); s != "" {
		parts = append(parts, "sort="+url.QueryEscape(s))
	}
	if a.opt.has("sort-reverse") {
		parts = append(parts, "sort_reverse=true")
	}
	if parts == nil {
		return ""
	}
	return "?" + strings.Join(parts, "&")
}

// print prints a JSON list in the format that was asked for.
func (a *admin) print(raw []byte, what listed, columns []string) error {
	switch a.opt.format() {
	case "raw_json":
		_, err := fmt.Fprintf(a.env.Stdout, "%s\n", raw)
		return err
	case "pretty_json":
		return a.printPretty(raw)
	}
	var items []any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&items); err != nil {
		return fmt.Errorf("the broker's answer is not as expected: %w", err)
	}
	depth := math.MaxInt
	if len(columns) == 0 {
		depth = a.opt.depth
	}
	t := tableOf(items, columns, depth, strings.Fields(what.json))
	if len(t.rows) == 0 {
		return a.tell("No items")
	}
	_, err := a.env.Stdout.Write([]byte(t.format(a.opt.format(), !a.opt.has("quiet"))))
	return err
}

func (a *admin) printPretty(raw []byte) error {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return fmt.Errorf("the broker's answer is not as expected: %w", err)
	}
	e := json.NewEncoder(a.env.Stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// tableOf makes a table of objects. Without columns, they are what there is, down
// to a depth. Those in asJSON are not looked into.
func tableOf(items []any, columns []string, depth int, asJSON []string) *table {
	flat := make([]map[string]string, len(items))
	found := make(map[string]bool)
	for i, item := range items {
		flat[i] = make(map[string]string)
		o, _ := item.(map[string]any) // RabbitMQ has [] for an object without anything
		flatten(o, "", depth, asJSON, flat[i])
		for name := range flat[i] {
			found[name] = true
		}
	}
	if len(columns) == 0 {
		columns = slices.SortedFunc(maps.Keys(found), compareColumns)
	}
	t := &table{columns: columns}
	for _, f := range flat {
		row := make([]string, len(columns))
		for i, c := range columns {
			row[i] = f[c]
		}
		t.rows = append(t.rows, row)
	}
	return t
}

// flatten writes an object as name.of.value pairs.
func flatten(o map[string]any, prefix string, depth int, asJSON []string, to map[string]string) {
	for key, v := range o {
		name := key
		if prefix != "" {
			name = prefix + "." + key
		}
		inner, ok := v.(map[string]any)
		switch {
		case !ok:
			to[name] = cell(v)
		case slices.Contains(asJSON, key):
			to[name] = dump(v)
		case depth > 1:
			flatten(inner, name, depth-1, asJSON, to)
		}
	}
}

// compareColumns puts what names an object first.
func compareColumns(a, b string) int {
	first := strings.Fields("vhost name type source destination destination_type routing_key")
	rank := func(s string) int {
		if i := slices.Index(first, s); i >= 0 {
			return i
		}
		return len(first)
	}
	if d := rank(a) - rank(b); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}

// cell is a value as rabbitmqadmin, a Python program, prints it.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return "True"
		}
		return "False"
	case []any:
		var parts []string
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return dump(v)
			}
			parts = append(parts, s)
		}
		return strings.Join(parts, " ")
	}
	return fmt.Sprint(v)
}

// dump is JSON with a space after each comma and colon.
func dump(v any) string {
	var parts []string
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, quote(name)+": "+dump(v[name]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		for _, e := range v {
			parts = append(parts, dump(e))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		return quote(v)
	case nil:
		return "null"
	}
	return fmt.Sprint(v)
}

func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return `""` // there is no text that is not JSON
	}
	return strings.TrimSuffix(b.String(), "\n")
}
