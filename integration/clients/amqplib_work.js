// Works off messages and prints each: amqplib_work.js QUEUE COUNT. The broker is AMQP_URL.
//
// The first message is put back once, and must come again, marked as redelivered.
'use strict';
const assert = require('assert');
const amqp = require('amqplib');

const [queue, count] = [process.argv[2], Number(process.argv[3])];

async function main() {
  const connection = await amqp.connect(process.env.AMQP_URL);
  const channel = await connection.createChannel();
  await channel.prefetch(1);
  let done = 0;
  await new Promise((resolve, reject) => {
    const work = (message) => {
      const { headers, deliveryMode, contentType } = message.properties;
      if (headers.n === 0 && !message.fields.redelivered) {
        channel.nack(message);
        return;
      }
      assert.deepStrictEqual(headers.list, ['a', 1, true, null]);
      assert.deepStrictEqual(headers.table, { x: 'y' });
      assert.deepStrictEqual([deliveryMode, contentType], [2, 'text/plain']);
      console.log(headers.n, message.content.toString(), message.fields.redelivered ? 'redelivered' : '');
      channel.ack(message);
      if (++done === count) resolve();
    };
    channel.consume(queue, (message) => {
      try {
        work(message);
      } catch (err) {
        reject(err);
      }
    });
  });
  assert.strictEqual((await channel.checkQueue(queue)).messageCount, 0);

  // A queue that goes cancels its consumers: amqplib tells by a null message.
  const temporary = (await channel.assertQueue('', { exclusive: true })).queue;
  await new Promise((resolve) => {
    channel.consume(temporary, (message) => message === null && resolve()).then(() => channel.deleteQueue(temporary));
  });
  await connection.close();
}

main().catch((err) => {
  console.error(err);
  process.exit(1);
});
