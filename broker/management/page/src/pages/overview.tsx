import { api } from "../api/api";
import type { Listener, Node, Overview as OverviewData, Stats } from "../api/types";
import { href } from "../router";
import { usePoll } from "../state/poll";
import { can, isAdministrator } from "../state/session";
import { range, rangeId } from "../state/settings";
import { Badge, Card, Empty, Facts, Head, Loading, Meter, Problem, State } from "../ui/bits";
import { bytes, compact, count, duration, none, rate } from "../ui/format";
import { rateOf, rateOfAll, valueOf } from "../ui/plots";
import { Icon } from "../ui/icons";
import { MessageCharts } from "../ui/statcharts";
import { DataTable } from "../ui/table";

export function Overview() {
  const overview = usePoll(`overview ${rangeId.value}`, (signal) => api.overview(range(), signal));
  // Who may not see nodes does not ask for them.
  const nodes = usePoll("nodes", async (signal) => (can("monitoring") ? api.nodes(signal) : []));
  const data = overview.data;
  if (data === undefined) return overview.error ? <Problem error={overview.error} /> : <Loading />;
  return (
    <>
      <Head
        title="Overview"
        note={
          <>
            {product(data)} · cluster <strong>{data.cluster_name}</strong>
          </>
        }
      >
        {isAdministrator() && (
          <a class="button" href={href("admin", "definitions")}>
            <Icon name="download" />
            Definitions
          </a>
        )}
      </Head>
      <Problem error={overview.error} />
      <Alarms nodes={nodes.data ?? []} />
      <Totals of={data} />
      <div class="cards">
        <MessageCharts lengths={data.queue_totals} stats={data.message_stats} />
        {nodes.data && nodes.data.length > 0 && <Nodes nodes={nodes.data} />}
        {data.churn_rates && <Churn of={data.churn_rates} />}
        {data.listeners && <Listeners rows={data.listeners} />}
      </div>
    </>
  );
}

// LepusMQ tells clients the version of RabbitMQ that it stands in for, and its own besides.
function product(data: OverviewData): string {
  if (data.lepus_version !== undefined) {
    const own = data.lepus_version === "" ? "LepusMQ" : `LepusMQ ${data.lepus_version}`;
    return `${own}, for clients RabbitMQ ${data.rabbitmq_version}`;
  }
  return `${data.product_name ?? "RabbitMQ"} ${data.product_version ?? data.rabbitmq_version}`;
}

function Alarms({ nodes }: { nodes: Node[] }) {
  const alarms = nodes.flatMap((n) => [
    ...(n.mem_alarm ? [`${n.name} uses more memory than its limit of ${bytes(n.mem_limit)}: publishers are blocked.`] : []),
    ...(n.disk_free_alarm
      ? [`${n.name} has less free disk space than its limit of ${bytes(n.disk_free_limit)}: publishers are blocked.`]
      : []),
    ...(n.running ? [] : [`${n.name} is not running.`]),
  ]);
  return (
    <>
      {alarms.map((text) => (
        <p class="problem" role="alert" key={text}>
          {text}
        </p>
      ))}
    </>
  );
}

function Totals({ of }: { of: OverviewData }) {
  const totals = of.object_totals ?? {};
  const stats = of.message_stats;
  const tiles: { title: string; value: string; note?: string; path?: string }[] = [
    {
      title: "Messages",
      value: compact(valueOf(of.queue_totals, "messages") ?? 0),
      note: `${compact(valueOf(of.queue_totals, "messages_unacknowledged") ?? 0)} unacked`,
      path: "queues",
    },
    { title: "Publish", value: rate(rateOf(stats, "publish") ?? 0) },
    { title: "Deliver", value: rate(rateOfAll(stats, "deliver", "deliver_no_ack", "get", "get_no_ack") ?? 0) },
    { title: "Connections", value: count(totals.connections ?? 0), path: "connections" },
    { title: "Channels", value: count(totals.channels ?? 0), path: "channels" },
    { title: "Exchanges", value: count(totals.exchanges ?? 0), path: "exchanges" },
    { title: "Queues", value: count(totals.queues ?? 0), path: "queues" },
    { title: "Consumers", value: count(totals.consumers ?? 0) },
  ];
  return (
    <ul class="tiles">
      {tiles.map(({ title, value, note, path }) => (
        <li key={title}>
          {path ? <a href={href(path)}>{title}</a> : <span>{title}</span>}
          <strong class="number">{value}</strong>
          {note && <small>{note}</small>}
        </li>
      ))}
    </ul>
  );
}

