// The consumers of a queue or of a channel.
import type { Consumer } from "../api/types";
import { href } from "../router";
import { Badge, Card, Empty, State, Values } from "../ui/bits";
import { count, none } from "../ui/format";
import { DataTable, type Column } from "../ui/table";

const channelOf = (c: Consumer): string | undefined => (Array.isArray(c.channel_details) ? undefined : c.channel_details?.name);

const columns: Column<Consumer>[] = [
  { id: "tag", title: "Consumer tag", cell: (c) => <code>{c.consumer_tag}</code> },
  {
    id: "ack",
    title: "Acknowledgement",
    cell: (c) =>
      c.ack_required ? (
        "manual"
      ) : (
        <Badge tone="warn" title="A message counts as handled when it is sent">
          automatic
        </Badge>
      ),
  },
  { id: "exclusive", title: "Exclusive", cell: (c) => (c.exclusive ? "yes" : "no") },
  { id: "prefetch", title: "Prefetch", numeric: true, cell: (c) => (c.prefetch_count ? count(c.prefetch_count) : "no limit") },
  { id: "activity", title: "Status", cell: (c) => <State value={c.activity_status?.replaceAll("_", " ")} /> },
  { id: "arguments", title: "Arguments", cell: (c) => <Values of={c.arguments} /> },
];

const queue: Column<Consumer> = {
  id: "queue",
  title: "Queue",
  cell: (c) => <a href={href("queues", c.queue.vhost, c.queue.name)}>{c.queue.name}</a>,
};
const channel: Column<Consumer> = {
  id: "channel",
  title: "Channel",
  cell: (c) => {
    const name = channelOf(c);
    return name === undefined ? none : <a href={href("channels", name)}>{name}</a>;
  },
};

export function Consumers({ of, showQueue = false }: { of: Consumer[]; showQueue?: boolean }) {
  return (
    <Card wide flush title={`Consumers (${count(of.length)})`}>
      {of.length === 0 ? (
        <Empty title="No consumers" />
      ) : (
        <DataTable
          label="Consumers"
          rows={of}
          keyOf={(c) => `${channelOf(c) ?? ""} ${c.queue.name} ${c.consumer_tag}`}
          columns={[showQueue ? queue : channel, ...columns]}
        />
      )}
    </Card>
  );
}
