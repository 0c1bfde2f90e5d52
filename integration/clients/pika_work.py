"""Works off messages and prints each: pika_work.py QUEUE COUNT. The broker is AMQP_URL.

The first message is put back once, and must come again, marked as redelivered."""

import os
import sys

import pika

queue, count = sys.argv[1], int(sys.argv[2])
connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
channel = connection.channel()
channel.basic_qos(prefetch_count=1)
done = 0


def work(channel, method, properties, body):
    global done
    n = properties.headers["n"]
    if n == 0 and not method.redelivered:
        channel.basic_nack(method.delivery_tag, requeue=True)
        return
    assert properties.headers["list"] == ["a", 1, True, None], properties
    assert properties.headers["table"] == {"x": "y"}, properties
    assert properties.delivery_mode == 2 and properties.content_type == "text/plain", properties
    print(n, body.decode(), "redelivered" if method.redelivered else "", flush=True)
    channel.basic_ack(method.delivery_tag)
    done += 1
    if done == count:
        channel.stop_consuming()


channel.basic_consume(queue, work)
channel.start_consuming()
left = channel.queue_declare(queue, passive=True).method.message_count
assert left == 0, left
connection.close()
