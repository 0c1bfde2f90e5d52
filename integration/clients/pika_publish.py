"""Publishes messages with confirms: pika_publish.py QUEUE COUNT. The broker is AMQP_URL."""

import os
import sys

import pika

queue, count = sys.argv[1], int(sys.argv[2])
connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
channel = connection.channel()
channel.queue_declare(queue, durable=True)
channel.confirm_delivery()
for n in range(count):
    channel.basic_publish(
        "",
        queue,
        "message %d: grüße" % n,
        pika.BasicProperties(
            delivery_mode=2, content_type="text/plain", headers={"n": n, "list": ["a", 1, True, None], "table": {"x": "y"}}
        ),
        mandatory=True,
    )

try:
    channel.basic_publish("", queue + " that is not there", "lost", mandatory=True)
    sys.exit("an unroutable message was accepted")
except pika.exceptions.UnroutableError as e:
    assert e.messages[0].method.reply_code == 312, e

try:
    connection.channel().queue_declare(queue + " that is not there", passive=True)
    sys.exit("a queue that is not there was found")
except pika.exceptions.ChannelClosedByBroker as e:
    assert e.reply_code == 404, e

connection.close()
print("published", count)
