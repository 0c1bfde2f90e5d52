// Charts of samples over time.
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { range, rangeId, ranges, theme } from "../state/settings";
import { Segments } from "./bits";

export interface Line {
  name: string;
  /** Which of the chart's colours it has. */
  colour: number;
  /** Oldest first; null where nothing is known. */
  values: (number | null)[];
  /** What the legend says while no moment is pointed at. */
  now: number | undefined;
}

export interface Plot {
  /** Seconds since 1970. */
  times: number[];
  lines: Line[];
}

interface ChartProps {
  title: string;
  plot: Plot;
  format: (n: number) => string;
}

const height = 190;

export function Chart({ title, plot, format }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [pointed, setPointed] = useState<number | null>(null);
  const names = plot.lines.map((l) => l.name).join("\n");
  const look = theme.value + useDark();

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new uPlot(options(element, plot.lines, hidden, format, setPointed), data(plot), element);
    chart.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = undefined;
    };
  }, [names, look]);
  useEffect(() => chart.current?.setData(data(plot)), [plot]);
  useEffect(() => {
    plot.lines.forEach((line, i) => chart.current?.setSeries(i + 1, { show: !hidden.has(line.name) }));
  }, [hidden]);

  const toggle = (name: string): void => {
    const change = new Set(hidden);
    if (!change.delete(name)) change.add(name);
    setHidden(change);
  };
  return (
    <figure class="chart">
      <div class="plot" ref={place} role="img" aria-label={`${title}. ${summary(plot, format)}`}>
        {plot.times.length === 0 && (
          <div class="void">
            <span>Nothing yet</span>
          </div>
        )}
      </div>
      <figcaption class="legend">
        {plot.lines.map((line) => (
          <button
            type="button"
            key={line.name}
            aria-pressed={!hidden.has(line.name)}
            onClick={() => toggle(line.name)}
            data-line={line.name}
          >
            <i class={`swatch c${line.colour}`} />
            <span>{line.name}</span>
            <b class="number">{valueAt(line, pointed, format)}</b>
          </button>
        ))}
      </figcaption>
    </figure>
  );
}

export function RangeChoice() {
  return (
    <Segments
      label="Time range of charts"
      tabs={ranges}
      current={rangeId.value}
      onPick={(id) => {
        rangeId.value = id;
      }}
    />
  );
}

function valueAt(line: Line, index: number | null, format: (n: number) => string): string {
  const value = index === null ? line.now : line.values[index];
  return value == null ? "–" : format(value);
}

function summary(plot: Plot, format: (n: number) => string): string {
  return plot.lines.map((l) => `${l.name}: ${valueAt(l, null, format)}`).join(", ");
}

// Without samples there is still a time axis.
function data(plot: Plot): uPlot.AlignedData {
  if (plot.times.length === 0) {
    const now = Date.now() / 1000;
    return [[now - range().age, now], ...plot.lines.map(() => [null, null])];
  }
  return [plot.times, ...plot.lines.map((l) => l.values)];
}

function options(
  element: HTMLElement,
  lines: Line[],
  hidden: ReadonlySet<string>,
  format: (n: number) => string,
  point: (i: number | null) => void,
): uPlot.Options {
  const colour = palette(element);
  const font = `12px ${getComputedStyle(element).fontFamily}`;
  const grid = { stroke: colour("--line"), width: 1 };
  return {
    width: element.clientWidth,
    height,
    padding: [12, 26, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { setScale: false, x: false } },
    scales: { y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [
      {
        stroke: colour("--faint"),
        font,
        grid: { show: false },
        ticks: { show: false },
        size: 30,
        space: 70,
        values: (_, splits) => splits.map(clock),
      },
      { stroke: colour("--faint"), font, grid, ticks: { show: false }, size: 64, space: 36, values: (_, splits) => splits.map(format) },
    ],
    series: [
      {},
      ...lines.map((line): uPlot.Series => ({
        label: line.name,
        show: !hidden.has(line.name),
        stroke: colour(`--c${line.colour}`),
        fill: faded(colour(`--c${line.colour}`)),
        width: 2,
        points: { show: false },
      })),
    ],
    hooks: { setCursor: [(u) => point(u.cursor.idx ?? null)] },
  };
}

const clockFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const clock = (seconds: number): string => clockFormat.format(seconds * 1000);

// A canvas knows no custom properties: an element has them resolved.
function palette(within: HTMLElement): (property: string) => string {
  return (property) => {
    const probe = document.createElement("i");
    probe.style.color = `var(${property})`;
    within.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
}

// Computed colours have the form rgb(1, 2, 3).
const faded = (colour: string): string => colour.replace(/^rgb\((.*)\)$/, "rgba($1, 0.07)");

function useDark(): boolean {
  const [dark, setDark] = useState(() => matchMedia("(prefers-color-scheme: dark)").matches);
  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const change = (): void => setDark(query.matches);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, []);
  return dark;
}
