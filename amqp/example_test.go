package amqp_test

import (
	"fmt"

	"github.com/lepusmq/lepus/amqp"
)

// A message on the wire is three frames; here is how to take it apart again.
func Example() {
	var wire []byte
	wire = amqp.AppendMethod(wire, 1, &amqp.BasicPublish{RoutingKey: []byte("hello")})
	properties := amqp.Properties{Flags: amqp.HasDeliveryMode, DeliveryMode: amqp.Persistent}
	wire = amqp.AppendHeader(wire, 1, amqp.BasicPublishID.Class(), 5, properties.Append(nil))
	wire = amqp.AppendBody(wire, 1, []byte("world"), 131072)

	for len(wire) > 0 {
		frame, n, err := amqp.ParseFrame(wire, 131072)
		if err != nil {
			fmt.Println(err)
			return
		}
		wire = wire[n:]
		switch frame.Type {
		case amqp.FrameMethod:
			id, args, _ := amqp.ParseMethod(frame.Payload)
			m, _ := amqp.DecodeMethod(id, args)
			fmt.Printf("%s to %q\n", id, m.(*amqp.BasicPublish).RoutingKey)
		case amqp.FrameHeader:
			header, _ := amqp.ParseHeader(frame.Payload)
			var facts amqp.Facts
			err := amqp.CheckProperties(header.Properties, &facts)
			fmt.Println(header.BodySize, "octets, delivery mode", facts.DeliveryMode, err)
		case amqp.FrameBody:
			fmt.Printf("%s\n", frame.Payload)
		}
	}
	// Output:
	// basic.publish to "hello"
	// 5 octets, delivery mode 2 <nil>
	// world
}
