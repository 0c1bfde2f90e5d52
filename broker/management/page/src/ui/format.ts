// Values as text.

const whole = new Intl.NumberFormat("en");
const two = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const one = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

export const none = "–";

export function count(n: number | null | undefined): string {
  return n == null ? none : whole.format(n);
}

/** A count for places with little room: 12.3K. */
export function compact(n: number | null | undefined): string {
  if (n == null) return none;
  return Math.abs(n) < 10 ? two.format(n) : Math.abs(n) < 10_000 ? one.format(n) : short.format(n);
}

export function rate(n: number | null | undefined): string {
  return n == null ? none : `${compact(n)}/s`;
}

/** Negative is what nobody knows. */
export function bytes(n: number | null | undefined): string {
  if (n == null || n < 0) return none;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (Math.abs(n) >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${one.format(n)} ${units[unit]}`;
}

export function byteRate(n: number | null | undefined): string {
  return n == null ? none : `${bytes(n)}/s`;
}

export function time(ms: number | undefined): string {
  return ms === undefined ? none : moment.format(ms);
}

/** A time as the API writes it; versions differ in how. */
export function timeOf(text: string): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? text : time(ms);
}

export function duration(ms: number | undefined): string {
  if (ms === undefined) return none;
  const minutes = Math.floor(ms / 60_000);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) return `${days} d ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  if (minutes > 0) return `${minutes} min`;
  return `${Math.floor(ms / 1000)} s`;
}

export function percent(part: number | undefined, all: number | undefined): number | undefined {
  return part === undefined || all === undefined || all <= 0 ? undefined : Math.min(100, (100 * part) / all);
}

/** The name of an exchange for people: the default one has none. */
export function exchangeName(name: string): string {
  return name === "" ? "(default)" : name;
}

/** Several of a noun: queues, policies. */
export function many(noun: string): string {
  return noun.replace(/y$/, "ie") + "s";
}

export function plural(n: number, noun: string): string {
  return `${count(n)} ${n === 1 ? noun : many(noun)}`;
}
