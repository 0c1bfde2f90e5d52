// The form that publishes a message.
import { api } from "../api/api";
import type { Json, Table } from "../api/types";
import { reload } from "../state/poll";
import { Arguments, readArguments } from "./arguments";
import { Card } from "./bits";
import { Area, Check, Form, Select, Text, type Sent } from "./form";
import { say } from "./toast";

const texts = ["content_type", "content_encoding", "correlation_id", "reply_to", "expiration", "message_id", "type", "app_id", "user_id"];

/** Publishes to an exchange; with `routingKey` to that key only (the default exchange: a queue's name). */
export function Publish({ vhost, exchange, routingKey }: { vhost: string; exchange: string; routingKey?: string }) {
  const send = async (values: Sent): Promise<void> => {
    const { routed } = await api.publish(vhost, exchange, {
      routing_key: routingKey ?? values.text("routing_key"),
      payload: values.text("payload"),
      payload_encoding: values.text("encoding") === "base64" ? "base64" : "string",
      properties: properties(values),
    });
    say(routed ? "The message is published." : "The message was published, but not routed: no queue gets it.", !routed);
    reload();
  };
  return (
    <Card title="Publish a message">
      <Form action="Publish" onSend={send}>
        {routingKey === undefined && <Text label="Routing key" name="routing_key" />}
        <Area label="Payload" name="payload" />
        <div class="row">
          <Select
            label="Payload is"
            name="encoding"
            options={[
              { value: "string", title: "text" },
              { value: "base64", title: "base64" },
            ]}
          />
          <Text label="Priority" name="priority" type="number" min={0} max={255} />
        </div>
        <Check label="Persistent" name="persistent" on hint="Kept over a restart, in a durable queue" />
        <details>
          <summary>Headers and properties</summary>
          <div class="fields">
            <Arguments label="Headers" name="headers" />
            <div class="grid">
              {texts.map((name) => (
                <Text key={name} label={name.replaceAll("_", " ")} name={name} />
              ))}
            </div>
          </div>
        </details>
      </Form>
    </Card>
  );
}

function properties(values: Sent): Table {
  const found: Table = { delivery_mode: values.on("persistent") ? 2 : 1 };
  for (const name of texts) {
    const value: Json = values.text(name);
    if (value !== "") found[name] = value;
  }
  if (values.text("priority") !== "") found["priority"] = values.number("priority");
  const headers = readArguments(values, "headers");
  if (Object.keys(headers).length > 0) found["headers"] = headers;
  return found;
}
