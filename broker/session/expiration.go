package session

import (
	"time"

	"github.com/lepusmq/lepus/amqp"
)

// checkExpiration reads for how long the publisher wants the message to live,
// for one that says so.
func (c *content) checkExpiration() *amqp.Error {
	ms, err := amqp.ParseExpiration(c.facts.Expiration)
	if err != nil {
		return asError(err)
	}
	c.expires = time.Now().UnixMilli() + ms
	return nil
}
