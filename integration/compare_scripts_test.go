package integration

// The conversations of TestCompare, by section of what AMQP 0-9-1 and RabbitMQ say.

var bare = properties(0)

func topologyScripts() map[string]script {
	return map[string]script{
		"exchange declarations": func(c *talk) {
			c.declareExchange("compare.x", "direct")
			c.declareExchange("compare.x", "direct")
			c.declareExchange("compare.x", "fanout")
			c.do(exchangeDeclare, uint16(0), "compare.x", "direct", bits{false, true, true, false, false}, table{})
			c.do(exchangeDeclare, uint16(0), "compare.x", "direct", bits{false, false, false, false, false}, table{})
			c.do(exchangeDeclare, uint16(0), "compare.x", "direct", bits{false, false, true, true, false}, table{})
			c.declareExchange("compare.x", "direct", str("alternate-exchange", "other"))
			c.declareExchange("compare.y", "direct", i32("alternate-exchange", 1))
			c.do(exchangeDeclare, uint16(0), "compare.none", "", bits{true}, table{})
			c.declareExchange("amq.none", "direct")
			c.declareExchange("", "direct")
			c.do(exchangeDelete, uint16(0), "amq.direct", bits{false, false})
			c.do(exchangeDelete, uint16(0), "compare.none", bits{false, false})
			c.declareQueue("compare.xq")
			c.bind("compare.xq", "compare.x", "k")
			c.do(exchangeDelete, uint16(0), "compare.x", bits{true, false})
			c.do(exchangeDelete, uint16(0), "compare.x", bits{false, false})
			c.publish("compare.x", "k", "lost", bare)
		},
		"bindings": func(c *talk) {
			c.declareQueue("compare.b")
			c.bind("compare.b", "amq.topic", "a.#.b")
			c.bind("compare.b", "amq.topic", "a.#.b")
			c.bind("compare.none", "amq.topic", "a")
			c.bind("compare.b", "compare.none", "a")
			c.bind("compare.b", "", "a")
			c.bind("compare.b", "amq.headers", "", str("x-match", "some"))
			c.bind("compare.b", "amq.headers", "", i32("x-match", 1))
			c.bind("compare.b", "amq.headers", "", str("x-match", "any-with-x"), i32("n", 1))
			c.publish("amq.topic", "a.x.y.b", "routed", bare)
			c.publish("amq.topic", "a.x.y.c", "not routed", bare)
			c.publish("amq.headers", "", "by number", properties(fieldHeaders, table{i64("n", 1)}))
			c.get("compare.b")
			c.get("compare.b")
			c.get("compare.b")
			c.do(queueUnbind, uint16(0), "compare.b", "amq.topic", "none", table{})
			c.do(queueUnbind, uint16(0), "compare.none", "amq.topic", "none", table{})
			c.do(exchangeBind, uint16(0), "amq.fanout", "compare.none", "", bits{false}, table{})
		},
		"queue declarations": func(c *talk) {
			c.declareQueue("compare.q")
			c.declareQueue("compare.q")
			c.declareQueue("compare.q", i32("x-expires", 1000))
			c.declareQueue("compare.q", str("x-unknown", "ignored"))
			c.declareDurable("compare.q")
			c.do(queueDeclare, uint16(0), "compare.q", bits{false, false, true, true, false}, table{})
			c.do(queueDeclare, uint16(0), "compare.none", bits{true, false, false, false, false}, table{})
			c.do(queueDeclare, uint16(0), "amq.mine", bits{false, false, true, false, false}, table{})
			c.do(queueDeclare, uint16(0), "", bits{false, false, true, false, false}, table{})
			c.publish("", "compare.q", "one", bare)
			c.do(queueDelete, uint16(0), "compare.q", bits{false, true, false})
			c.do(queuePurge, uint16(0), "compare.q", bits{false})
			c.do(queuePurge, uint16(0), "compare.none", bits{false})
			c.consume("compare.q", "c")
			c.do(queueDelete, uint16(0), "compare.q", bits{true, false, false})
			c.do(queueDelete, uint16(0), "compare.q", bits{false, false, false})
			c.do(queueDelete, uint16(0), "compare.q", bits{false, false, false})
		},
	}
}

