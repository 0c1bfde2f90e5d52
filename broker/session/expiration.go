package session

import (
	"time"

	"github.com/lepusmq/lepus/amqp"
)

// checkExpiration reads for how long the publisher wants the message to live.
func (c *content) checkExpiration() *amqp.Error {
	if c.facts.Expiration == nil {
		return nil
	}
	ms, err := amqp.ParseExpiration(c.facts.Expiration)
	if err != nil {
		return asError(err)
	}
	c.expires = time.Now().UnixMilli() + ms
	return nil
}
