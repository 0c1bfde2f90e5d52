// What the user chose for this browser. Kept in its local storage, since none of it is secret.
import { computed, effect, signal, type Signal } from "@preact/signals";
import type { Samples } from "../api/api";

export type Theme = "auto" | "light" | "dark";

export interface Range extends Samples {
  id: string;
  title: string;
}

/** How far back charts go. Steps are those at which brokers keep samples. */
export const ranges: Range[] = [
  { id: "1m", title: "1 min", age: 60, incr: 5 },
  { id: "10m", title: "10 min", age: 600, incr: 5 },
  { id: "1h", title: "1 h", age: 3600, incr: 60 },
];

/** Seconds between refreshes; 0 is never. */
export const intervals = [2, 5, 10, 30, 0];

function kept(name: string, initial: string, valid: (value: string) => boolean): Signal<string> {
  const key = "lepus." + name;
  const found = localStorage.getItem(key);
  const value = signal(found !== null && valid(found) ? found : initial);
  effect(() => localStorage.setItem(key, value.value));
  return value;
}

export const theme = kept("theme", "auto", (v) => ["auto", "light", "dark"].includes(v));
export const interval = kept("interval", "5", (v) => intervals.map(String).includes(v));
export const rangeId = kept("range", "1m", (v) => ranges.some((r) => r.id === v));
export const pageSize = kept("page-size", "50", (v) => ["25", "50", "100", "250"].includes(v));
/** The virtual host that lists are about, as it is chosen: "all", or its name after an equals sign. Any text is a name, the empty one included. */
export const vhostChoice = kept("vhost", "all", (v) => v === "all" || v.startsWith("="));
/** Its name; undefined is all. */
export const vhost = computed(() => (vhostChoice.value === "all" ? undefined : vhostChoice.value.slice(1)));

export function range(): Range {
  return ranges.find((r) => r.id === rangeId.value) ?? { id: "1m", title: "1 min", age: 60, incr: 5 };
}

/** The columns that a list shows beyond those it always has, by the name of the list. */
export function chosenColumns(list: string, initial: string[]): Signal<string> {
  return kept("columns." + list, initial.join(","), () => true);
}

effect(() => {
  if (theme.value === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme.value;
});
