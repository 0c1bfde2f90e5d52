# Does with bunny what Sneakers and Hutch do: bunny_work.rb PREFIX. The broker is AMQP_URL.
#
# Jobs that fail go round through a retry exchange, are counted by x-death, and end in an error queue; a call gets its reply through a
# queue of its own; a topic exchange leads jobs by patterns.
require "bunny"
require "timeout"

prefix = ARGV[0]
PATIENCE = 60

def expect(ok, what)
  raise what unless ok
end

def wait_for(queue)
  Timeout.timeout(PATIENCE) { queue.pop }
end

# What is behind the last slash is the virtual host, which would be empty.
connection = Bunny.new(ENV["AMQP_URL"].chomp("/"), automatically_recover: false, continuation_timeout: 1000 * PATIENCE)
connection.start
channel = connection.create_channel(nil, 4)
channel.prefetch(2)
channel.confirm_select

# Retries as Sneakers' Maxretry handler has them.
jobs = channel.direct("#{prefix}.jobs", durable: true)
retries = channel.topic("#{prefix}.retry", durable: true)
requeue = channel.topic("#{prefix}.requeue", durable: true)
errors = channel.topic("#{prefix}.error", durable: true)
work = channel.queue("#{prefix}.work", durable: true, arguments: { "x-dead-letter-exchange" => retries.name })
waiting = channel.queue("#{prefix}.waiting", durable: true, arguments: { "x-dead-letter-exchange" => requeue.name, "x-message-ttl" => 150 })
failed = channel.queue("#{prefix}.failed", durable: true)
work.bind(jobs, routing_key: "work").bind(requeue, routing_key: "#")
waiting.bind(retries, routing_key: "#")
failed.bind(errors, routing_key: "#")

done, dead, tries = Thread::Queue.new, Thread::Queue.new, Hash.new(0)
work.subscribe(manual_ack: true) do |delivery, properties, body|
  tries[body] += 1
  deaths = (properties.headers || {})["x-death"] || []
  rejections = deaths.select { |d| d["queue"] == work.name && d["reason"] == "rejected" }.sum { |d| d["count"] }
  dead << ["#{body}: #{rejections} rejections at try #{tries[body]}", {}] unless rejections == tries[body] - 1
  if body == "sound" || (body == "shaky" && rejections == 2)
    channel.ack(delivery.delivery_tag)
    done << body
  elsif rejections < 3
    channel.reject(delivery.delivery_tag)
  else
    errors.publish(body, routing_key: delivery.routing_key, headers: properties.headers, persistent: true)
    channel.ack(delivery.delivery_tag)
  end
end
failed.subscribe { |_, properties, body| dead << [body, properties.headers] }
%w[sound shaky broken].each { |body| jobs.publish(body, routing_key: "work", persistent: true) }
expect(channel.wait_for_confirms, "a job was refused")
expect([wait_for(done), wait_for(done)].sort == %w[shaky sound], "not all jobs were done")
body, headers = wait_for(dead)
expect(body == "broken", "#{body} is dead: #{headers}")
expect(headers["x-first-death-reason"] == "rejected" && headers["x-first-death-queue"] == work.name, headers.inspect)
expect(tries == { "sound" => 1, "shaky" => 3, "broken" => 4 }, tries.inspect)

# A call and its reply.
service = channel.queue("#{prefix}.service", auto_delete: true)
service.subscribe do |_, properties, question|
  channel.default_exchange.publish(question.reverse, routing_key: properties.reply_to, correlation_id: properties.correlation_id)
end
answers = Thread::Queue.new
caller = connection.create_channel
mailbox = caller.queue("", exclusive: true)
mailbox.subscribe { |_, properties, answer| answers << [properties.correlation_id, answer] }
caller.default_exchange.publish("olleh", routing_key: service.name, reply_to: mailbox.name, correlation_id: "42")
expect(wait_for(answers) == %w[42 hello], "a wrong answer")

# Patterns, and acks out of order.
topics = channel.topic("#{prefix}.events")
inbox = channel.queue("", exclusive: true).bind(topics, routing_key: "orders.*.paid")
3.times { |n| topics.publish("order #{n}", routing_key: "orders.#{n}.paid") }
topics.publish("other", routing_key: "orders.1.sent")
expect(channel.wait_for_confirms, "an event was refused")
got = Array.new(3) { inbox.pop(manual_ack: true) }
expect(got.map(&:last) == ["order 0", "order 1", "order 2"], got.map(&:last).inspect)
got.reverse_each { |delivery, _, _| channel.ack(delivery.delivery_tag) }
expect(inbox.pop == [nil, nil, nil], "something was left")

[work, waiting, failed].each(&:delete)
[jobs, retries, requeue, errors, topics].each(&:delete)
connection.close
puts "worked"
