// The picture of bindings, which can be dragged and zoomed.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Binding } from "../api/types";
import { href } from "../router";
import { Button } from "../ui/bits";
import { exchangeName } from "../ui/format";
import { layOut, nodeHeight, nodeWidth, type Edge, type Layout, type Node } from "./layout";

interface View {
  x: number;
  y: number;
  scale: number;
}

/** What the buttons take from the width. */
const controls = 48;
/** Where on its line a label stands: nearer to the end, where lines from one exchange have parted. */
const labelAt = 0.7;
const closest = 2.5;
const farthest = 0.15;
const limit = (scale: number): number => Math.min(closest, Math.max(farthest, scale));

export function Graph({ vhost, bindings }: { vhost: string; bindings: Binding[] }) {
  const layout = useMemo(() => layOut(bindings), [bindings]);
  const ref = useRef<SVGSVGElement>(null);
  const [view, setView] = useState<View>({ x: 0, y: 0, scale: 1 });
  const [lit, setLit] = useState<string | undefined>(undefined);
  const shape = `${layout.width} ${layout.height}`;

  const fit = (): void => setView(fitted(layout, ref.current));
  useEffect(fit, [shape]);
  const zoom = (factor: number): void => {
    const box = ref.current?.getBoundingClientRect();
    if (box) setView((v) => zoomed(v, factor, box.width / 2, box.height / 2));
  };
  const drag = useDrag(setView);

  // The wheel scrolls the page unless Ctrl is held, as maps do it; a trackpad's pinch comes as that, too.
  useEffect(() => {
    const svg = ref.current;
    const wheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = svg?.getBoundingClientRect();
      if (box) setView((v) => zoomed(v, Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top));
    };
    svg?.addEventListener("wheel", wheel, { passive: false });
    return () => svg?.removeEventListener("wheel", wheel);
  }, []);

  return (
    <div class="graph">
      <div class="controls">
        <Button icon="plus" label="Zoom in" onClick={() => zoom(1.3)} />
        <Button icon="minus" label="Zoom out" onClick={() => zoom(1 / 1.3)} />
        <Button icon="fit" label="Fit the picture" onClick={fit} />
      </div>
      <svg
        ref={ref}
        style={{ height: `clamp(240px, ${layout.height + 40}px, 64vh)` }}
        role="group"
        aria-label="Picture of the bindings. The list below says the same."
        {...drag}
      >
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0 8 4 0 8z" />
          </marker>
        </defs>
        <g transform={`translate(${view.x} ${view.y}) scale(${view.scale})`}>
          {layout.edges.map((e) => (
            <EdgeView key={e.id} edge={e} lit={lit === e.from.id || lit === e.to.id} dim={lit !== undefined} />
          ))}
          {layout.nodes.map((n) => (
            <NodeView key={n.id} vhost={vhost} node={n} onLight={setLit} />
          ))}
        </g>
      </svg>
    </div>
  );
}

function fitted({ width, height }: Layout, svg: SVGSVGElement | null): View {
  const box = svg?.getBoundingClientRect();
  if (box === undefined || box.width === 0) return { x: 0, y: 0, scale: 1 };
  const room = box.width - controls;
  const scale = limit(Math.min(room / width, Math.max(0.5, box.height / height), 1));
  return { scale, x: Math.max(0, (room - width * scale) / 2), y: Math.max(0, (box.height - height * scale) / 2) };
}

function zoomed(v: View, factor: number, x: number, y: number): View {
  const scale = limit(v.scale * factor);
  const by = scale / v.scale;
  return { scale, x: x - (x - v.x) * by, y: y - (y - v.y) * by };
}

function useDrag(setView: (change: (v: View) => View) => void) {
  const from = useRef<{ x: number; y: number } | undefined>(undefined);
  return {
    onPointerDown: (event: PointerEvent) => {
      // A press on a node is a click on its link.
      if (event.target instanceof Element && event.target.closest("a")) return;
      from.current = { x: event.clientX, y: event.clientY };
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
    },
    onPointerMove: (event: PointerEvent) => {
      const start = from.current;
      if (start === undefined) return;
      const [dx, dy] = [event.clientX - start.x, event.clientY - start.y];
      from.current = { x: event.clientX, y: event.clientY };
      setView((v) => ({ ...v, x: v.x + dx, y: v.y + dy }));
    },
    onPointerUp: () => {
      from.current = undefined;
    },
    onPointerCancel: () => {
      from.current = undefined;
    },
  };
}

function EdgeView({ edge: { from, to, keys }, lit, dim }: { edge: Edge; lit: boolean; dim: boolean }) {
  const [x1, y1] = [from.x + nodeWidth, from.y + nodeHeight / 2];
  const [x2, y2] = [to.x, to.y + nodeHeight / 2];
  const bend = Math.max(60, Math.abs(x2 - x1) / 2);
  const label = keys.length === 1 ? (keys[0] ?? "") : `${keys.length} keys`;
  return (
    <g class={`edge${lit ? " lit" : dim ? " dim" : ""}`}>
      <path d={`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`} marker-end="url(#arrow)" />
      {label !== "" && (
        <text x={along(x1, x1 + bend, x2 - bend, x2)} y={along(y1, y1, y2, y2) - 5} text-anchor="middle">
          {short(label, 24)}
        </text>
      )}
      <title>{`${exchangeName(from.name)} → ${to.name}: ${keys
        .slice(0, 20)
        .map((k) => k || "(empty key)")
        .join(", ")}`}</title>
    </g>
  );
}

// A point of a Bézier curve.
function along(a: number, b: number, c: number, d: number): number {
  const [t, u] = [labelAt, 1 - labelAt];
  return u ** 3 * a + 3 * u ** 2 * t * b + 3 * u * t ** 2 * c + t ** 3 * d;
}

function NodeView({ vhost, node, onLight }: { vhost: string; node: Node; onLight: (id: string | undefined) => void }) {
  const name = exchangeName(node.name);
  return (
    <a
      class={`node ${node.kind}`}
      href={href(node.kind === "queue" ? "queues" : "exchanges", vhost, node.name)}
      aria-label={`${node.kind} ${name}`}
      onMouseEnter={() => onLight(node.id)}
      onMouseLeave={() => onLight(undefined)}
      onFocus={() => onLight(node.id)}
      onBlur={() => onLight(undefined)}
    >
      <rect x={node.x} y={node.y} width={nodeWidth} height={nodeHeight} rx={node.kind === "queue" ? 6 : 18} />
      <text x={node.x + nodeWidth / 2} y={node.y + nodeHeight / 2 + 4.5} text-anchor="middle">
        {short(name, 24)}
      </text>
      <title>{name}</title>
    </a>
  );
}

function short(text: string, most: number): string {
  const letters = Array.from(text);
  return letters.length <= most ? text : letters.slice(0, most - 1).join("") + "…";
}
