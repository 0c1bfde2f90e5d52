package admin

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// formats are the ways to print a list.
func formats() []string {
	return []string{"raw_json", "pretty_json", "tsv", "long", "table", "kvp", "bash"}
}

// table is a list as a table.
type table struct {
	columns []string
	rows    [][]string
}

// format prints the table; headers are for those formats that have them and may
// do without.
func (t *table) format(how string, headers bool) string {
	var b strings.Builder
	switch how {
	case "tsv":
		if headers {
			b.WriteString(strings.Join(t.columns, "\t") + "\n")
		}
		for _, row := range t.rows {
			b.WriteString(strings.Join(row, "\t") + "\n")
		}
	case "long":
		t.long(&b)
	case "kvp":
		for _, row := range t.rows {
			parts := make([]string, len(row))
			for i := range row {
				parts[i] = t.columns[i] + `="` + row[i] + `"`
			}
			b.WriteString(strings.Join(parts, " ") + "\n")
		}
	case "bash":
		t.names(&b)
	default:
		t.boxed(&b)
	}
	return b.String()
}

// long writes a line for each cell.
func (t *table) long(b *strings.Builder) {
	widest := 0
	for _, c := range t.columns {
		widest = max(widest, utf8.RuneCountInString(c))
	}
	rule := "\n" + strings.Repeat("-", 80) + "\n\n"
	b.WriteString(rule)
	for _, row := range t.rows {
		for i, c := range t.columns {
			fmt.Fprintf(b, "%*s: %s\n", widest, c, row[i])
		}
		b.WriteString(rule)
	}
}

// names writes the names on one line, for completion in a shell.
func (t *table) names(b *strings.Builder) {
	at := slices.Index(t.columns, "name")
	if at < 0 {
		return
	}
	var names []string
	for _, row := range t.rows {
		names = append(names, row[at])
	}
	b.WriteString(strings.Join(names, " ") + "\n")
}

// boxed draws the table.
func (t *table) boxed(b *strings.Builder) {
	widths := make([]int, len(t.columns))
	for _, row := range append([][]string{t.columns}, t.rows...) {
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	rule := "+"
	for _, n := range widths {
		rule += strings.Repeat("-", n+2) + "+"
	}
	line := func(row []string, before func(room int) int) {
		b.WriteByte('|')
		for i, c := range row {
			room := widths[i] - utf8.RuneCountInString(c)
			left := before(room)
			b.WriteString(" " + strings.Repeat(" ", left) + c + strings.Repeat(" ", room-left) + " |")
		}
		b.WriteByte('\n')
	}
	b.WriteString(rule + "\n")
	line(t.columns, func(room int) int { return room / 2 })
	b.WriteString(rule + "\n")
	for _, row := range t.rows {
		line(row, func(int) int { return 0 })
	}
	b.WriteString(rule + "\n")
}
