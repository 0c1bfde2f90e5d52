// Where the nodes of the bindings' picture stand: exchanges to the left, queues to the right, each near what it is bound to.
import type { Binding } from "../api/types";

export interface Node {
  id: string;
  kind: "exchange" | "queue";
  name: string;
  x: number;
  y: number;
}

export interface Edge {
  id: string;
  from: Node;
  to: Node;
  /** The routing keys of all bindings between the two. */
  keys: string[];
}

export interface Layout {
  nodes: Node[];
  edges: Edge[];
  width: number;
  height: number;
}

export const nodeWidth = 230;
export const nodeHeight = 36;
const columnGap = 160;
const rowGap = 18;
const margin = 24;

const idOf = (kind: Node["kind"], name: string): string => `${kind} ${name}`;

export function layOut(bindings: Binding[]): Layout {
  const nodes = new Map<string, Node>();
  const edges = new Map<string, Edge>();
  const node = (kind: Node["kind"], name: string): Node => {
    const id = idOf(kind, name);
    const found = nodes.get(id) ?? { id, kind, name, x: 0, y: 0 };
    nodes.set(id, found);
    return found;
  };
  for (const b of bindings) {
    const from = node("exchange", b.source);
    const to = node(b.destination_type, b.destination);
    const id = `${from.id}\n${to.id}`;
    const edge = edges.get(id) ?? { id, from, to, keys: [] };
    edge.keys.push(b.routing_key);
    edges.set(id, edge);
  }
  const all = [...nodes.values()];
  const links = [...edges.values()];
  const columns = intoColumns(all, links);
  const rows = Math.max(1, ...columns.map((c) => c.length));
  columns.forEach((column, i) => place(column, i, rows, links));
  return {
    nodes: all,
    edges: links,
    width: 2 * margin + columns.length * nodeWidth + Math.max(0, columns.length - 1) * columnGap,
    height: 2 * margin + (rows + 1) * (nodeHeight + rowGap) - rowGap,
  };
}

// An exchange stands one column right of the exchanges bound to it. A circle of exchanges ends this after as many rounds
// as there are exchanges; queues are last.
function intoColumns(nodes: Node[], edges: Edge[]): Node[][] {
  const exchanges = nodes.filter((n) => n.kind === "exchange");
  const between = edges.filter((e) => e.to.kind === "exchange");
  const depth = new Map(exchanges.map((n) => [n, 0]));
  const deepest = Math.min(exchanges.length, 6);
  for (let round = 0; round < deepest; round++) {
    for (const e of between) depth.set(e.to, Math.min(deepest, Math.max(depth.get(e.to) ?? 0, (depth.get(e.from) ?? 0) + 1)));
  }
  const columns: Node[][] = [];
  for (const n of exchanges) (columns[depth.get(n) ?? 0] ??= []).push(n);
  columns.push(nodes.filter((n) => n.kind === "queue"));
  return columns.filter((c) => c !== undefined && c.length > 0);
}

// Within a column a node stands where those before it that lead to it stand on average: fewer lines cross. Every other
// column is half a row lower, so that a line that passes one does not run through its nodes.
function place(column: Node[], index: number, rows: number, edges: Edge[]): void {
  const sources = new Map<Node, number[]>();
  for (const e of edges) {
    if (e.from.y > 0) sources.set(e.to, [...(sources.get(e.to) ?? []), e.from.y]);
  }
  const wish = (n: Node): number => {
    const ys = sources.get(n) ?? [];
    return ys.length === 0 ? Infinity : ys.reduce((a, b) => a + b, 0) / ys.length;
  };
  const wishes = new Map(column.map((n) => [n, wish(n)]));
  const order = (a: Node, b: Node): number => {
    const d = (wishes.get(a) ?? 0) - (wishes.get(b) ?? 0);
    return Number.isNaN(d) || d === 0 ? a.name.localeCompare(b.name) : d;
  };
  column.sort(order).forEach((n, row) => {
    n.x = margin + index * (nodeWidth + columnGap);
    n.y = margin + ((rows - column.length) / 2 + row + (index % 2) / 2) * (nodeHeight + rowGap);
  });
}
