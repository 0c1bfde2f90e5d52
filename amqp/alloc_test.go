package amqp

import "testing"

// TestHotPathsDoNotAllocate covers what happens to every message.
func TestHotPathsDoNotAllocate(t *testing.T) {
	publish := appendPublish(nil)
	headers := (&Properties{Flags: HasHeaders | HasReplyTo, ReplyTo: "r", Headers: Table{
		{"nested", TableValue(Table{{"a", Array(String("b"), Int8(1))}})},
	}}).Append(nil)
	ack := (&BasicAck{DeliveryTag: 1}).Append(nil)[4:]
	shortPublish, expiration := []byte{0, 0, 1, 'x', 1, 'k', 0}, []byte("60000")
	out := make([]byte, 0, 4096)
	copied := Table{{CopyHeader, Array(String("a"), String("b"))}, {BlindCopyHeader, Array(String("c"))}}.Append(nil)
	blind := AppendRevised(nil, headers, Table{{BlindCopyHeader, Array(String("c"))}}, 0)
	var copies Copies
	deliver := &BasicDeliver{ConsumerTag: []byte("ctag"), RoutingKey: []byte("key")}
	for name, f := range map[string]func() error{
		"parse frame":      func() error { _, _, err := ParseFrame(publish, 131072); return err },
		"parse method":     func() error { _, _, err := ParseMethod(ack); return err },
		"parse header":     func() error { _, err := ParseHeader(publish[:20]); return err },
		"decode header":    func() error { var h ContentHeader; return h.Decode(publish[:20]) },
		"decode ack":       func() error { var m BasicAck; return m.Decode(ack) },
		"decode publish":   func() error { var m BasicPublish; return m.Decode(shortPublish) },
		"check properties": func() error { var f Facts; return CheckProperties(headers, &f) },
		"check expiration": func() error { _, err := ParseExpiration(expiration); return err },
		"parse copies": func() error {
			if err := copies.Parse(copied); err != nil {
				return err
			}
			return nil
		},
		"remove header": func() error { out = AppendWithoutHeader(out[:0], blind, BlindCopyHeader); return nil },
		"append method": func() error { out = AppendMethod(out[:0], 1, deliver); return nil },
		"append message": func() error {
			m := BasicDeliver{ConsumerTag: deliver.ConsumerTag, DeliveryTag: 1, RoutingKey: deliver.RoutingKey}
			b, at := BeginFrame(out[:0], FrameMethod, 1)
			out = EndFrame(m.Append(b), at)
			out = AppendHeader(out, 1, 60, 100, headers)
			out = AppendBody(out, 1, publish, 4096)
			return nil
		},
	} {
		var err error
		if n := testing.AllocsPerRun(100, func() { err = f() }); n != 0 || err != nil {
			t.Errorf("%s: %v allocations, %v", name, n, err)
		}
	}
}

// TestDeclaredLengthsDoNotAllocate feeds lengths that nothing stands behind.
func TestDeclaredLengthsDoNotAllocate(t *testing.T) {
	huge := []string{
		"\xFF\xFF\xFF\xFF",
		"\x00\x00\x00\x07\x01aS\xFF\xFF\xFF\xFF",
		"\x00\x00\x00\x07\x01aA\xFF\xFF\xFF\xFF",
		"\x00\x00\x00\x07\x01aF\xFF\xFF\xFF\xFF",
	}
	for _, s := range huge {
		b := []byte(s)
		if n := testing.AllocsPerRun(10, func() { _, _, _ = ParseTable(b) }); n != 0 {
			t.Errorf("%q: %v allocations", s, n)
		}
	}
}
