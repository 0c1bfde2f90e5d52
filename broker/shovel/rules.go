package shovel

import (
	"fmt"

	"github.com/lepusmq/lepus/broker/parameter"
)

// The keys of a shovel's value.
const (
	srcURI         = "src-uri"
	srcProtocol    = "src-protocol"
	srcQueue       = "src-queue"
	srcQueueArgs   = "src-queue-args"
	srcExchange    = "src-exchange"
	srcExchangeKey = "src-exchange-key"
	srcArgs        = "src-consumer-args"
	srcPrefetch    = "src-prefetch-count"
	srcDeleteAfter = "src-delete-after"
	srcPredeclared = "src-predeclared"

	destURI         = "dest-uri"
	destProtocol    = "dest-protocol"
	destQueue       = "dest-queue"
	destQueueArgs   = "dest-queue-args"
	destExchange    = "dest-exchange"
	destExchangeKey = "dest-exchange-key"
	destForward     = "dest-add-forward-headers"
	destTimestamp   = "dest-add-timestamp-header"
	destProperties  = "dest-publish-properties"
	destPredeclared = "dest-predeclared"

	ackMode        = "ack-mode"
	reconnectDelay = "reconnect-delay"

	// The names that some had before RabbitMQ 3.7.
	oldPrefetch    = "prefetch-count"
	oldDeleteAfter = "delete-after"
	oldForward     = "add-forward-headers"
	oldTimestamp   = "add-timestamp-header"
	oldProperties  = "publish-properties"
)

// The ways to settle what was taken.
const (
	onConfirm = "on-confirm"
	onPublish = "on-publish"
	noAck     = "no-ack"
)

// When a shovel has done enough.
const (
	never       = "never"
	queueLength = "queue-length"
)

const protocol = "amqp091"

func rules() []parameter.Rule {
	return []parameter.Rule{
		{Key: destProperties, Check: checkProperties},
		{Key: oldProperties, Check: checkProperties},
		{Key: destTimestamp, Check: parameter.Bool},
		{Key: oldTimestamp, Check: parameter.Bool},
		{Key: destForward, Check: parameter.Bool},
		{Key: oldForward, Check: parameter.Bool},
		{Key: destPredeclared, Check: parameter.Bool},
		{Key: destQueueArgs, Check: parameter.Object},
		{Key: destQueue, Check: parameter.Text},
		{Key: destExchangeKey, Check: parameter.Text},
		{Key: destExchange, Check: parameter.Text},
		{Key: destURI, Required: true, Check: checkURIs},
		{Key: destProtocol, Check: parameter.OneOf(protocol)},
		{Key: srcArgs, Check: parameter.Object},
		{Key: srcDeleteAfter, Check: checkDeleteAfter},
		{Key: oldDeleteAfter, Check: checkDeleteAfter},
		{Key: srcPrefetch, Check: parameter.Number},
		{Key: oldPrefetch, Check: parameter.Number},
		{Key: srcPredeclared, Check: parameter.Bool},
		{Key: srcQueueArgs, Check: parameter.Object},
		{Key: srcQueue, Check: parameter.Text},
		{Key: srcExchangeKey, Check: parameter.Text},
		{Key: srcExchange, Check: parameter.Text},
		{Key: srcURI, Required: true, Check: checkURIs},
		{Key: srcProtocol, Check: parameter.OneOf(protocol)},
		{Key: reconnectDelay, Check: parameter.Count},
		{Key: ackMode, Check: parameter.OneOf(noAck, onPublish, onConfirm)},
	}
}

// check returns what is wrong with the value of a shovel.
func check(name string, value map[string]any) []string {
	var faults []string
	_, fromQueue := value[srcQueue]
	_, fromExchange := value[srcExchange]
	_, toQueue := value[destQueue]
	_, toExchange := value[destExchange]
	switch {
	case fromQueue && fromExchange:
		faults = append(faults, "Cannot specify 'src-exchange' and 'src-queue'")
	case !fromQueue && !fromExchange:
		faults = append(faults, "Must specify 'src-exchange' or 'src-queue'")
	}
	if toQueue && toExchange {
		faults = append(faults, "Cannot specify 'dest-exchange' and 'dest-queue'")
	}
	return append(faults, parameter.CheckObject(name, value, rules())...)
}

func checkURIs(key string, value any) []string {
	_, faults := addresses(key, value)
	return faults
}

func checkDeleteAfter(key string, value any) []string {
	if text, ok := value.(string); ok && (text == never || text == queueLength) {
		return nil
	}
	if len(parameter.Count(key, value)) == 0 {
		return nil
	}
	return []string{parameter.Unlike(key, `a number greater than or equal to 0, "never" or "queue-length"`, value)}
}

func checkProperties(key string, value any) []string {
	object, ok := value.(map[string]any)
	if !ok {
		return parameter.Object(key, value)
	}
	var of []parameter.Rule
	for _, name := range []string{
		"content_type", "content_encoding", "correlation_id", "reply_to", "expiration", "message_id", "type",
		"user_id", "app_id", "cluster_id",
	} {
		of = append(of, parameter.Rule{Key: name, Check: parameter.Text})
	}
	for _, name := range []string{"delivery_mode", "priority", "timestamp"} {
		of = append(of, parameter.Rule{Key: name, Check: parameter.Number})
	}
	return parameter.CheckObject(key, object, of)
}

// refusal is why a user may not have the broker connect to itself.
func refusal(user, vhost string) string {
	return fmt.Sprintf("user %q may not connect to vhost %q", user, vhost)
}
