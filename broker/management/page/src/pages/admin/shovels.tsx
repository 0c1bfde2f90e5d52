import { useState } from "preact/hooks";
import { api } from "../../api/api";
import type { Parameter, ShovelStatus } from "../../api/types";
import { reload, usePoll } from "../../state/poll";
import { Button, Card, Empty, Head, Problem, show, State } from "../../ui/bits";
import { FormDialog, Select, Text, type Sent } from "../../ui/form";
import { none } from "../../ui/format";
import { DataTable } from "../../ui/table";
import { destroy, say } from "../../ui/toast";
import { VhostField } from "../../ui/vhostfield";

export function Shovels() {
  const [adding, setAdding] = useState(false);
  return (
    <>
      <Head title="Shovels" note="A shovel takes messages from one place and publishes them to another, on this broker or between brokers.">
        <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
          Add shovel
        </Button>
      </Head>
      <div class="cards">
        <Statuses />
        <Parameters />
      </div>
      {adding && <AddDialog onClose={() => setAdding(false)} />}
    </>
  );
}

const place = (queue: string | undefined, exchange: string | undefined): string => queue ?? exchange ?? none;

function Statuses() {
  const { data, error } = usePoll("shovels", (signal) => api.shovels(signal));
  return (
    <Card wide flush title="Running">
      <Problem error={error} />
      {data &&
        (data.length === 0 ? (
          <Empty title="No shovel is running">One that moved all it had to is gone from here.</Empty>
        ) : (
          <DataTable<ShovelStatus>
            label="Running shovels"
            rows={data}
            keyOf={(s) => `${s.vhost ?? ""}\n${s.name}`}
            columns={[
              { id: "name", title: "Name", cell: (s) => s.name },
              { id: "vhost", title: "Virtual host", cell: (s) => s.vhost ?? none },
              {
                id: "state",
                title: "State",
                cell: (s) => (
                  <>
                    <State value={s.state} />
                    {s.reason != null && <small>{show(s.reason)}</small>}
                  </>
                ),
              },
              { id: "from", title: "From", cell: (s) => place(s.src_queue, s.src_exchange) },
              { id: "to", title: "To", cell: (s) => place(s.dest_queue, s.dest_exchange) },
              { id: "since", title: "Since", cell: (s) => s.timestamp ?? none },
            ]}
          />
        ))}
    </Card>
  );
}

function Parameters() {
  const { data, error } = usePoll("shovel parameters", (signal) => api.shovelParameters(signal));
  return (
    <Card wide flush title="Defined">
      <Problem error={error} />
      {data &&
        (data.length === 0 ? (
          <Empty title="No shovel is defined" />
        ) : (
          <DataTable<Parameter>
            label="Defined shovels"
            rows={data}
            keyOf={(p) => `${p.vhost}\n${p.name}`}
            columns={[
              { id: "name", title: "Name", cell: (p) => p.name },
              { id: "vhost", title: "Virtual host", cell: (p) => p.vhost },
              { id: "from", title: "From", cell: (p) => end(p, "src") },
              { id: "to", title: "To", cell: (p) => end(p, "dest") },
              {
                id: "delete",
                title: "",
                cell: (p) => <Button kind="quiet" icon="trash" label={`Delete ${p.name}`} onClick={() => void drop(p)} />,
              },
            ]}
          />
        ))}
    </Card>
  );
}

function end({ value }: Parameter, side: "src" | "dest") {
  const name = value[`${side}-queue`] ?? value[`${side}-exchange`] ?? value[`${side}-address`] ?? "";
  return (
    <>
      {show(name)}
      <small>{withoutPassword(show(value[`${side}-uri`] ?? ""))}</small>
    </>
  );
}

// Broker addresses may hold a password, which is nobody's to read over a shoulder.
function withoutPassword(uri: string): string {
  return uri.replace(/(\/\/[^:@/]*):[^@/]*@/g, "$1:•••@");
}

function AddDialog({ onClose }: { onClose: () => void }) {
  return (
    <FormDialog
      title="Add a shovel"
      action="Add shovel"
      wide
      onClose={onClose}
      onSend={async (values) => {
        await api.putShovel(values.text("vhost"), values.text("name"), definition(values));
        say("The shovel is defined.");
        reload();
      }}
    >
      <VhostField />
      <Text label="Name" name="name" required focus />
      <div class="row">
        <Text
          label="From broker"
          name="src-uri"
          value="amqp://"
          required
          hint="amqp:// is this broker; amqp://user:password@host/vhost another"
        />
        <Text label="From queue" name="src-queue" required />
      </div>
      <div class="row">
        <Text label="To broker" name="dest-uri" value="amqp://" required />
        <Text label="To queue" name="dest-queue" hint="Either a queue" />
      </div>
      <div class="row">
        <Text label="To exchange" name="dest-exchange" hint="or an exchange" />
        <Text label="With routing key" name="dest-exchange-key" hint="Without one, messages keep theirs." />
      </div>
      <div class="row">
        <Select
          label="Acknowledge"
          name="ack-mode"
          options={[
            { value: "on-confirm", title: "when the target has confirmed" },
            { value: "on-publish", title: "when published" },
            { value: "no-ack", title: "never: fast, may lose messages" },
          ]}
        />
        <Select
          label="Ends"
          name="src-delete-after"
          options={[
            { value: "never", title: "never" },
            { value: "queue-length", title: "when what waits now is moved" },
          ]}
        />
        <Text label="Prefetch" name="src-prefetch-count" type="number" value="1000" min={1} />
      </div>
    </FormDialog>
  );
}

function definition(values: Sent): Record<string, string | number> {
  const target = ["dest-queue", "dest-exchange", "dest-exchange-key"].filter((name) => values.text(name) !== "");
  if (target.length === 0) throw new Error("Name a queue or an exchange that the messages go to.");
  const names = ["src-uri", "src-queue", "dest-uri", "ack-mode", "src-delete-after", ...target];
  return {
    "src-protocol": "amqp091",
    "dest-protocol": "amqp091",
    ...Object.fromEntries(names.map((name) => [name, values.text(name)])),
    "src-prefetch-count": values.number("src-prefetch-count"),
  };
}

function drop(p: Parameter): Promise<boolean> {
  return destroy({
    title: "Delete this shovel?",
    text: `The shovel ${p.name} stops. Messages that it has not moved stay where they are.`,
    action: "Delete shovel",
    done: `The shovel ${p.name} is deleted.`,
    call: () => api.deleteShovel(p.vhost, p.name),
  });
}
