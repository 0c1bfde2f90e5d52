// The bindings of an exchange or a queue: shown, added and removed.
import { useState } from "preact/hooks";
import { api } from "../api/api";
import type { Binding } from "../api/types";
import { href } from "../router";
import { reload } from "../state/poll";
import { Arguments, readArguments } from "../ui/arguments";
import { Button, Card, Empty, Loading, Problem, Values } from "../ui/bits";
import { Form, Select, Text, type Sent } from "../ui/form";
import { count, exchangeName } from "../ui/format";
import { bindingArguments } from "../ui/known";
import { DataTable, type Column } from "../ui/table";
import { destroy, say } from "../ui/toast";

/** No more rows than these are shown, however many bindings there are. */
const most = 200;

const source: Column<Binding> = {
  id: "source",
  title: "From exchange",
  cell: (b) => <a href={href("exchanges", b.vhost, b.source)}>{exchangeName(b.source)}</a>,
};
const destination: Column<Binding> = {
  id: "destination",
  title: "To",
  cell: (b) => (
    <>
      <a href={href(b.destination_type === "queue" ? "queues" : "exchanges", b.vhost, b.destination)}>{b.destination}</a>{" "}
      <span class="faint">{b.destination_type}</span>
    </>
  ),
};
const rest: Column<Binding>[] = [
  {
    id: "routing_key",
    title: "Routing key",
    cell: (b) => (b.routing_key === "" ? <span class="faint">(empty)</span> : <code>{b.routing_key}</code>),
  },
  { id: "arguments", title: "Arguments", cell: (b) => <Values of={b.arguments} /> },
  {
    id: "remove",
    title: "",
    cell: (b) =>
      b.source !== "" && (
        <Button
          kind="quiet"
          icon="trash"
          label={`Remove the binding ${b.source} → ${b.destination} ${b.routing_key}`}
          onClick={() => void unbind(b)}
        />
      ),
  },
];

interface BindingTableProps {
  title: string;
  bindings: Binding[] | undefined;
  error: Error | undefined;
  /** Which end is not known already. */
  show: "source" | "destination" | "both";
}

export function BindingTable({ title, bindings, error, show }: BindingTableProps) {
  const [filter, setFilter] = useState("");
  const all = bindings ?? [];
  const found = filter === "" ? all : all.filter((b) => [b.source, b.destination, b.routing_key].some((text) => text.includes(filter)));
  const columns = [...(show === "destination" ? [] : [source]), ...(show === "source" ? [] : [destination]), ...rest];
  return (
    <Card
      wide
      flush
      title={`${title} (${count(all.length)})`}
      actions={
        all.length > 10 && (
          <input
            type="search"
            aria-label={`Filter: ${title}`}
            placeholder="Filter bindings"
            value={filter}
            onInput={(event) => setFilter(event.currentTarget.value)}
          />
        )
      }
    >
      <Problem error={error} />
      {bindings === undefined && !error && <Loading />}
      {bindings && found.length === 0 && <Empty title="No bindings" />}
      {found.length > 0 && (
        <DataTable
          label={title}
          rows={found.slice(0, most)}
          columns={columns}
          keyOf={(b) => JSON.stringify([b.vhost, b.source, b.destination_type, b.destination, b.properties_key])}
        />
      )}
      {found.length > most && <p class="more faint">{count(found.length - most)} more are not shown: narrow the filter.</p>}
    </Card>
  );
}

/** Binds a given queue to an exchange, or something to a given exchange. */
export function AddBinding({ vhost, source: from, queue }: { vhost: string; source?: string; queue?: string }) {
  const send = async (values: Sent): Promise<void> => {
    await api.bind({
      vhost,
      source: from ?? values.text("source"),
      destination: queue ?? values.text("destination"),
      destination_type: queue === undefined && values.text("kind") === "exchange" ? "exchange" : "queue",
      routing_key: values.text("routing_key"),
      arguments: readArguments(values, "arguments"),
      properties_key: "",
    });
    say("The binding is there.");
    reload();
  };
  return (
    <Card title="Add a binding">
      <Form action="Bind" onSend={send}>
        {from === undefined && <Text label="From exchange" name="source" required />}
        {queue === undefined && (
          <div class="row">
            <Select
              label="To"
              name="kind"
              options={[
                { value: "queue", title: "queue" },
                { value: "exchange", title: "exchange" },
              ]}
            />
            <Text label="Name" name="destination" required />
          </div>
        )}
        <Text label="Routing key" name="routing_key" />
        <Arguments label="Arguments" name="arguments" known={bindingArguments} />
      </Form>
    </Card>
  );
}

function unbind(b: Binding): Promise<boolean> {
  return destroy({
    title: "Remove this binding?",
    text: `Messages of ${b.source} with the key “${b.routing_key}” no longer reach the ${b.destination_type} ${b.destination}.`,
    action: "Remove binding",
    done: "The binding is removed.",
    call: () => api.unbind(b),
  });
}