// refused is arguments of queue.declare of which something is wrong.
func refused() []field {
	return []field{
		i32("x-message-ttl", -1), str("x-message-ttl", "1"), i64("x-message-ttl", 315360000001),
		i32("x-expires", 0), i32("x-expires", -1), str("x-expires", "1"),
		i32("x-max-length", -1), str("x-max-length", "1"), i32("x-max-length-bytes", -1), boolean("x-max-length-bytes", true),
		str("x-overflow", "drop-tail"), i32("x-overflow", 1),
		i32("x-dead-letter-exchange", 1), str("x-dead-letter-routing-key", "k"), i32("x-dead-letter-routing-key", 1),
		i32("x-max-priority", -1), str("x-max-priority", "1"), i32("x-max-priority", 256),
		str("x-single-active-consumer", "yes"), str("x-queue-type", "none"), i32("x-queue-type", 1),
		str("x-queue-mode", "busy"), i32("x-queue-mode", 1),
		str("x-max-age", "1h"), i32("x-stream-max-segment-size-bytes", 1), i32("x-quorum-initial-group-size", 1),
	}
}

func argumentScripts() map[string]script {
	return map[string]script{
		"refused arguments": func(c *talk) {
			for _, f := range refused() {
				c.declareQueue("compare.args", f)
			}
			c.do(queueDeclare, uint16(0), "compare.args", bits{false, false, false, false, false}, table{str("x-queue-type", "quorum")})
			c.do(queueDeclare, uint16(0), "compare.args", bits{false, true, true, false, false}, table{str("x-queue-type", "quorum")})
			c.do(queueDeclare, uint16(0), "compare.args", bits{false, true, false, false, false}, table{str("x-queue-type", "quorum"), i32("x-max-priority", 1)})
		},
		"equal arguments": func(c *talk) {
			c.declareQueue("compare.same", i32("x-message-ttl", 60000), i32("x-max-length", 10), str("x-dead-letter-exchange", "dlx"))
			c.declareQueue("compare.same", i64("x-message-ttl", 60000), i8("x-max-length", 10), str("x-dead-letter-exchange", "dlx"))
			c.declareQueue("compare.same", i64("x-message-ttl", 60001), i8("x-max-length", 10), str("x-dead-letter-exchange", "dlx"))
			c.declareQueue("compare.same", i32("x-message-ttl", 60000), str("x-dead-letter-exchange", "dlx"))
			c.declareQueue("compare.same", i32("x-message-ttl", 60000), i32("x-max-length", 10), str("x-dead-letter-exchange", "other"))
			c.declareQueue("compare.same", i32("x-message-ttl", 60000), str("x-max-length", "10"), str("x-dead-letter-exchange", "dlx"))
		},
	}
}

func messageScripts() map[string]script {
	return map[string]script{
		"publishing": func(c *talk) {
			c.publish("compare.none", "k", "no exchange", bare)
			c.publish("amq.direct", "compare.none", "no queue", bare, true)
			c.await(1)
			c.publish("", "compare.none", "bad expiration", properties(fieldExpiration, "soon"))
			c.publish("", "compare.none", "negative expiration", properties(fieldExpiration, "-1"))
			c.publish("", "compare.none", "somebody else", properties(fieldUserID, "nobody"))
			c.publish("", "compare.none", "oneself", properties(fieldUserID, "guest"))
			c.publish("amq.rabbitmq.trace", "k", "internal", bare)
			c.publish("", "k", "bad CC", properties(fieldHeaders, table{str("CC", "other")}))
			c.publish("", "k", "bad BCC", properties(fieldHeaders, table{i32("BCC", 1)}))
			c.publish("", "k", "immediate", bare, false, true)
		},
		"CC and BCC": func(c *talk) {
			names := scratchNames("cc", 3)
			for _, q := range names {
				c.declareQueue(q)
			}
			c.publish("", names[0], "to all", properties(fieldHeaders, table{array("CC", names[1], names[0]), array("BCC", names[2], names[1])}))
			for _, q := range names {
				c.get(q)
				c.get(q)
			}
		},
		"settling": func(c *talk) {
			c.declareQueue("compare.settle")
			for _, body := range []string{"1", "2", "3", "4"} {
				c.publish("", "compare.settle", body, bare)
			}
			c.fetch("compare.settle")
			c.fetch("compare.settle")
			c.reject(1, true)
			c.fetch("compare.settle")
			c.do(basicNack, uint64(3), bits{true, true})
			c.fetch("compare.settle")
			c.do(basicRecover, bits{true})
			c.get("compare.settle")
			c.ack(77)
			c.get("compare.settle")
			c.do(basicAck, uint64(0), bits{true})
			c.do(basicNack, uint64(5), bits{true, false})
			c.do(basicRecover, bits{false})
		},
		"direct reply-to": func(c *talk) {
			c.declareQueue("compare.service")
			c.publish("", "compare.service", "nobody listens", properties(1<<9, "amq.rabbitmq.reply-to"))
			c.consume("amq.rabbitmq.reply-to", "ack wanted")
			c.do(queueDeclare, uint16(0), "amq.rabbitmq.reply-to", bits{true}, table{})
			c.do(basicConsume, uint16(0), "amq.rabbitmq.reply-to", "replies", bits{false, true, false, false}, table{})
			c.publish("", "compare.service", "ask", properties(1<<9, "amq.rabbitmq.reply-to"))
			c.do(basicConsume, uint16(0), "amq.rabbitmq.reply-to", "again", bits{false, true, false, false}, table{})
			c.get("compare.service")
			c.do(basicCancel, "replies", bits{false})
		},
	}
}

