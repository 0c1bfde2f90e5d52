import { api } from "../api/api";
import type { Connection } from "../api/types";
import { href } from "../router";
import { chosenColumns, vhost } from "../state/settings";
import { Badge, Head, State } from "../ui/bits";
import { byteRate, count, none, time } from "../ui/format";
import { ListView } from "../ui/list";
import type { Column } from "../ui/table";

const chosen = chosenColumns("connections", ["user", "state", "channels", "recv_oct_details.rate", "send_oct_details.rate", "ssl"]);

const columns: Column<Connection>[] = [
  {
    id: "name",
    title: "Name",
    cell: (c) => (
      <>
        <a href={href("connections", c.name)}>{c.user_provided_name ?? c.name}</a>
        {c.user_provided_name !== undefined && <small>{c.name}</small>}
      </>
    ),
  },
  { id: "vhost", title: "Virtual host", optional: true, cell: (c) => c.vhost ?? none },
  { id: "user", title: "User", optional: true, cell: (c) => c.user ?? none },
  { id: "state", title: "State", optional: true, cell: (c) => <State value={c.state} /> },
  { id: "ssl", title: "TLS", optional: true, cell: (c) => (c.ssl ? <Badge tone="good">TLS</Badge> : <span class="faint">no</span>) },
  { id: "protocol", title: "Protocol", optional: true, cell: (c) => c.protocol ?? none },
  { id: "channels", title: "Channels", numeric: true, optional: true, cell: (c) => count(c.channels) },
  { id: "recv_oct_details.rate", title: "From client", numeric: true, optional: true, cell: (c) => byteRate(c.recv_oct_details?.rate) },
  { id: "send_oct_details.rate", title: "To client", numeric: true, optional: true, cell: (c) => byteRate(c.send_oct_details?.rate) },
  { id: "connected_at", title: "Connected at", optional: true, cell: (c) => time(c.connected_at) },
];

export function Connections() {
  const v = vhost.value;
  return (
    <>
      <Head title="Connections" />
      <ListView
        noun="connection"
        id={`connections ${v ?? ""}`}
        columns={columns}
        chosen={chosen}
        keyOf={(c) => c.name}
        load={(query, signal) => api.connections(v, query, signal)}
        empty="Clients that connect to this broker appear here."
      />
    </>
  );
}
