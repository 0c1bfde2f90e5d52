import { useState } from "preact/hooks";
import { api } from "../api/api";
import type { Exchange } from "../api/types";
import { href } from "../router";
import { reload, usePoll } from "../state/poll";
import { chosenColumns, ranges, vhost } from "../state/settings";
import { Arguments, readArguments } from "../ui/arguments";
import { Button, Head } from "../ui/bits";
import { Check, FormDialog, options, Select, Text } from "../ui/form";
import { exchangeName, none, rate } from "../ui/format";
import { exchangeArguments } from "../ui/known";
import { ListView } from "../ui/list";
import { rateOf } from "../ui/plots";
import type { Column } from "../ui/table";
import { say } from "../ui/toast";
import { VhostField } from "../ui/vhostfield";
import { Features } from "./features";

const chosen = chosenColumns("exchanges", [
  "vhost",
  "type",
  "features",
  "message_stats.publish_in_details.rate",
  "message_stats.publish_out_details.rate",
]);

const columns: Column<Exchange>[] = [
  { id: "name", title: "Name", cell: (x) => <a href={href("exchanges", x.vhost, x.name)}>{exchangeName(x.name)}</a> },
  { id: "vhost", title: "Virtual host", optional: true, cell: (x) => x.vhost },
  { id: "type", title: "Type", optional: true, cell: (x) => x.type },
  { id: "features", title: "Features", fixed: true, optional: true, cell: (x) => <Features of={x} /> },
  { id: "policy", title: "Policy", optional: true, cell: (x) => x.policy || none },
  {
    id: "message_stats.publish_in_details.rate",
    title: "In",
    numeric: true,
    optional: true,
    cell: (x) => rate(rateOf(x.message_stats, "publish_in")),
  },
  {
    id: "message_stats.publish_out_details.rate",
    title: "Out",
    numeric: true,
    optional: true,
    cell: (x) => rate(rateOf(x.message_stats, "publish_out")),
  },
];

export function Exchanges() {
  const v = vhost.value;
  const [adding, setAdding] = useState(false);
  return (
    <>
      <Head title="Exchanges">
        <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
          Add exchange
        </Button>
      </Head>
      <ListView
        noun="exchange"
        id={`exchanges ${v ?? ""}`}
        columns={columns}
        chosen={chosen}
        keyOf={(x) => `${x.vhost}\n${x.name}`}
        load={(query, signal) => api.exchanges(v, query, signal)}
        empty="Exchanges route messages to queues."
      />
      {adding && <AddDialog onClose={() => setAdding(false)} />}
    </>
  );
}

function AddDialog({ onClose }: { onClose: () => void }) {
  const { data } = usePoll("exchange types", (signal) => api.overview(ranges[0] ?? { age: 60, incr: 5 }, signal));
  const types = data?.exchange_types.map((t) => t.name) ?? ["direct", "fanout", "headers", "topic"];
  return (
    <FormDialog
      title="Add an exchange"
      action="Add exchange"
      onClose={onClose}
      onSend={async (values) => {
        const name = values.text("name");
        await api.declareExchange(values.text("vhost"), name, {
          type: values.text("type"),
          durable: values.on("durable"),
          auto_delete: values.on("auto_delete"),
          internal: values.on("internal"),
          arguments: readArguments(values, "arguments"),
        });
        say(`The exchange ${name} is there.`);
        reload();
      }}
    >
      <VhostField />
      <Text label="Name" name="name" required focus />
      <Select label="Type" name="type" options={options(...types)} value="direct" />
      <div class="row">
        <Check label="Durable" name="durable" on />
        <Check label="Auto-delete" name="auto_delete" />
        <Check label="Internal" name="internal" />
      </div>
      <Arguments label="Arguments" name="arguments" known={exchangeArguments} />
    </FormDialog>
  );
}
