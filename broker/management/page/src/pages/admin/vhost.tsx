import { useState } from "preact/hooks";
import { api } from "../../api/api";
import type { Vhost } from "../../api/types";
import { go, href } from "../../router";
import { reload, usePoll } from "../../state/poll";
import { listOf } from "../../state/session";
import { Badge, Button, Card, Empty, Facts, Head, Loading, Problem, State } from "../../ui/bits";
import { FormDialog, Text } from "../../ui/form";
import { count } from "../../ui/format";
import { DataTable } from "../../ui/table";
import { act, destroy, say } from "../../ui/toast";
import { LimitsCard } from "./limitscard";
import { QueueTypeField } from "./queuetype";
import { queueType } from "./vhosts";

export function VhostPage({ name }: { name: string }) {
  const { data, error } = usePoll("vhosts", (signal) => api.vhosts(signal));
  const [changing, setChanging] = useState(false);
  const v = data?.find((one) => one.name === name);
  const back = { title: "Virtual hosts", href: href("admin", "vhosts") };
  if (data !== undefined && v === undefined)
    return (
      <>
        <Head title={name} back={back} />
        <Empty title="There is no such virtual host" />
      </>
    );
  if (v === undefined)
    return (
      <>
        <Head title={name} back={back} />
        {error ? <Problem error={error} /> : <Loading />}
      </>
    );
  const tracing = v.tracing ? "Stop tracing" : "Start tracing";
  return (
    <>
      <Head title={name} note={v.description} back={back}>
        <Button onClick={() => setChanging(true)}>Change</Button>
        <Button
          onClick={() =>
            void act(v.tracing ? "Tracing is off." : "Tracing is on.", () => api.putVhost(name, { ...kept(v), tracing: !v.tracing }))
          }
        >
          {tracing}
        </Button>
        <Button kind="danger" icon="trash" onClick={() => void drop(name)}>
          Delete
        </Button>
      </Head>
      <Problem error={error} />
      <div class="cards">
        <About vhost={v} />
        <VhostLimits vhost={name} />
        <Permissions vhost={name} />
      </div>
      {changing && <ChangeDialog vhost={v} onClose={() => setChanging(false)} />}
    </>
  );
}

function About({ vhost: v }: { vhost: Vhost }) {
  return (
    <Card title="Details">
      <Facts
        of={[
          [
            "State",
            <>
              {Object.entries(v.cluster_state ?? {}).map(([node, state]) => (
                <div key={node}>
                  {node} <State value={state} />
                </div>
              ))}
            </>,
          ],
          ["Default queue type", queueType(v)],
          [
            "Tags",
            <span class="badges">
              {listOf(v.tags).map((tag) => (
                <Badge key={tag}>{tag}</Badge>
              ))}
            </span>,
          ],
          ["Tracing", v.tracing ? "on" : "off"],
          ["Messages ready", count(v.messages_ready ?? 0)],
          ["Messages unacked", count(v.messages_unacknowledged ?? 0)],
        ]}
      />
    </Card>
  );
}

function VhostLimits({ vhost }: { vhost: string }) {
  const { data, error } = usePoll("vhost limits", (signal) => api.vhostLimits(signal));
  return (
    <LimitsCard
      names={["max-connections", "max-queues"]}
      error={error}
      values={data?.find((l) => l.vhost === vhost)?.value ?? {}}
      onSet={(limit, value) => api.setVhostLimit(vhost, limit, value)}
      onClear={(limit) => api.clearVhostLimit(vhost, limit)}
    />
  );
}

function Permissions({ vhost }: { vhost: string }) {
  const { data, error } = usePoll("permissions", (signal) => api.vhostPermissions(vhost, signal));
  return (
    <Card wide flush title="Who may use it">
      <Problem error={error} />
      {data &&
        (data.length === 0 ? (
          <Empty title="Nobody">Give permissions on the page of a user.</Empty>
        ) : (
          <DataTable
            label="Permissions"
            rows={data}
            keyOf={(p) => p.user}
            columns={[
              { id: "user", title: "User", cell: (p) => <a href={href("admin", "users", p.user)}>{p.user}</a> },
              { id: "configure", title: "Configure", cell: (p) => <code>{p.configure}</code> },
              { id: "write", title: "Write", cell: (p) => <code>{p.write}</code> },
              { id: "read", title: "Read", cell: (p) => <code>{p.read}</code> },
            ]}
          />
        ))}
    </Card>
  );
}

// A change replaces all: what is not changed is said again.
function kept(v: Vhost) {
  const type = queueType(v);
  return {
    description: v.description ?? "",
    tags: listOf(v.tags).join(","),
    ...(v.default_queue_type === type && { default_queue_type: type }),
  };
}

function ChangeDialog({ vhost: v, onClose }: { vhost: Vhost; onClose: () => void }) {
  return (
    <FormDialog
      title={`Change ${v.name}`}
      action="Save"
      onClose={onClose}
      onSend={async (values) => {
        const type = values.text("default_queue_type");
        await api.putVhost(v.name, {
          description: values.text("description"),
          tags: values.text("tags"),
          tracing: v.tracing,
          ...(type !== "" && { default_queue_type: type }),
        });
        say("The virtual host is changed.");
        reload();
      }}
    >
      <Text label="Description" name="description" value={v.description ?? ""} focus />
      <Text label="Tags" name="tags" value={listOf(v.tags).join(", ")} hint="Separated by commas" />
      <QueueTypeField value={v.default_queue_type ?? ""} />
    </FormDialog>
  );
}

async function drop(name: string): Promise<void> {
  const gone = await destroy({
    title: "Delete this virtual host?",
    text: `The virtual host ${name} goes away with all its queues, exchanges and messages. Its clients are disconnected.`,
    action: "Delete virtual host",
    done: `The virtual host ${name} is deleted.`,
    call: () => api.deleteVhost(name),
  });
  if (gone) go("admin", "vhosts");
}
