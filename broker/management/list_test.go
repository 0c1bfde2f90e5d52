package management

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lepusmq/lepus/broker/stats"
)

// many is how many queues a page is to be quick with.
const many = 100_000

// A page computes the rows that are on it, and no others.
func TestPageComputesItsRowsOnly(t *testing.T) {
	f := newFake(5000)
	s := serve(t, f)
	for query, first := range map[string]string{
		"page=2&page_size=10":                                           "queue-000010",
		"page=1&page_size=10&sort=name&sort_reverse=true":               "queue-004999",
		"page=1&page_size=10&sort=message_stats.publish":                "queue-000000",
		"page=1&page_size=10&sort=messages&sort_reverse=true":           "",
		"page=1&page_size=10&name=4321":                                 "queue-004321",
		"page=1&page_size=10&name=%5Equeue-00432%5Cd%24&use_regex=true": "queue-004320",
		"page=1&page_size=10&sort=message_stats.publish_details.rate":   "queue-000000",
	} {
		f.rows = 0
		w := ask(s, "GET", "/api/queues/%2F?"+query, "")
		var page struct {
			Items []struct{ Name string }
		}
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || len(page.Items) == 0 {
			t.Fatalf("%s: %v: %s", query, err, w.Body)
		}
		if got := page.Items[0].Name; first != "" && got != first {
			t.Errorf("%s begins with %s, not with %s", query, got, first)
		}
		if f.rows > 10 {
			t.Errorf("%s computed %d rows", query, f.rows)
		}
	}
}

func TestPageByWhatOnlyRowsHave(t *testing.T) {
	s := serve(t, newFake(50))
	w := ask(s, "GET", "/api/queues?page=1&page_size=2&sort=durable&columns=name", "")
	if want := `"items":[{"name":"queue-000000"},{"name":"queue-000001"}]`; !strings.Contains(w.Body.String(), want) {
		t.Errorf("the page is %s", w.Body)
	}
}

// Columns that are counts need no rows at all, however many there are.
func TestLightColumns(t *testing.T) {
	f := newFake(2000)
	w := ask(serve(t, f), "GET", "/api/queues?columns=name,messages,message_stats.publish", "")
	var all []map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil || len(all) != 2000 || f.rows != 0 {
		t.Fatalf("%d queues, %d rows computed: %v", len(all), f.rows, err)
	}
	if got := fmt.Sprint(all[5]); got != "map[message_stats:map[publish:5] messages:595 name:queue-000005]" {
		t.Errorf("a queue is %s", got)
	}
}

func TestPick(t *testing.T) {
	row := object{"a": 1, "b": object{"c": 2, "d": object{"e": 3}}, "x.y": 4}
	for columns, want := range map[string]string{
		"": `{"a":1,"b":{"c":2,"d":{"e":3}},"x.y":4}`, "a": `{"a":1}`, "b.c,b.d.e": `{"b":{"c":2,"d":{"e":3}}}`,
		"b.none,none": `{}`, "x.y": `{"x.y":4}`, "a.b": `{}`,
	} {
		got, _ := json.Marshal(pick(row, columnsOf(columns)))
		if string(got) != want {
			t.Errorf("columns %q are %s, want %s", columns, got, want)
		}
	}
}

func compareValues(a, b any) int {
	x, y := keyOf(a), keyOf(b)
	return x.compare(&y)
}

func TestCompare(t *testing.T) {
	sorted := []any{nil, false, true, -1, int64(2), uint64(3), 3.5, rate(4), "a", "b"}
	for i := range sorted {
		for j := range sorted {
			if got := compareValues(sorted[i], sorted[j]); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%v and %v compare as %d", sorted[i], sorted[j], got)
			}
		}
	}
}

// A pattern that takes for ever takes no longer than one name may.
func TestSlowPattern(t *testing.T) {
	f := newFake(1000)
	f.change(func(all []stats.QueueCounts) {
		for i := range all {
			all[i].Name = strings.Repeat("a", 200) + "!"
		}
	})
	w := ask(serve(t, f), "GET", "/api/queues?page=1&use_regex=true&name="+"(a%2B)%2B%5C1b", "")
	if w.Code != 400 && !strings.Contains(w.Body.String(), `"filtered_count":0`) {
		t.Errorf("answered %d: %.200s", w.Code, w.Body)
	}
}

func BenchmarkPageOf100000Queues(b *testing.B) {
	s := serve(b, newFake(many))
	for name, query := range map[string]string{
		"as they are": "page=1&page_size=100", "by name": "page=500&page_size=100&sort=name&sort_reverse=true",
		"by messages": "page=1&page_size=100&sort=messages&sort_reverse=true",
		"by rate":     "page=1&page_size=100&sort=message_stats.publish_details.rate",
		"by filter":   "page=1&page_size=100&name=999", "by pattern": "page=1&page_size=100&use_regex=true&name=%5Equeue-.*9%24",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if w := ask(s, "GET", "/api/queues?"+query, ""); w.Code != 200 {
					b.Fatal(w.Body)
				}
			}
		})
	}
}

func BenchmarkAllOf100000QueuesLight(b *testing.B) {
	s := serve(b, newFake(many))
	for b.Loop() {
		var w *httptest.ResponseRecorder
		if w = ask(s, "GET", "/api/queues?columns=name,messages", ""); w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}
