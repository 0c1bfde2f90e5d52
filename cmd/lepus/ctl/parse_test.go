package ctl

import (
	"maps"
	"slices"
	"testing"
)

func TestFlagsStandAnywhere(t *testing.T) {
	flags := append(generalFlags(), flag{name: "priority", value: true, number: true}, flag{name: "apply-to", value: true})
	tests := []struct {
		line    []string
		words   []string
		options map[string]string
		bad     []string
	}{
		{[]string{"-q", "-n", "a@b", "list_users"}, []string{"list_users"}, map[string]string{"quiet": "", "node": "a@b"}, nil},
		{[]string{"set_policy", "--priority", "-3", "a", "b", "{}", "-p", "v"}, []string{"set_policy", "a", "b", "{}"}, map[string]string{"priority": "-3", "vhost": "v"}, nil},
		{[]string{"set_policy", "--vhost=v=w", "--apply_to", "queues"}, []string{"set_policy"}, map[string]string{"vhost": "v=w", "apply-to": "queues"}, nil},
		{[]string{"export_definitions", "-"}, []string{"export_definitions", "-"}, map[string]string{}, nil},
		{[]string{"list", "-1", "--", "-q"}, []string{"list", "-1", "-q"}, map[string]string{}, nil},
		{[]string{"list", "--priority", "much", "--what=ever", "-p"}, []string{"list"}, map[string]string{},
			[]string{"--priority : much", "--what : ever", "-p : "}},
	}
	for _, tt := range tests {
		got := parse(tt.line, flags)
		if !slices.Equal(got.words, tt.words) || !maps.Equal(got.options, tt.options) || !slices.Equal(got.bad, tt.bad) {
			t.Errorf("%q: %q %q %q", tt.line, got.words, got.options, got.bad)
		}
	}
}

func TestTableOfCommandsIsSound(t *testing.T) {
	for _, tool := range []Tool{Ctl, Diagnostics, Plugins, Queues, Streams, Upgrade} {
		seen := make(map[string]bool)
		for _, c := range commands() {
			if c.tools&tool == 0 {
				continue
			}
			if seen[c.name] {
				t.Errorf("%s has two commands %s", tool, c.name)
			}
			seen[c.name] = true
			if c.doc == "" || c.group == "" || c.run == nil {
				t.Errorf("%s of %s lacks something", c.name, tool)
			}
			if c.columns != nil && (c.defaults == 0 || c.defaults > len(c.columns)) {
				t.Errorf("%s shows %d of %d columns", c.name, c.defaults, len(c.columns))
			}
		}
	}
}

func TestAmounts(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "1000": 1000, "1GB": 1e9, "1GiB": 1 << 30, "2MiB": 2 << 20, "3kB": 3000, "64M": 64 << 20, "1k": 1024,
	} {
		if got, err := parseSize(s); err != nil || got != want {
			t.Errorf("%s is %d, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "much", "-1", "1.5GB", "99999999999999999999", "9999999PB"} {
		if n, err := parseSize(s); err == nil {
			t.Errorf("%q is %d", s, n)
		}
	}
}

func TestComplete(t *testing.T) {
	tests := []struct {
		before []string
		word   string
		want   string
	}{
		{nil, "list_q", "list_queues"},
		{[]string{"-q"}, "trace_of", "trace_off"},
		{[]string{"list_queues"}, "consumer_c", "consumer_capacity"},
		{[]string{"set_policy"}, "--prio", "--priority"},
		{[]string{"help"}, "add_v", "add_vhost"},
	}
	for _, tt := range tests {
		if got := Complete(Ctl, tt.before, tt.word); len(got) != 1 || got[0] != tt.want {
			t.Errorf("%q %q: %q", tt.before, tt.word, got)
		}
	}
}

func TestValuesAsErlangPrintsThem(t *testing.T) {
	v := arguments{"x-max-length": 5, "a": "b", "list": []any{"x", true}, "table": map[string]any{"k": "v"}}
	if got, want := text(v), `[{"a","b"},{"list",["x",true]},{"table",[{"k","v"}]},{"x-max-length",5}]`; got != want {
		t.Errorf("got %s", got)
	}
}
