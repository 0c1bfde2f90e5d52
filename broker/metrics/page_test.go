package metrics

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestLabels(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"":           `{queue=""}`,
		"orders":     `{queue="orders"}`,
		"two\nlines": `{queue="two\nlines"}`,
		`a"b\c`:      `{queue="a\"b\\c"}`,
		"Füße":       `{queue="Füße"}`,
		"\xffno":     "{queue=\"\uFFFDno\"}",
	} {
		if got := string(appendLabels(nil, []string{"queue"}, []string{value})); got != want {
			t.Errorf("%q is told as %s, want %s", value, got, want)
		}
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	type pair struct{ n, half float64 }
	table := table[pair]{prefix: "p_", labels: []string{"n"}, metrics: []metric[pair]{
		{"none_total", counter, "never there", func(*pair) float64 { return math.NaN() }},
		{"half", gauge, "sometimes there", func(p *pair) float64 { return p.half }},
		{"big_total", counter, "big", func(p *pair) float64 { return p.n * (1 << 40) }},
	}}
	table.add(&pair{1, math.NaN()}, "one")
	table.add(&pair{3, 1.5}, "three")
	var text strings.Builder
	p := newPage(&text)
	table.tell(p)
	p.flush()
	const want = "# HELP p_half sometimes there\n# TYPE p_half gauge\np_half{n=\"three\"} 1.5\n" +
		"# HELP p_big_total big\n# TYPE p_big_total counter\np_big_total{n=\"one\"} 1099511627776\np_big_total{n=\"three\"} 3298534883328\n"
	if text.String() != want || p.err != nil {
		t.Errorf("told %q, want %q; %v", &text, want, p.err)
	}
}

// full takes nothing any more.
type full struct{ writes int }

func (f *full) Write([]byte) (int, error) {
	f.writes++
	return 0, errors.New("full")
}

func TestPageEndsWithItsReader(t *testing.T) {
	t.Parallel()
	var to full
	p := newPage(&to)
	for range 3 * blockLen {
		p.sample("some", nil, 0.1)
	}
	p.flush()
	if to.writes != 1 || p.err == nil {
		t.Errorf("written %d times to who has gone; %v", to.writes, p.err)
	}
	if _, err := p.Write([]byte("more")); err == nil || to.writes != 1 {
		t.Errorf("more was written: %v", err)
	}
}
