package integration

import (
	"bytes"
	"fmt"
	"testing"
)

// everyType is a header table with each field type of the protocol, edges included.
var everyType = table{
	{"true", 't', []byte{1}}, {"false", 't', []byte{0}},
	i8("int8", -128), {"uint8", 'B', []byte{255}},
	i16("int16", -32768), {"uint16", 'u', []byte{255, 255}},
	i32("int32", -1<<31), {"uint32", 'i', []byte{255, 255, 255, 255}},
	i64("int64", -1<<63), {"long", 'L', []byte{128, 0, 0, 0, 0, 0, 0, 0}},
	{"float", 'f', []byte{0x3F, 0xC0, 0, 0}}, {"double", 'd', []byte{0x3F, 0xF8, 0, 0, 0, 0, 0, 0}},
	{"decimal", 'D', []byte{2, 0, 0, 1, 0}},
	str("longstr", "text"), str("empty longstr", ""), {"binary longstr", 'S', []byte{0, 0, 0, 2, 0xFF, 0}},
	{"bytes", 'x', []byte{0, 0, 0, 2, 0xFF, 0}},
	{"timestamp", 'T', []byte{0, 0, 0, 0, 0x65, 0x53, 0xF1, 0}},
	void("void"),
	nested("table", i32("inner", 1), nested("deeper", void("v"))), nested("empty table"),
	{"array", 'A', append([]byte{0, 0, 0, 9, 't', 1, 'S', 0, 0, 0, 1, 'a'}, 'V')},
	{"empty array", 'A', []byte{0, 0, 0, 0}},
}

// allProperties sets every property of the basic class.
var allProperties = properties(0xFFFC,
	"text/plain", "gzip", everyType, byte(1), byte(9), "correlation", "reply", "60000", "id",
	uint64(1700000000), "type", "guest", "app", "cluster")

// What a publisher sends as properties, a consumer gets: the same types, absent apart from empty.
func TestPropertiesRoundTrip(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	q := p.queue()
	p.call(basicConsume, basicConsumeOk, uint16(0), q, "c", bits{false, true}, table{})
	for name, props := range map[string][]byte{
		"none":             properties(0),
		"all":              allProperties,
		"headers":          properties(fieldHeaders, everyType),
		"empty headers":    properties(fieldHeaders, table{}),
		"empty strings":    properties(fieldContentType|1<<14|1<<10|1<<9|1<<7|1<<5|1<<3|1<<2, "", "", "", "", "", "", "", ""),
		"timestamp 0":      properties(1<<6, uint64(0)),
		"timestamp max":    properties(1<<6, uint64(1<<64-1)),
		"priority 0":       properties(1<<11, byte(0)),
		"priority 255":     properties(1<<11, byte(255)),
		"longest string":   properties(1<<7, string(bytes.Repeat([]byte("m"), 255))),
		"header key twice": properties(fieldHeaders, table{i32("k", 1), str("k", "2")}),
		"unsorted headers": properties(fieldHeaders, table{i32("z", 1), i32("a", 2), i32("m", 3)}),
		"large headers":    properties(fieldHeaders, largeTable(100_000)),
	} {
		p.send(publishFrame(1, "", q), headerFrame(1, 1, props), frame(frameBody, 1, []byte("x")))
		p.expect(1, basicDeliver)
		header, _ := p.content(1)
		if !bytes.Equal(header[12:], props) {
			t.Errorf("%s: sent %q\ngot %q", name, props, header[12:])
		}
	}
}

func largeTable(size int) table {
	var t table
	for i := 0; i < size; i += 1000 {
		t = append(t, str(fmt.Sprint("key", i), string(bytes.Repeat([]byte("v"), 980))))
	}
	return t
}

// A returned message has everything it was sent with, and so has one that is fetched.
func TestReturnRoundTrip(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	q := p.queue()
	p.send(publishFrame(1, "amq.direct", "no such key "+q, true), headerFrame(1, 4, allProperties), frame(frameBody, 1, []byte("body")))
	args := p.expect(1, basicReturn)
	if code, text, x, key := args.uint16(), args.str(), args.str(), args.str(); code != 312 || text != "NO_ROUTE" ||
		x != "amq.direct" || key != "no such key "+q {
		t.Errorf("returned with %d %s from %q with %q", code, text, x, key)
	}
	header, body := p.content(1)
	if !bytes.Equal(header[12:], allProperties) || body != "body" {
		t.Errorf("returned %q with properties %q", body, header[12:])
	}

	p.send(publishFrame(1, "", q, true), headerFrame(1, 4, allProperties), frame(frameBody, 1, []byte("body")))
	args = p.call(basicGet, basicGetOk, uint16(0), q, bits{true})
	if tag, redelivered, x, key, left := args.uint64(), args.octet(), args.str(), args.str(), args.uint32(); tag != 1 || redelivered != 0 ||
		x != "" || key != q || left != 0 {
		t.Errorf("get-ok with tag %d, redelivered %d, exchange %q, key %q, %d left", tag, redelivered, x, key, left)
	}
	header, body = p.content(1)
	if !bytes.Equal(header[12:], allProperties) || body != "body" {
		t.Errorf("fetched %q with properties %q", body, header[12:])
	}
}

// consume-ok comes before the first delivery, cancel-ok after the last.
func TestOrderAroundConsume(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	q := p.queue()
	const messages = 50
	for i := range messages {
		p.send(message(1, "", q, fmt.Sprint(i)))
	}
	p.send(methodFrame(1, basicConsume, uint16(0), q, "c", bits{}, table{}))
	p.expect(1, basicConsumeOk)
	for range messages {
		p.send(message(1, "", q, "more"))
	}
	p.send(methodFrame(1, basicCancel, "c", bits{}))
	delivered := 0
	for f := p.next(); f.method() != basicCancelOk; f = p.next() {
		if f.method() != basicDeliver {
			t.Fatalf("got %v, want a delivery", f)
		}
		p.content(1)
		delivered++
	}
	p.send(message(1, "", q, "after"))
	p.alive()
	if delivered < messages {
		t.Errorf("%d deliveries before cancel-ok, want at least %d", delivered, messages)
	}
}

// A consumer that asked for no-wait gets no consume-ok, its deliveries come all the same; so with cancel and confirm.
func TestNoWaitIsSilent(t *testing.T) {
	t.Parallel()
	p := openPeer(t)
	q := p.queue()
	p.send(methodFrame(1, confirmSelect, bits{true}), methodFrame(1, basicConsume, uint16(0), q, "c", bits{false, true, false, true}, table{}),
		message(1, "", q, "x"))
	confirmed, delivered := false, false
	for !confirmed || !delivered {
		switch f := p.next(); f.method() {
		case basicAck:
			confirmed = true
		case basicDeliver:
			p.content(1)
			delivered = true
		default:
			t.Fatalf("got %v, want a confirm and a delivery", f)
		}
	}
	p.send(methodFrame(1, basicCancel, "c", bits{true}),
		methodFrame(1, queueBind, uint16(0), q, "amq.direct", q, bits{true}, table{}),
		methodFrame(1, queuePurge, uint16(0), q, bits{true}),
		methodFrame(1, queueDelete, uint16(0), q, bits{false, false, true}))
	p.alive()
}
