package perf

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// usual returns options that are right.
func usual() Options {
	return Options{URI: "amqp://localhost", Producers: 1, Consumers: 1, Size: 16, Interval: time.Second}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"usual":              {func(*Options) {}, ""},
		"nobody":             {func(o *Options) { o.Producers, o.Consumers = 0, 0 }, "nothing to do"},
		"too many producers": {func(o *Options) { o.Producers = 5000 }, "producers: 5000 is not between"},
		"negative size":      {func(o *Options) { o.Size = -1 }, "the size: -1"},
		"no rate":            {func(o *Options) { o.Rate = math.NaN() }, "the rate: NaN"},
		"no interval":        {func(o *Options) { o.Interval = 0 }, "the interval: 0"},
		"large prefetch":     {func(o *Options) { o.Prefetch = 65536 }, "the prefetch limit"},
		"pattern":            {func(o *Options) { o.QueuePattern, o.QueueFrom, o.QueueTo = "q-%d", 3, 5 }, ""},
		"pattern and queue":  {func(o *Options) { o.QueuePattern, o.Queue = "q-%d", "q" }, "exclude each other"},
		"pattern of nothing": {func(o *Options) { o.QueuePattern = "q" }, "there must be a %d"},
		"pattern of strings": {func(o *Options) { o.QueuePattern = "q-%s-%d" }, "no other %"},
		"backward pattern":   {func(o *Options) { o.QueuePattern, o.QueueFrom, o.QueueTo = "q-%d", 2, 1 }, "end, at 1, before"},
		"which queue":        {func(o *Options) { o.Predeclared = true }, "Name it"},
		"only an exchange":   {func(o *Options) { o.Predeclared, o.Consumers, o.RoutingKey = true, 0, "k" }, ""},
		"acks beyond qos":    {func(o *Options) { o.Prefetch, o.AckEvery = 9, 10 }, "nothing would move"},
		"no acks beyond qos": {func(o *Options) { o.Prefetch, o.AckEvery, o.AutoAck = 9, 10, true }, ""},
	} {
		o := usual()
		tt.change(&o)
		err := o.check()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestQueueNames(t *testing.T) {
	for _, tt := range []struct {
		o    Options
		want []string
	}{
		{Options{}, []string{""}},
		{Options{Queue: "q"}, []string{"q"}},
		{Options{QueuePattern: "a%d-%d", QueueFrom: 9, QueueTo: 10}, []string{"a9-9", "a10-10"}},
	} {
		if got := tt.o.queueNames(); !slices.Equal(got, tt.want) {
			t.Errorf("%+v: %q, want %q", tt.o, got, tt.want)
		}
	}
}

func TestParseURI(t *testing.T) {
	for uri, want := range map[string]target{
		"amqp://":                            {"localhost:5672", "guest", "guest", "/"},
		"amqp://h":                           {"h:5672", "guest", "guest", "/"},
		"amqp://h:1/":                        {"h:1", "guest", "guest", "/"},
		"amqp://u:p%40w@h/v":                 {"h:5672", "u", "p@w", "v"},
		"amqp://u@[::1]:7/%2F":               {"[::1]:7", "u", "", "/"},
		"amqp://guest:guest@127.0.0.1/a%2Fb": {"127.0.0.1:5672", "guest", "guest", "a/b"},
	} {
		if got, err := parseURI(uri); err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", uri, got, err, want)
		}
	}
	for uri, want := range map[string]string{
		"localhost:5672":           `the URI starts with "localhost://"`,
		"http://h":                 `the URI starts with "http://"`,
		"amqp://u:secret@h:x/":     "the URI cannot be read",
		"amqp://u:se%cret@h:5672/": "the URI cannot be read",
	} {
		if _, err := parseURI(uri); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "cret@") {
			t.Errorf("%s: %v", uri, err)
		}
	}
}
