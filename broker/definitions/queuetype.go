package definitions

import (
	"slices"

	"github.com/lepusmq/lepus/amqp"
)

const typeArgument = "x-queue-type"

// withType returns the arguments of a queue with its type among them, if the file
// tells that otherwise. Classic is what a queue is that says nothing.
func withType(d *queue) amqp.Table {
	if _, named := d.Arguments.Get(typeArgument); named || d.Type == "" || d.Type == "classic" {
		return d.Arguments
	}
	return append(slices.Clip(d.Arguments), amqp.Field{Key: typeArgument, Value: amqp.String(d.Type)})
}
