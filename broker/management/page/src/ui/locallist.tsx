// Lists that the API gives only whole (users, policies, ...): the same page as other lists, but filtered, sorted and cut here.
import type { ListQuery } from "../api/api";
import type { Page } from "../api/types";

type Field = string | number | boolean;

/** The part of `items` that `query` asks for. `field` gives what an item is sorted by; names are matched by `field(item, "name")`. */
export function cut<T>(items: T[], query: ListQuery, field: (item: T, id: string) => Field): Page<T> {
  const matches = matcher(query);
  const found = items.filter((item) => matches(String(field(item, "name"))));
  const sign = query.sort_reverse ? -1 : 1;
  found.sort((a, b) => sign * compare(field(a, query.sort), field(b, query.sort)));
  const page_count = Math.max(1, Math.ceil(found.length / query.page_size));
  const page = Math.min(query.page, page_count);
  const part = found.slice((page - 1) * query.page_size, page * query.page_size);
  return {
    items: part,
    page,
    page_count,
    page_size: query.page_size,
    item_count: part.length,
    filtered_count: found.length,
    total_count: items.length,
  };
}

function matcher({ name, use_regex }: ListQuery): (text: string) => boolean {
  if (!use_regex) {
    const part = name.toLowerCase();
    return (text) => text.toLowerCase().includes(part);
  }
  const pattern = new RegExp(name, "i");
  return (text) => pattern.test(text);
}

function compare(a: Field, b: Field): number {
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
}
