// From the API's samples to what a chart draws.
import type { Details, Sample, Stats } from "../api/types";
import type { Line, Plot } from "./chart";

/** A field of the API and what people call it. */
export type Named = [field: string, name: string];

export const messageRates: Named[] = [
  ["publish", "Publish"],
  ["deliver", "Deliver (manual ack)"],
  ["deliver_no_ack", "Deliver (auto ack)"],
  ["ack", "Acknowledge"],
  ["confirm", "Confirm"],
  ["redeliver", "Redelivered"],
  ["get", "Get (manual ack)"],
  ["get_no_ack", "Get (auto ack)"],
  ["return_unroutable", "Returned, unroutable"],
  ["drop_unroutable", "Dropped, unroutable"],
];

export const queueLengths: Named[] = [
  ["messages", "Total"],
  ["messages_ready", "Ready"],
  ["messages_unacknowledged", "Unacked"],
];

function details(stats: object | undefined, field: string): Details | undefined {
  return (stats as Stats | undefined)?.[`${field}_details`] as Details | undefined;
}

/** The value of a counter or gauge, without its samples. */
export function valueOf(stats: object | undefined, field: string): number | undefined {
  const value = (stats as Stats | undefined)?.[field];
  return typeof value === "number" ? value : undefined;
}

export function rateOf(stats: Stats | undefined, field: string): number | undefined {
  return details(stats, field)?.rate;
}

/** The sum of the rates of several counters; undefined if none has one. */
export function rateOfAll(stats: Stats | undefined, ...fields: string[]): number | undefined {
  const rates = fields.map((f) => rateOf(stats, f)).filter((r) => r !== undefined);
  return rates.length === 0 ? undefined : rates.reduce((a, b) => a + b, 0);
}

/** Lengths as they were. */
export function gauges(of: object | undefined, named: Named[]): Plot {
  return plot(
    named.map(([field, name], colour) => ({
      name,
      colour,
      samples: oldestFirst(details(of, field)?.samples),
      now: valueOf(of, field),
    })),
  );
}

/** Counters as rates: how much each grew from sample to sample, per second. Of those that did not grow, only the first `always` are there. */
export function rates(of: object | undefined, named: Named[], always: number): Plot {
  const all = named.map(([field, name], colour) => {
    const found = details(of, field);
    return { name, colour, samples: growth(oldestFirst(found?.samples)), now: found?.rate };
  });
  return plot(all.filter(({ samples }, i) => i < always || samples.some((s) => s.sample > 0)));
}

const oldestFirst = (samples: Sample[] | undefined): Sample[] => [...(samples ?? [])].reverse();

function growth(samples: Sample[]): Sample[] {
  return samples.slice(1).map(({ sample, timestamp }, i) => {
    const before = samples[i];
    if (before === undefined) return { sample: 0, timestamp };
    return { timestamp, sample: Math.max(0, ((sample - before.sample) * 1000) / Math.max(1, timestamp - before.timestamp)) };
  });
}

// Lines may have samples at different moments: the chart wants one list of times.
function plot(lines: (Omit<Line, "values"> & { samples: Sample[] })[]): Plot {
  const times = [...new Set(lines.flatMap((l) => l.samples.map((s) => s.timestamp)))].sort((a, b) => a - b);
  return {
    times: times.map((t) => t / 1000),
    lines: lines.map(({ name, colour, samples, now }): Line => {
      const at = new Map(samples.map((s) => [s.timestamp, s.sample]));
      return { name, colour, now, values: times.map((t) => at.get(t) ?? null) };
    }),
  };
}
