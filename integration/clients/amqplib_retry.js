// A job worker with retries that come later and later: amqplib_retry.js PREFIX. The broker is AMQP_URL.
//
// A job that fails goes to a queue whose messages expire into the work queue again, with a longer time each time. One that fails once too
// often is rejected, and must be found with its history where the dead letters go.
const amqp = require('amqplib')
const prefix = process.argv[2]
const delays = [100, 200, 400]
const work = `${prefix}.work`, dead = `${prefix}.dead`, exchange = `${prefix}.jobs`
const retryQueue = (delay) => `${prefix}.retry.${delay}`

function expect (ok, what) {
  if (!ok) throw new Error(what)
}

async function main () {
  const connection = await amqp.connect(process.env.AMQP_URL)
  const channel = await connection.createConfirmChannel()
  await channel.assertExchange(exchange, 'direct', { durable: true })
  await channel.assertExchange(`${exchange}.dead`, 'fanout', { durable: true })
  await channel.assertQueue(work, { deadLetterExchange: `${exchange}.dead`, deadLetterRoutingKey: 'gone', maxPriority: 5 })
  await channel.bindQueue(work, exchange, 'work')
  await channel.assertQueue(dead)
  await channel.bindQueue(dead, `${exchange}.dead`, '')
  for (const delay of delays) {
    await channel.assertQueue(retryQueue(delay), { messageTtl: delay, deadLetterExchange: exchange, deadLetterRoutingKey: 'work', expires: 60000 })
  }
  await channel.prefetch(1)

  const attempts = new Map() // id → times
  const finished = new Promise((resolve, reject) => {
    const job = async (message) => {
      const id = message.properties.messageId
      const times = attempts.get(id) || []
      times.push(Date.now())
      attempts.set(id, times)
      // RabbitMQ before 4.0 goes on with the history that a client publishes, later ones begin a new one.
      const [last] = message.properties.headers['x-death'] || []
      const queue = times.length === 1 ? undefined : retryQueue(delays[times.length - 2])
      expect((last && last.queue) === queue, `${id}: died last in ${last && last.queue} before attempt ${times.length}`)
      if (id === 'good' || (id === 'flaky' && times.length === 3)) {
        channel.ack(message)
        return
      }
      const delay = delays[times.length - 1]
      if (delay === undefined) {
        channel.nack(message, false, false)
        return
      }
      channel.sendToQueue(retryQueue(delay), message.content, message.properties, (err) => {
        if (err) return reject(err)
        channel.ack(message)
      })
    }
    channel.consume(work, (message) => job(message).catch(reject), { consumerTag: 'worker' })
    channel.consume(dead, (message) => { channel.ack(message); resolve(message) }, { consumerTag: 'undertaker' })
  })
  for (const id of ['flaky', 'good', 'bad']) {
    channel.publish(exchange, 'work', Buffer.from(`job ${id}`), { messageId: id, persistent: true, priority: 3 })
  }
  await channel.waitForConfirms()

  const last = await finished
  await channel.cancel('worker')
  await channel.cancel('undertaker')
  expect(last.properties.messageId === 'bad', `${last.properties.messageId} is dead`)
  expect(last.content.toString() === 'job bad', last.content.toString())
  expect(last.fields.routingKey === 'gone', last.fields.routingKey)
  expect(delays.map(retryQueue).includes(last.properties.headers['x-first-death-queue']), JSON.stringify(last.properties.headers))
  expect(last.properties.headers['x-death'][0].reason === 'rejected', JSON.stringify(last.properties.headers))
  expect(attempts.get('good').length === 1, 'good was tried again')
  expect(attempts.get('flaky').length === 3, `flaky was tried ${attempts.get('flaky').length} times`)
  const times = attempts.get('bad')
  expect(times.length === delays.length + 1, `bad was tried ${times.length} times`)
  delays.forEach((delay, n) => {
    const waited = times[n + 1] - times[n]
    expect(waited >= delay - 1, `attempt ${n + 1} came after ${waited} ms instead of ${delay}`)
  })
  for (const queue of [work, dead, ...delays.map(retryQueue)]) {
    const { messageCount } = await channel.deleteQueue(queue)
    expect(messageCount === 0, `${queue} has ${messageCount} messages left`)
  }
  await channel.deleteExchange(exchange)
  await channel.deleteExchange(`${exchange}.dead`)
  await connection.close()
  console.log('retried')
}

main().catch((err) => { console.error(err); process.exit(1) })
