// Tables: one look, one way to sort. On narrow screens each row becomes a card.
import type { ComponentChildren } from "preact";
import { Icon } from "./icons";

export interface Column<T> {
  /** What it is sorted by: the name of the API's field. */
  id: string;
  title: string;
  cell: (row: T) => ComponentChildren;
  numeric?: boolean;
  /** Cannot be sorted. */
  fixed?: boolean;
  /** Shown only when the user chose it (false: at first, too). */
  optional?: boolean;
}

export interface Sorting {
  by: string;
  reverse: boolean;
  onSort: (by: string, reverse: boolean) => void;
}

interface TableProps<T> {
  /** What the table holds, for those who do not see it. */
  label: string;
  columns: Column<T>[];
  rows: T[];
  keyOf: (row: T) => string;
  sorting?: Sorting;
  stale?: boolean;
}

export function DataTable<T>({ label, columns, rows, keyOf, sorting, stale }: TableProps<T>) {
  return (
    <div class={`table${stale ? " stale" : ""}`}>
      {/* The roles are what the elements have by nature; cards on a phone would take them away. */}
      <table role="table" aria-label={label} aria-busy={stale}>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((c) => (
              <Heading key={c.id} column={c} sorting={sorting} />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr role="row" key={keyOf(row)}>
              {columns.map((c) => (
                <td role="cell" key={c.id} class={kindOf(c)} data-title={c.title}>
                  {c.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

// A column without a title has the buttons of its rows.
function kindOf<T>({ numeric, title }: Column<T>): string {
  return numeric ? "number" : title === "" ? "deeds" : "";
}

function Heading<T>({ column, sorting }: { column: Column<T>; sorting: Sorting | undefined }) {
  const kind = kindOf(column);
  if (sorting === undefined || column.fixed)
    return (
      <th role="columnheader" scope="col" class={kind}>
        {column.title || <span class="unseen">Actions</span>}
      </th>
    );
  const current = sorting.by === column.id;
  return (
    <th role="columnheader" scope="col" class={kind} aria-sort={!current ? "none" : sorting.reverse ? "descending" : "ascending"}>
      {/* Numbers are of interest from the largest down. */}
      <button type="button" onClick={() => sorting.onSort(column.id, current ? !sorting.reverse : column.numeric === true)}>
        {column.title}
        {current && <Icon name={sorting.reverse ? "down" : "up"} />}
      </button>
    </th>
  );
}