func lifetimeScripts() map[string]script {
	return map[string]script{
		"queue TTL": func(c *talk) {
			c.declareQueue("compare.ttl", i32("x-message-ttl", 50))
			c.declareQueue("compare.dead.ttl")
			c.publish("", "compare.ttl", "short", bare)
			c.awaitReady("compare.ttl", 0)
			c.get("compare.ttl")
		},
		"TTL of nothing": func(c *talk) {
			c.declareQueue("compare.zero", i32("x-message-ttl", 0))
			c.publish("", "compare.zero", "gone", bare)
			c.get("compare.zero")
			c.consume("compare.zero", "c")
			c.publish("", "compare.zero", "handed over", bare)
			c.await(1)
		},
		"expiration": func(c *talk) {
			c.declareQueue("compare.out")
			c.declareQueue("compare.in", str("x-dead-letter-exchange", ""), str("x-dead-letter-routing-key", "compare.out"))
			c.publish("", "compare.in", "first", properties(fieldExpiration, "60"))
			c.publish("", "compare.in", "behind", properties(fieldExpiration, "10"))
			c.fetchWhen("compare.out")
			c.fetchWhen("compare.out")
			c.get("compare.in")
		},
		"expiring queue": func(c *talk) {
			c.declareQueue("compare.expires", i32("x-expires", 60))
			for range 20 {
				c.send(methodFrame(1, queueDeclare, uint16(0), "compare.expires", bits{true}, table{}))
				if f := c.next(); f.method() == channelClose {
					c.note(f)
					c.send(methodFrame(1, channelCloseOk))
					c.openChannel(1)
					return
				}
				// Asking has renewed the lease: wait for longer than that.
				c.declareQueue("compare.timer", i32("x-message-ttl", 120))
				c.publish("", "compare.timer", "tick", bare)
				c.awaitReady("compare.timer", 0)
			}
		},
	}
}

func lengthScripts() map[string]script {
	return map[string]script{
		"drop-head": func(c *talk) {
			c.declareQueue("compare.dropped")
			c.declareQueue("compare.long", i32("x-max-length", 2), str("x-dead-letter-exchange", ""), str("x-dead-letter-routing-key", "compare.dropped"))
			for _, body := range []string{"1", "2", "3", "4"} {
				c.publish("", "compare.long", body, bare)
			}
			c.awaitReady("compare.dropped", 2)
			for range 3 {
				c.get("compare.long")
				c.get("compare.dropped")
			}
		},
		"bytes": func(c *talk) {
			c.declareQueue("compare.bytes", i32("x-max-length-bytes", 10))
			for _, body := range []string{"12345", "12345", "1", "12345678901"} {
				c.publish("", "compare.bytes", body, bare)
				c.do(queueDeclare, uint16(0), "compare.bytes", bits{true}, table{})
			}
			c.get("compare.bytes")
		},
		"reject-publish": func(c *talk) {
			c.declareQueue("compare.full", i32("x-max-length", 1), str("x-overflow", "reject-publish"))
			c.do(confirmSelect, bits{false})
			for _, body := range []string{"1", "2", "3"} {
				c.publish("", "compare.full", body, bare)
				c.await(1)
			}
			c.get("compare.full")
			c.publish("", "compare.full", "4", bare)
			c.await(1)
			c.get("compare.full")
		},
		"reject-publish-dlx": func(c *talk) {
			c.declareQueue("compare.refused")
			c.declareQueue("compare.fuller", i32("x-max-length", 1), str("x-overflow", "reject-publish-dlx"),
				str("x-dead-letter-exchange", ""), str("x-dead-letter-routing-key", "compare.refused"))
			c.publish("", "compare.fuller", "1", bare)
			c.publish("", "compare.fuller", "2", bare)
			c.fetchWhen("compare.refused")
			c.get("compare.fuller")
		},
	}
}