function Nodes({ nodes }: { nodes: Node[] }) {
  return (
    <Card wide title={nodes.length === 1 ? "Node" : "Nodes"}>
      {nodes.map((n) => (
        <div class="node" key={n.name}>
          <div class="name">
            <strong>{n.name}</strong> <State value={n.running ? "running" : "down"} />
            {n.mem_alarm && <Badge tone="bad">memory alarm</Badge>}
            {n.disk_free_alarm && <Badge tone="bad">disk alarm</Badge>}
          </div>
          <div class="meters">
            <Meter
              label="Memory"
              used={n.mem_used}
              total={n.mem_limit}
              alarm={n.mem_alarm ?? false}
              text={ofLimit(n.mem_used, n.mem_limit)}
            />
            <Meter label="File descriptors" used={n.fd_used} total={n.fd_total} text={`${count(n.fd_used)} of ${count(n.fd_total)}`} />
            <Meter
              label="Sockets"
              used={n.sockets_used}
              total={n.sockets_total}
              text={`${count(n.sockets_used)} of ${count(n.sockets_total)}`}
            />
          </div>
          <Facts
            of={[
              ["Free disk space", bytes(n.disk_free)],
              (n.disk_free_limit ?? -1) >= 0 && ["Disk alarm below", bytes(n.disk_free_limit)],
              ["Uptime", duration(n.uptime)],
              ["Processors", count(n.processors)],
              ["Process", n.os_pid ?? none],
              Boolean(n.db_dir) && isAdministrator() && ["Data folder", <code>{n.db_dir}</code>],
              (n.config_files ?? []).length > 0 && isAdministrator() && ["Configuration", <code>{n.config_files?.join(", ")}</code>],
            ]}
          />
        </div>
      ))}
    </Card>
  );
}

// A negative limit is none.
function ofLimit(used: number | undefined, limit: number | undefined): string {
  return (limit ?? 0) <= 0 ? bytes(used) : `${bytes(used)} of ${bytes(limit)}`;
}

const churn: [field: string, name: string][] = [
  ["connection_created", "Connections opened"],
  ["connection_closed", "Connections closed"],
  ["channel_created", "Channels opened"],
  ["channel_closed", "Channels closed"],
  ["queue_declared", "Queues declared"],
  ["queue_created", "Queues created"],
  ["queue_deleted", "Queues deleted"],
];

function Churn({ of }: { of: Stats }) {
  return (
    <Card title="Churn" flush>
      <DataTable
        label="Churn"
        keyOf={([field]) => field}
        rows={churn}
        columns={[
          { id: "what", title: "What", cell: ([, name]) => name },
          { id: "total", title: "Since start", numeric: true, cell: ([field]) => count(valueOf(of, field) ?? 0) },
          { id: "rate", title: "Rate", numeric: true, cell: ([field]) => rate(rateOf(of, field) ?? 0) },
        ]}
      />
    </Card>
  );
}

function Listeners({ rows }: { rows: Listener[] }) {
  return (
    <Card title="Listeners" flush>
      {rows.length === 0 ? (
        <Empty title="No listeners" />
      ) : (
        <DataTable
          label="Listeners"
          rows={rows}
          keyOf={(l) => `${l.node} ${l.protocol} ${l.ip_address} ${l.port}`}
          columns={[
            { id: "protocol", title: "Protocol", cell: (l) => l.protocol },
            { id: "address", title: "Address", cell: (l) => <code>{l.ip_address}</code> },
            { id: "port", title: "Port", numeric: true, cell: (l) => l.port },
          ]}
        />
      )}
    </Card>
  );
}
