// Where the user is: the fragment of the address, so that the page needs no help from the server and works below any
// path prefix. `#/queues/%2F/orders?tab=get` is the path ["queues", "/", "orders"] and the query {tab: "get"}.
import { signal } from "@preact/signals";

export interface Route {
  path: string[];
  query: URLSearchParams;
}

export const route = signal<Route>(parse(location.hash));

addEventListener("hashchange", () => {
  route.value = parse(location.hash);
});

function parse(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s, 2);
  return { path: path.split("/").map(decode), query: new URLSearchParams(query) };
}

// An address typed by hand may hold a stray percent sign: it stands for itself.
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a place. Any text is a valid part, the empty one included (the default exchange). */
export function href(...path: string[]): string {
  return "#/" + path.map(encodeURIComponent).join("/");
}

export function go(...path: string[]): void {
  location.hash = href(...path);
}

/** Changes the query of the place where the user is, without a new entry in the history. Empty values are left out. */
export function setQuery(change: Record<string, string>): void {
  const query = new URLSearchParams(route.value.query);
  for (const [name, value] of Object.entries(change)) {
    if (value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  history.replaceState(null, "", href(...route.value.path) + (text === "" ? "" : "?" + text));
  route.value = { path: route.value.path, query };
}
