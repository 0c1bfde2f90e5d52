// Looking into a queue.
import { useState } from "preact/hooks";
import { api, type AckMode } from "../../api/api";
import type { Message } from "../../api/types";
import { reload } from "../../state/poll";
import { Badge, Card, Empty, Facts, Values } from "../../ui/bits";
import { confirm } from "../../ui/dialog";
import { Form, Select, Text, type Option, type Sent } from "../../ui/form";
import { bytes, exchangeName } from "../../ui/format";

const modes: (Option & { value: AckMode })[] = [
  { value: "ack_requeue_true", title: "put them back (nack, requeue)" },
  { value: "reject_requeue_true", title: "put them back (reject, requeue)" },
  { value: "ack_requeue_false", title: "remove them (ack)" },
  { value: "reject_requeue_false", title: "remove or dead-letter them (reject)" },
];

/** A payload is cut at this many bytes: it is shown, not downloaded. */
const truncate = 50_000;
const most = 1_000;

export function GetMessages({ vhost, name }: { vhost: string; name: string }) {
  const [messages, setMessages] = useState<Message[] | undefined>(undefined);

  const send = async (values: Sent): Promise<void> => {
    const ackmode = modes.find((m) => m.value === values.text("ackmode"))?.value ?? "ack_requeue_true";
    if (ackmode.endsWith("false") && !(await confirmRemoval(ackmode))) return;
    const encoding = values.text("encoding") === "base64" ? "base64" : "auto";
    setMessages(await api.getMessages(vhost, name, { count: values.number("count"), ackmode, encoding, truncate }));
    reload();
  };
  return (
    <Card wide title="Get messages">
      <Form action="Get messages" onSend={send}>
        <div class="row">
          <Select label="Afterwards" name="ackmode" options={modes} />
          <Select
            label="Payloads as"
            name="encoding"
            options={[
              { value: "auto", title: "text where possible" },
              { value: "base64", title: "base64" },
            ]}
          />
          <Text label="How many" name="count" type="number" value="1" min={1} max={most} required />
        </div>
        <p class="faint">Messages that are put back keep their place, but are marked as redelivered.</p>
      </Form>
      {messages &&
        (messages.length === 0 ? (
          <Empty title="The queue is empty" />
        ) : (
          <ol class="messages" aria-label="Messages" aria-live="polite">
            {messages.map((m, i) => (
              <MessageView key={i} number={i + 1} message={m} />
            ))}
          </ol>
        ))}
    </Card>
  );
}

function confirmRemoval(mode: AckMode): Promise<boolean> {
  const text =
    mode === "ack_requeue_false"
      ? "The messages are taken out of the queue and are gone."
      : "The messages are rejected: they go to the dead-letter exchange, if there is one, or are gone.";
  return confirm({ title: "Take messages out of the queue?", text: <p>{text}</p>, action: "Take out", danger: true });
}

function MessageView({ number, message: m }: { number: number; message: Message }) {
  const { headers, ...properties } = Array.isArray(m.properties) ? {} : m.properties;
  const cut = m.payload_bytes > truncate;
  return (
    <li>
      <header>
        <strong>Message {number}</strong>
        <Badge>{bytes(m.payload_bytes)}</Badge>
        {m.redelivered && <Badge tone="warn">redelivered</Badge>}
        {m.payload_encoding === "base64" && <Badge tone="accent">base64</Badge>}
        <span class="faint">{m.message_count} more behind it</span>
      </header>
      <Facts
        of={[
          ["Exchange", exchangeName(m.exchange)],
          ["Routing key", <code>{m.routing_key}</code>],
          ["Properties", <Values of={properties} />],
          headers !== undefined &&
            headers !== null &&
            typeof headers === "object" &&
            !Array.isArray(headers) && ["Headers", <Values of={headers} />],
        ]}
      />
      <pre tabIndex={0} aria-label="Payload">
        {m.payload}
      </pre>
      {cut && <p class="faint">The payload is cut: {bytes(m.payload_bytes)} in all.</p>}
    </li>
  );
}
