package session

import (
	"testing"
	"time"

	"github.com/lepusmq/lepus/amqp"
)

func TestInterceptors(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_123)
	theirs := amqp.Properties{
		Flags: amqp.HasHeaders | amqp.HasTimestamp | amqp.HasAppID, Timestamp: 5, AppID: "x",
		Headers: amqp.Table{{Key: "timestamp_in_ms", Value: amqp.Int64(5)}, {Key: "a", Value: amqp.Bool(true)}, {Key: "x-routed-by", Value: amqp.String("me")}},
	}
	for name, tt := range map[string]struct {
		in          amqp.Properties
		what        Interceptors
		stamp       int64
		ms          int64
		node        string // empty: no header
		withHeaders bool
	}{
		"nothing, added":         {amqp.Properties{}, Interceptors{Add, Add}, 1_700_000_000, 1_700_000_000_123, "n", true},
		"only the node":          {amqp.Properties{}, Interceptors{RoutingNode: Overwrite}, 0, 0, "n", true},
		"only the time":          {amqp.Properties{}, Interceptors{Timestamp: Overwrite}, 1_700_000_000, 1_700_000_000_123, "", true},
		"theirs, left":           {theirs, Interceptors{Add, Add}, 5, 5, "me", true},
		"theirs, overwritten":    {theirs, Interceptors{Overwrite, Overwrite}, 1_700_000_000, 1_700_000_000_123, "n", true},
		"theirs, one of the two": {theirs, Interceptors{Overwrite, Add}, 1_700_000_000, 1_700_000_000_123, "me", true},
	} {
		p, err := amqp.ParseProperties(tt.what.intercept(tt.in.Append(nil), "n", now))
		if err != nil {
			t.Fatal(err)
		}
		ms, node := int64(0), ""
		if v, ok := p.Headers.Get(timestampHeader); ok {
			ms, _ = v.Int()
		}
		if v, ok := p.Headers.Get(routedByHeader); ok {
			node, _ = v.Str()
		}
		if p.Timestamp != tt.stamp || ms != tt.ms || node != tt.node || (p.Flags&amqp.HasHeaders != 0) != tt.withHeaders || p.AppID != tt.in.AppID {
			t.Errorf("%s: %+v", name, p)
		}
		if _, ok := p.Headers.Get("a"); ok != (len(tt.in.Headers) > 0) {
			t.Errorf("%s: other headers are not what they were: %+v", name, p.Headers)
		}
	}
}
