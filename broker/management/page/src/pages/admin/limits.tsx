import { api } from "../../api/api";
import { href } from "../../router";
import { usePoll } from "../../state/poll";
import { Card, Empty, Head, Problem } from "../../ui/bits";
import { count } from "../../ui/format";
import { DataTable } from "../../ui/table";

interface Row {
  of: string;
  path: string[];
  limit: string;
  value: number;
}

/** All limits there are. They are set on the page of the virtual host or the user. */
export function Limits() {
  const vhosts = usePoll("vhost limits", (signal) => api.vhostLimits(signal));
  const users = usePoll("user limits", (signal) => api.userLimits(signal));
  return (
    <>
      <Head title="Limits" note="Set on the page of a virtual host or of a user." />
      <div class="cards">
        <LimitTable
          title="Virtual hosts"
          error={vhosts.error}
          rows={vhosts.data?.flatMap((l) => rowsOf(l.vhost, ["admin", "vhosts", l.vhost], l.value))}
        />
        <LimitTable
          title="Users"
          error={users.error}
          rows={users.data?.flatMap((l) => rowsOf(l.user, ["admin", "users", l.user], l.value))}
        />
      </div>
    </>
  );
}

function rowsOf(of: string, path: string[], values: Record<string, number>): Row[] {
  return Object.entries(values).map(([limit, value]) => ({ of, path, limit, value }));
}

function LimitTable({ title, rows, error }: { title: string; rows: Row[] | undefined; error: Error | undefined }) {
  return (
    <Card flush title={title}>
      <Problem error={error} />
      {rows &&
        (rows.length === 0 ? (
          <Empty title="No limits" />
        ) : (
          <DataTable
            label={title}
            rows={rows}
            keyOf={(r) => `${r.of}\n${r.limit}`}
            columns={[
              { id: "of", title: "Name", cell: (r) => <a href={href(...r.path)}>{r.of}</a> },
              { id: "limit", title: "Limit", cell: (r) => r.limit },
              { id: "value", title: "At most", numeric: true, cell: (r) => (r.value < 0 ? "no limit" : count(r.value)) },
            ]}
          />
        ))}
    </Card>
  );
}
