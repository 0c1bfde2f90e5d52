import { api } from "../api/api";
import type { Channel } from "../api/types";
import { href } from "../router";
import { chosenColumns, vhost } from "../state/settings";
import { Badge, Head, State } from "../ui/bits";
import { count, none, rate } from "../ui/format";
import { ListView } from "../ui/list";
import { rateOf, rateOfAll } from "../ui/plots";
import type { Column } from "../ui/table";

const chosen = chosenColumns("channels", [
  "user",
  "mode",
  "state",
  "prefetch_count",
  "messages_unacknowledged",
  "message_stats.publish_details.rate",
  "message_stats.deliver_get_details.rate",
]);

export const channelColumns: Column<Channel>[] = [
  { id: "name", title: "Name", cell: (c) => <a href={href("channels", c.name)}>{c.name}</a> },
  { id: "vhost", title: "Virtual host", optional: true, cell: (c) => c.vhost ?? none },
  { id: "user", title: "User", optional: true, cell: (c) => c.user ?? none },
  { id: "mode", title: "Mode", fixed: true, optional: true, cell: (c) => <Mode of={c} /> },
  { id: "state", title: "State", optional: true, cell: (c) => <State value={c.state} /> },
  { id: "consumer_count", title: "Consumers", numeric: true, optional: true, cell: (c) => count(c.consumer_count) },
  {
    id: "prefetch_count",
    title: "Prefetch",
    numeric: true,
    optional: true,
    cell: (c) => (c.prefetch_count ? count(c.prefetch_count) : "no limit"),
  },
  { id: "messages_unacknowledged", title: "Unacked", numeric: true, optional: true, cell: (c) => count(c.messages_unacknowledged) },
  { id: "messages_unconfirmed", title: "Unconfirmed", numeric: true, optional: true, cell: (c) => count(c.messages_unconfirmed) },
  {
    id: "message_stats.publish_details.rate",
    title: "Publish",
    numeric: true,
    optional: true,
    cell: (c) => rate(rateOf(c.message_stats, "publish")),
  },
  {
    id: "message_stats.deliver_get_details.rate",
    title: "Deliver",
    numeric: true,
    optional: true,
    cell: (c) => rate(rateOfAll(c.message_stats, "deliver_get")),
  },
  { id: "message_stats.ack_details.rate", title: "Ack", numeric: true, optional: true, cell: (c) => rate(rateOf(c.message_stats, "ack")) },
];

export function Mode({ of: c }: { of: Channel }) {
  if (c.confirm)
    return (
      <Badge tone="accent" title="Publishes are confirmed">
        confirm
      </Badge>
    );
  if (c.transactional)
    return (
      <Badge tone="warn" title="Publishes and acknowledgements are in transactions">
        transactional
      </Badge>
    );
  return <span class="faint">–</span>;
}

export function Channels() {
  const v = vhost.value;
  return (
    <>
      <Head title="Channels" />
      <ListView
        noun="channel"
        id={`channels ${v ?? ""}`}
        columns={channelColumns}
        chosen={chosen}
        keyOf={(c) => c.name}
        load={(query, signal) => api.channels(v, query, signal)}
        empty="Clients open channels on their connections to publish and consume."
      />
    </>
  );
}
