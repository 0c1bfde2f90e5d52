import { useState } from "preact/hooks";
import { api } from "../../api/api";
import type { Vhost } from "../../api/types";
import { href } from "../../router";
import { reload } from "../../state/poll";
import { listOf } from "../../state/session";
import { Badge, Button, Head, State } from "../../ui/bits";
import { Check, FormDialog, Text } from "../../ui/form";
import { count } from "../../ui/format";
import { ListView } from "../../ui/list";
import { cut } from "../../ui/locallist";
import type { Column } from "../../ui/table";
import { say } from "../../ui/toast";
import { QueueTypeField } from "./queuetype";

const columns: Column<Vhost>[] = [
  {
    id: "name",
    title: "Name",
    cell: (v) => (
      <>
        <a href={href("admin", "vhosts", v.name)}>{v.name}</a>
        {v.description && <small>{v.description}</small>}
      </>
    ),
  },
  {
    id: "state",
    title: "State",
    fixed: true,
    cell: (v) => <State value={Object.values(v.cluster_state ?? {}).find((s) => s !== "running") ?? "running"} />,
  },
  {
    id: "tags",
    title: "Tags",
    fixed: true,
    cell: (v) => (
      <span class="badges">
        {listOf(v.tags).map((tag) => (
          <Badge key={tag}>{tag}</Badge>
        ))}
      </span>
    ),
  },
  { id: "default_queue_type", title: "Default queue type", cell: (v) => queueType(v) },
  { id: "messages_ready", title: "Ready", numeric: true, cell: (v) => count(v.messages_ready ?? 0) },
  { id: "messages_unacknowledged", title: "Unacked", numeric: true, cell: (v) => count(v.messages_unacknowledged ?? 0) },
  { id: "tracing", title: "Tracing", cell: (v) => (v.tracing ? <Badge tone="warn">on</Badge> : <span class="faint">off</span>) },
];

/** Versions say "undefined" where nothing is set. */
export function queueType(v: Vhost): string {
  return v.default_queue_type === undefined || v.default_queue_type === "undefined" ? "classic" : v.default_queue_type;
}

const field = (v: Vhost, id: string): string | number | boolean => {
  const value = v[id as keyof Vhost];
  return typeof value === "number" || typeof value === "boolean" ? value : typeof value === "string" ? value : 0;
};

export function Vhosts() {
  const [adding, setAdding] = useState(false);
  return (
    <>
      <Head title="Virtual hosts">
        <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
          Add virtual host
        </Button>
      </Head>
      <ListView
        noun="virtual host"
        id="vhosts"
        columns={columns}
        keyOf={(v) => v.name}
        empty="Add the first one."
        load={async (query, signal) => cut(await api.vhosts(signal), query, field)}
      />
      {adding && <AddDialog onClose={() => setAdding(false)} />}
    </>
  );
}

function AddDialog({ onClose }: { onClose: () => void }) {
  return (
    <FormDialog
      title="Add a virtual host"
      action="Add virtual host"
      onClose={onClose}
      onSend={async (values) => {
        const name = values.text("name");
        const type = values.text("default_queue_type");
        await api.putVhost(name, {
          description: values.text("description"),
          tags: values.text("tags"),
          tracing: values.on("tracing"),
          ...(type !== "" && { default_queue_type: type }),
        });
        say(`The virtual host ${name} is there.`);
        reload();
      }}
    >
      <Text label="Name" name="name" required focus />
      <Text label="Description" name="description" />
      <Text label="Tags" name="tags" hint="Separated by commas" />
      <QueueTypeField />
      <Check label="Tracing" name="tracing" hint="Copies of all messages go to the exchange amq.rabbitmq.trace." />
    </FormDialog>
  );
}
