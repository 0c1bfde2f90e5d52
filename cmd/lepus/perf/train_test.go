package perf

import (
	"bytes"
	"testing"

	"github.com/lepusmq/lepus/amqp"
)

func TestTrainIsManyPublishes(t *testing.T) {
	for _, size := range []int{0, 15, 16, 1024, 300_000} {
		spec := publishSpec{exchange: "x", key: "k", mandatory: true, persistent: true, size: size, frameMax: frameMax}
		train := newTrain(spec)
		if size < 1024 && train.len() < 500 {
			t.Errorf("size %d: %d messages are written at once", size, train.len())
		}
		for i := range train.len() {
			train.stamp(i, stamp{run: 4095, producer: 4095, seq: seqMask - uint64(i), at: int64(i)})
		}
		all := train.take(train.len())
		for i := range train.len() {
			var body []byte
			all, body = readPublish(t, all, spec)
			if s, ok := readStamp(body); ok != (size >= stampSize) ||
				ok && s != (stamp{run: 4095, producer: 4095, seq: seqMask - uint64(i), at: int64(i)}) {
				t.Fatalf("size %d, message %d: stamp %+v, %v", size, i, s, ok)
			}
		}
		if len(all) != 0 {
			t.Errorf("size %d: %d octets are left", size, len(all))
		}
	}
}

// readPublish reads one publish and returns what is behind it, and its body.
func readPublish(t *testing.T, b []byte, want publishSpec) (rest, body []byte) {
	t.Helper()
	next := func() amqp.Frame {
		f, n, err := amqp.ParseFrame(b, want.frameMax-amqp.FrameOverhead)
		if err != nil || n == 0 || f.Channel != channelID {
			t.Fatalf("no frame: %+v, %d, %v", f, n, err)
		}
		b = b[n:]
		return f
	}
	var m amqp.BasicPublish
	id, args, err := amqp.ParseMethod(next().Payload)
	if err != nil || id != amqp.BasicPublishID || m.Decode(args) != nil ||
		string(m.Exchange) != want.exchange || string(m.RoutingKey) != want.key || m.Mandatory != want.mandatory {
		t.Fatalf("not the publish: %v %+v", id, m)
	}
	h, err := amqp.ParseHeader(next().Payload)
	if err != nil || h.BodySize != uint64(want.size) {
		t.Fatalf("not the header: %+v, %v", h, err)
	}
	var f amqp.Facts
	if err := amqp.CheckProperties(h.Properties, &f); err != nil || f.DeliveryMode != amqp.Persistent {
		t.Fatalf("properties: %+v, %v", f, err)
	}
	var whole bytes.Buffer
	for whole.Len() < want.size {
		f := next()
		if f.Type != amqp.FrameBody {
			t.Fatalf("frame of type %d for a body", f.Type)
		}
		whole.Write(f.Payload)
	}
	return b, whole.Bytes()
}
