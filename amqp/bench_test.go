package amqp

import "testing"

// What a broker does for every message.

func BenchmarkParsePublish(b *testing.B) {
	in := appendPublish(nil)
	b.ReportAllocs()
	for b.Loop() {
		buf := in
		for len(buf) > 0 {
			f, n, err := ParseFrame(buf, 131072)
			if err != nil {
				b.Fatal(err)
			}
			buf = buf[n:]
			switch f.Type {
			case FrameMethod:
				id, args, _ := ParseMethod(f.Payload)
				var m BasicPublish
				if id != BasicPublishID || m.Decode(args) != nil {
					b.Fatal("not a publish")
				}
			case FrameHeader:
				var h ContentHeader
				var facts Facts
				if h.Decode(f.Payload) != nil || CheckProperties(h.Properties, &facts) != nil {
					b.Fatal("bad header")
				}
			}
		}
	}
}

func BenchmarkAppendDeliver(b *testing.B) {
	tag, exchange, key := []byte("ctag-1"), []byte("exchange"), []byte("routing.key")
	properties := []byte{0x10, 0x00, 2}
	body := make([]byte, 16)
	var out []byte
	n := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		n++
		m := BasicDeliver{ConsumerTag: tag, DeliveryTag: n, Exchange: exchange, RoutingKey: key}
		frame, at := BeginFrame(out[:0], FrameMethod, 1)
		out = EndFrame(m.Append(frame), at)
		out = AppendHeader(out, 1, BasicDeliverID.Class(), uint64(len(body)), properties)
		out = AppendBody(out, 1, body, 131072)
	}
}

func BenchmarkCheckHeaders(b *testing.B) {
	p := Properties{Flags: HasHeaders | HasDeliveryMode | HasMessageID, DeliveryMode: Persistent, MessageID: "a-message"}
	p.Headers = Table{
		{"x-retries", Int32(3)}, {"trace", String("0af7651916cd43dd8448eb211c80319c")},
		{"sampled", Bool(true)}, {"path", Array(String("a"), String("b"))},
	}
	in := p.Append(nil)
	var facts Facts
	b.ReportAllocs()
	for b.Loop() {
		if err := CheckProperties(in, &facts); err != nil {
			b.Fatal(err)
		}
	}
}

// appendPublish appends the three frames of a small persistent message.
func appendPublish(dst []byte) []byte {
	dst = AppendMethod(dst, 1, &BasicPublish{Exchange: []byte("exchange"), RoutingKey: []byte("routing.key")})
	dst = AppendHeader(dst, 1, BasicPublishID.Class(), 16, []byte{0x10, 0x00, Persistent})
	return AppendBody(dst, 1, make([]byte, 16), 131072)
}
