import { useState } from "preact/hooks";
import { api } from "../api/api";
import type { Queue } from "../api/types";
import { href } from "../router";
import { reload } from "../state/poll";
import { chosenColumns, vhost } from "../state/settings";
import { Arguments, readArguments } from "../ui/arguments";
import { Button, Head, State } from "../ui/bits";
import { Check, FormDialog, options, Select, Text } from "../ui/form";
import { bytes, count, none, rate } from "../ui/format";
import { queueArguments } from "../ui/known";
import { ListView } from "../ui/list";
import { rateOf, rateOfAll } from "../ui/plots";
import type { Column } from "../ui/table";
import { say } from "../ui/toast";
import { VhostField } from "../ui/vhostfield";
import { Features } from "./features";

const chosen = chosenColumns("queues", [
  "type",
  "features",
  "state",
  "messages_ready",
  "messages_unacknowledged",
  "messages",
  "message_stats.publish_details.rate",
  "message_stats.deliver_get_details.rate",
]);

const columns: Column<Queue>[] = [
  { id: "name", title: "Name", cell: (q) => <a href={href("queues", q.vhost, q.name)}>{q.name}</a> },
  { id: "vhost", title: "Virtual host", optional: true, cell: (q) => q.vhost },
  { id: "type", title: "Type", optional: true, cell: (q) => q.type ?? "classic" },
  { id: "features", title: "Features", fixed: true, optional: true, cell: (q) => <Features of={q} /> },
  { id: "policy", title: "Policy", optional: true, cell: (q) => q.policy || none },
  { id: "state", title: "State", optional: true, cell: (q) => <State value={q.state} /> },
  { id: "consumers", title: "Consumers", numeric: true, optional: true, cell: (q) => count(q.consumers) },
  { id: "messages_ready", title: "Ready", numeric: true, optional: true, cell: (q) => count(q.messages_ready) },
  { id: "messages_unacknowledged", title: "Unacked", numeric: true, optional: true, cell: (q) => count(q.messages_unacknowledged) },
  { id: "messages", title: "Total", numeric: true, optional: true, cell: (q) => count(q.messages) },
  { id: "message_bytes", title: "Bytes", numeric: true, optional: true, cell: (q) => bytes(q.message_bytes) },
  { id: "memory", title: "Memory", numeric: true, optional: true, cell: (q) => bytes(q.memory) },
  {
    id: "message_stats.publish_details.rate",
    title: "In",
    numeric: true,
    optional: true,
    cell: (q) => rate(rateOf(q.message_stats, "publish")),
  },
  {
    id: "message_stats.deliver_get_details.rate",
    title: "Out",
    numeric: true,
    optional: true,
    cell: (q) => rate(rateOfAll(q.message_stats, "deliver_get")),
  },
  { id: "message_stats.ack_details.rate", title: "Ack", numeric: true, optional: true, cell: (q) => rate(rateOf(q.message_stats, "ack")) },
];

// What the rows are made of: the rest of each queue stays where it is.
const fields = [
  "name",
  "vhost",
  "type",
  "durable",
  "auto_delete",
  "exclusive",
  "arguments",
  "policy",
  "operator_policy",
  "state",
  "consumers",
  "messages",
  "messages_ready",
  "messages_unacknowledged",
  "message_bytes",
  "memory",
  "message_stats.publish_details.rate",
  "message_stats.deliver_get_details.rate",
  "message_stats.ack_details.rate",
].join(",");

export function Queues() {
  const v = vhost.value;
  const [adding, setAdding] = useState(false);
  return (
    <>
      <Head title="Queues">
        <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
          Add queue
        </Button>
      </Head>
      <ListView
        noun="queue"
        id={`queues ${v ?? ""}`}
        columns={columns}
        chosen={chosen}
        keyOf={(q) => `${q.vhost}\n${q.name}`}
        load={(query, signal) => api.queues(v, query, fields, signal)}
        empty="Applications declare queues, or you add one here."
      />
      {adding && <AddDialog onClose={() => setAdding(false)} />}
    </>
  );
}

function AddDialog({ onClose }: { onClose: () => void }) {
  return (
    <FormDialog
      title="Add a queue"
      action="Add queue"
      onClose={onClose}
      onSend={async (values) => {
        const name = values.text("name");
        const type = values.text("type");
        await api.declareQueue(values.text("vhost"), name, {
          durable: values.on("durable"),
          auto_delete: values.on("auto_delete"),
          arguments: { ...(type !== "" && { "x-queue-type": type }), ...readArguments(values, "arguments") },
        });
        say(`The queue ${name} is there.`);
        reload();
      }}
    >
      <VhostField />
      <Text label="Name" name="name" required focus />
      <Select label="Type" name="type" options={[{ value: "", title: "default of the virtual host" }, ...options("classic", "quorum")]} />
      <div class="row">
        <Check label="Durable" name="durable" on />
        <Check label="Auto-delete" name="auto_delete" />
      </div>
      <Arguments label="Arguments" name="arguments" known={queueArguments} />
    </FormDialog>
  );
}
