// A list of the API as a page: filter, columns, sorting and paging, all done by the server.
import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { ListQuery } from "../api/api";
import type { Page } from "../api/types";
import { route, setQuery } from "../router";
import { usePoll } from "../state/poll";
import { pageSize } from "../state/settings";
import { Button, Empty, Loading, Problem } from "./bits";
import { count, many, plural } from "./format";
import { Icon } from "./icons";
import { DataTable, type Column } from "./table";

interface ListProps<T> {
  /** What one of them is called. */
  noun: string;
  columns: Column<T>[];
  keyOf: (row: T) => string;
  /** What is listed, so that another list starts anew. */
  id: string;
  load: (query: ListQuery, signal: AbortSignal) => Promise<Page<T>>;
  /** The ids of the optional columns that are shown, with commas. */
  chosen?: Signal<string>;
  sort?: string;
  empty: ComponentChildren;
}

function currentQuery(sort: string): ListQuery {
  const { query } = route.value;
  return {
    page: Math.max(1, Number(query.get("page")) || 1),
    page_size: Number(pageSize.value),
    name: query.get("name") ?? "",
    use_regex: query.get("regex") === "true",
    sort: query.get("sort") ?? sort,
    sort_reverse: query.get("reverse") === "true",
  };
}

export function ListView<T>({ noun, columns, keyOf, id, load, chosen, sort = "name", empty }: ListProps<T>) {
  const query = currentQuery(sort);
  const poll = usePoll(`${id} ${JSON.stringify(query)}`, (signal) => load(query, signal));
  const shown = columns.filter((c) => !c.optional || chosen?.value.split(",").includes(c.id));
  const page = poll.data;

  // What was deleted can take the last page with it.
  useEffect(() => {
    if (poll.error?.message.includes("page_out_of_range") && query.page > 1) setQuery({ page: "" });
  }, [poll.error]);

  return (
    <section class="card flush list">
      <div class="tools">
        <Filter query={query} noun={noun} />
        <SortChoice columns={shown} query={query} />
        {chosen && <ColumnChoice columns={columns.filter((c) => c.optional)} chosen={chosen} />}
      </div>
      <Problem error={poll.error} />
      {page === undefined && poll.error === undefined && <Loading />}
      {page && page.items.length > 0 && (
        <DataTable
          label={many(noun)}
          columns={shown}
          rows={page.items}
          keyOf={keyOf}
          stale={poll.stale}
          sorting={{
            by: query.sort,
            reverse: query.sort_reverse,
            onSort: (by, reverse) => setQuery({ sort: by, reverse: reverse ? "true" : "", page: "" }),
          }}
        />
      )}
      {page &&
        page.items.length === 0 &&
        (query.name === "" ? (
          <Empty title={`No ${many(noun)}`}>{empty}</Empty>
        ) : (
          <Empty title={`No ${noun} matches`}>Change or clear the filter to see {count(page.total_count)}.</Empty>
        ))}
      {page && <Pager page={page} noun={noun} filtered={query.name !== ""} />}
    </section>
  );
}

function Filter({ query, noun }: { query: ListQuery; noun: string }) {
  const id = useId();
  const [text, setText] = useState(query.name);
  const timer = useRef(0);
  const sent = useRef(query.name);
  // A link or the back button can change the filter, too. What was typed here may be ahead of it.
  useEffect(() => {
    if (query.name !== sent.current) setText(query.name);
    sent.current = query.name;
  }, [query.name]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const change = (value: string): void => {
    setText(value);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      sent.current = value;
      setQuery({ name: value, page: "" });
    }, 250);
  };
  return (
    <div class="filter" role="search">
      <label class="unseen" for={id}>
        Filter {many(noun)} by name
      </label>
      <div class="input">
        <Icon name="search" />
        <input
          id={id}
          type="search"
          value={text}
          placeholder={`Filter ${many(noun)}`}
          spellcheck={false}
          onInput={(event) => change(event.currentTarget.value)}
        />
      </div>
      <label class="inline">
        <input
          type="checkbox"
          checked={query.use_regex}
          onChange={(event) => setQuery({ regex: event.currentTarget.checked ? "true" : "", page: "" })}
        />{" "}
        Regular expression
      </label>
    </div>
  );
}

// Where rows are cards there are no headings to sort by.
function SortChoice<T>({ columns, query }: { columns: Column<T>[]; query: ListQuery }) {
  return (
    <label class="sort">
      Sort by
      <select value={query.sort} onChange={(event) => setQuery({ sort: event.currentTarget.value, page: "" })}>
        {columns
          .filter((c) => !c.fixed)
          .map((c) => (
            <option key={c.id} value={c.id} selected={c.id === query.sort}>
              {c.title}
            </option>
          ))}
      </select>
      <Button
        icon={query.sort_reverse ? "down" : "up"}
        label={query.sort_reverse ? "Descending" : "Ascending"}
        onClick={() => setQuery({ reverse: query.sort_reverse ? "" : "true", page: "" })}
      />
    </label>
  );
}

function ColumnChoice<T>({ columns, chosen }: { columns: Column<T>[]; chosen: Signal<string> }) {
  const ids = chosen.value.split(",");
  const toggle = (id: string, on: boolean): void => {
    chosen.value = columns
      .map((c) => c.id)
      .filter((c) => (c === id ? on : ids.includes(c)))
      .join(",");
  };
  return (
    <details class="menu">
      <summary class="button">
        <Icon name="columns" />
        Columns
      </summary>
      <fieldset>
        <legend class="unseen">Columns</legend>
        {columns.map((c) => (
          <label key={c.id} class="inline">
            <input type="checkbox" checked={ids.includes(c.id)} onChange={(event) => toggle(c.id, event.currentTarget.checked)} /> {c.title}
          </label>
        ))}
      </fieldset>
    </details>
  );
}

function Pager<T>({ page, noun, filtered }: { page: Page<T>; noun: string; filtered: boolean }) {
  const id = useId();
  const to = (n: number): void => setQuery({ page: n <= 1 ? "" : String(n) });
  const first = (page.page - 1) * page.page_size + 1;
  const all = page.filtered_count;
  return (
    <nav class="pager" aria-label="Pages">
      <span class="faint">
        {all === 0 ? plural(0, noun) : `${count(first)}–${count(first + page.item_count - 1)} of ${plural(all, noun)}`}
        {filtered && all !== page.total_count && ` (${count(page.total_count)} without the filter)`}
      </span>
      <span class="spring" />
      <label class="faint" for={id}>
        Rows
      </label>
      <select
        id={id}
        value={pageSize.value}
        onChange={(event) => {
          pageSize.value = event.currentTarget.value;
          setQuery({ page: "" });
        }}
      >
        {["25", "50", "100", "250"].map((n) => (
          <option key={n} value={n}>
            {n}
          </option>
        ))}
      </select>
      {page.page_count > 1 && (
        <>
          <Button icon="left" label="Previous page" disabled={page.page <= 1} onClick={() => to(page.page - 1)} />
          <span class="number">
            {count(page.page)} / {count(page.page_count)}
          </span>
          <Button icon="right" label="Next page" disabled={page.page >= page.page_count} onClick={() => to(page.page + 1)} />
        </>
      )}
    </nav>
  );
}
