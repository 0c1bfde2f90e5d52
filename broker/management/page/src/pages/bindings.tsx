import { useMemo, useState } from "preact/hooks";
import { api } from "../api/api";
import type { Binding } from "../api/types";
import { Graph } from "../graph/graph";
import { usePoll } from "../state/poll";
import { vhost } from "../state/settings";
import { Empty, Head, Loading, Problem } from "../ui/bits";
import { count } from "../ui/format";
import { Icon } from "../ui/icons";
import { BindingTable } from "./bindinglist";

/** A picture with more lines than these shows nothing any more. */
const most = 150;

export function Bindings() {
  // A picture is of one virtual host.
  const v = vhost.value ?? "/";
  const { data, error } = usePoll(`bindings ${v}`, (signal) => api.bindings(v, signal), 30);
  const [filter, setFilter] = useState("");
  const [all, setAll] = useState(false);
  const found = useMemo(() => (data ?? []).filter((b) => (all || b.source !== "") && matches(b, filter)), [data, filter, all]);
  const drawn = useMemo(() => found.slice(0, most), [found]);
  return (
    <>
      <Head
        title="Bindings"
        note={
          <>
            How exchanges route to queues in <strong>{v}</strong>
          </>
        }
      />
      <Problem error={error} />
      <section class="card flush list">
        <div class="tools">
          <div class="filter" role="search">
            <div class="input">
              <Icon name="search" />
              <input
                type="search"
                aria-label="Filter bindings"
                placeholder="Exchange, queue or key"
                value={filter}
                onInput={(event) => setFilter(event.currentTarget.value)}
              />
            </div>
            <label class="inline">
              <input type="checkbox" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} /> With the default exchange
            </label>
          </div>
          {found.length > most && (
            <span class="faint">
              The picture has the first {most} of {count(found.length)} bindings: narrow the filter to see others.
            </span>
          )}
        </div>
        {data === undefined && !error && <Loading />}
        {data && found.length === 0 && (
          <Empty title={filter === "" ? "No bindings" : "No binding matches"}>Bind a queue to an exchange on the page of either.</Empty>
        )}
        {drawn.length > 0 && <Graph vhost={v} bindings={drawn} />}
      </section>
      {found.length > 0 && <BindingTable title="The same as a list" bindings={found} error={undefined} show="both" />}
    </>
  );
}

function matches(b: Binding, filter: string): boolean {
  if (filter === "") return true;
  const part = filter.toLowerCase();
  return [b.source, b.destination, b.routing_key].some((text) => text.toLowerCase().includes(part));
}
