// Publishes messages with confirms: amqplib_publish.js QUEUE COUNT. The broker is AMQP_URL.
'use strict';
const assert = require('assert');
const amqp = require('amqplib');

const [queue, count] = [process.argv[2], Number(process.argv[3])];

async function main() {
  const connection = await amqp.connect(process.env.AMQP_URL);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(queue, { durable: true });
  for (let n = 0; n < count; n++) {
    channel.sendToQueue(queue, Buffer.from(`message ${n}: grüße`), {
      persistent: true,
      contentType: 'text/plain',
      headers: { n, list: ['a', 1, true, null], table: { x: 'y' } },
    });
  }
  await channel.waitForConfirms();

  let returned;
  channel.on('return', (message) => (returned = message.fields.replyCode));
  channel.publish('', `${queue} that is not there`, Buffer.from('lost'), { mandatory: true });
  await channel.waitForConfirms();
  assert.strictEqual(returned, 312);

  const other = await connection.createChannel();
  const failed = new Promise((resolve) => other.on('error', resolve));
  await assert.rejects(other.checkQueue(`${queue} that is not there`), { code: 404 });
  assert.strictEqual((await failed).code, 404);

  await connection.close();
  console.log('published', count);
}

main().catch((err) => {
  console.error(err);
  process.exit(1);
});