func deadLetterScripts() map[string]script {
	return map[string]script{
		"rejected": func(c *talk) {
			c.declareExchange("compare.dlx", "fanout")
			c.declareQueue("compare.grave")
			c.bind("compare.grave", "compare.dlx", "")
			c.declareQueue("compare.work", str("x-dead-letter-exchange", "compare.dlx"))
			c.publish("", "compare.work", "job", properties(fieldHeaders|fieldExpiration, table{i32("n", 1)}, "60000"))
			c.fetch("compare.work")
			c.reject(1, false)
			c.fetchWhen("compare.grave")
		},
		"round and round": func(c *talk) {
			c.declareQueue("compare.jobs", str("x-dead-letter-exchange", ""), str("x-dead-letter-routing-key", "compare.wait"))
			c.declareQueue("compare.wait", i32("x-message-ttl", 30), str("x-dead-letter-exchange", ""), str("x-dead-letter-routing-key", "compare.jobs"))
			c.publish("", "compare.jobs", "again", properties(fieldHeaders, table{str("z", "last"), array("CC", "compare.other")}))
			for tag := range uint64(3) {
				c.fetchWhen("compare.jobs")
				c.reject(tag+1, false)
			}
			c.fetchWhen("compare.jobs")
		},
		"cycle without a rejection": func(c *talk) {
			c.declareQueue("compare.cycle", i32("x-message-ttl", 20), str("x-dead-letter-exchange", ""))
			c.publish("", "compare.cycle", "dropped", bare)
			c.awaitReady("compare.cycle", 0)
			c.get("compare.cycle")
		},
	}
}

func consumerScripts() map[string]script {
	return map[string]script{
		"consuming": func(c *talk) {
			c.declareQueue("compare.c")
			c.consume("compare.none", "c")
			c.consume("compare.c", "one")
			c.publish("", "compare.c", "hello", bare)
			c.await(1)
			c.do(basicConsume, uint16(0), "compare.c", "two", bits{false, false, true, false}, table{})
			c.consume("compare.c", "three", str("x-priority", "high"))
			c.consume("compare.c", "four")
			c.consume("compare.c", "four")
			c.do(basicQos, uint32(1), uint16(0), bits{false})
		},
		"priorities of messages": func(c *talk) {
			c.declareQueue("compare.ranks", i32("x-max-priority", 5))
			for _, p := range []byte{0, 3, 9, 5, 1, 3} {
				c.publish("", "compare.ranks", string('0'+p), properties(1<<11, p))
			}
			c.publish("", "compare.ranks", "none", bare)
			c.fetch("compare.ranks")
			c.fetch("compare.ranks")
			c.reject(1, true)
			for range 7 {
				c.get("compare.ranks")
			}
		},
		"single active consumer": func(c *talk) {
			c.declareQueue("compare.sac", boolean("x-single-active-consumer", true))
			c.consume("compare.sac", "first")
			c.consume("compare.sac", "second")
			for _, body := range []string{"1", "2", "3"} {
				c.publish("", "compare.sac", body, bare)
			}
			c.await(3)
			c.do(basicCancel, "first", bits{false})
			c.publish("", "compare.sac", "4", bare)
			c.await(1)
			c.do(basicConsume, uint16(0), "compare.sac", "alone", bits{false, false, true, false}, table{})
		},
		"cancelled by the broker": func(c *talk) {
			c.declareQueue("compare.gone")
			c.consume("compare.gone", "c")
			c.drop("compare.gone")
			c.await(1)
		},
	}
}

func confirmScripts() map[string]script {
	return map[string]script{
		"confirms": func(c *talk) {
			c.declareQueue("compare.confirm")
			c.do(confirmSelect, bits{false})
			c.do(confirmSelect, bits{false})
			c.publish("", "compare.confirm", "1", bare)
			c.await(1)
			c.publish("", "compare.nowhere", "2", bare, true)
			c.await(2)
			c.do(txSelect)
		},
		"transactions": func(c *talk) {
			c.declareQueue("compare.tx")
			c.do(txCommit)
			c.do(txSelect)
			c.publish("", "compare.tx", "rolled back", bare)
			c.do(txRollback)
			c.get("compare.tx")
			c.publish("", "compare.tx", "committed", bare)
			c.publish("", "compare.nowhere", "returned", bare, true)
			c.get("compare.tx")
			c.do(txCommit)
			c.await(1)
			c.fetch("compare.tx")
			c.ack(1)
			c.ack(1)
			c.do(txSelect)
			c.do(confirmSelect, bits{false})
		},
	}
}
