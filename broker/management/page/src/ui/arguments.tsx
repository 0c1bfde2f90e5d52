// The editor of arguments, headers and definitions: names with typed values.
import { useId, useState } from "preact/hooks";
import type { Json, Table } from "../api/types";
import { Icon } from "./icons";
import type { Sent } from "./form";
import { show } from "./bits";

export type Kind = "text" | "number" | "boolean" | "json";

/** A name that the broker knows. */
export interface Known {
  name: string;
  kind: Kind;
  doc: string;
}

interface Row {
  id: number;
  name: string;
  kind: Kind;
  text: string;
}

const kindOf = (value: Json): Kind =>
  typeof value === "string" ? "text" : typeof value === "number" ? "number" : typeof value === "boolean" ? "boolean" : "json";

interface ArgumentsProps {
  label: string;
  /** The name of the form's field. */
  name: string;
  known?: Known[];
  value?: Table;
}

export function Arguments({ label, name, known = [], value = {} }: ArgumentsProps) {
  const id = useId();
  const [rows, setRows] = useState<Row[]>(() =>
    Object.entries(value).map(([key, v], i) => ({ id: i, name: key, kind: kindOf(v), text: show(v) })),
  );
  const [next, setNext] = useState(rows.length);

  const change = (row: Row, with_: Partial<Row>): void => setRows((all) => all.map((r) => (r.id === row.id ? { ...r, ...with_ } : r)));
  const rename = (row: Row, to: string): void => {
    const found = known.find((k) => k.name === to);
    change(row, found ? { name: to, kind: found.kind, text: found.kind === "boolean" ? "true" : row.text } : { name: to });
  };
  const add = (): void => {
    setRows((all) => [...all, { id: next, name: "", kind: "text", text: "" }]);
    setNext(next + 1);
  };

  return (
    <fieldset class="arguments">
      <legend>{label}</legend>
      {known.length > 0 && (
        <datalist id={`${id}-known`}>
          {known.map((k) => (
            <option key={k.name} value={k.name}>
              {k.doc}
            </option>
          ))}
        </datalist>
      )}
      {rows.map((row) => (
        <div class="argument" key={row.id}>
          <input
            name={`${name}.name`}
            value={row.name}
            aria-label="Name"
            placeholder="name"
            spellcheck={false}
            list={known.length > 0 ? `${id}-known` : undefined}
            autofocus
            onInput={(event) => rename(row, event.currentTarget.value)}
          />
          <select
            name={`${name}.kind`}
            aria-label="Type"
            value={row.kind}
            onChange={(event) => change(row, { kind: event.currentTarget.value as Kind })}
          >
            <option value="text">text</option>
            <option value="number">number</option>
            <option value="boolean">boolean</option>
            <option value="json">JSON</option>
          </select>
          <ValueInput name={`${name}.value`} row={row} onInput={(text) => change(row, { text })} />
          <button
            type="button"
            class="button quiet square"
            aria-label={`Remove ${row.name}`}
            onClick={() => setRows((all) => all.filter((r) => r.id !== row.id))}
          >
            <Icon name="close" />
          </button>
          {docOf(known, row.name) && <small>{docOf(known, row.name)}</small>}
        </div>
      ))}
      <button type="button" class="button small" onClick={add}>
        <Icon name="plus" />
        Add
      </button>
    </fieldset>
  );
}

function ValueInput({ name, row, onInput }: { name: string; row: Row; onInput: (text: string) => void }) {
  if (row.kind === "boolean") {
    return (
      <select name={name} aria-label="Value" value={row.text} onChange={(event) => onInput(event.currentTarget.value)}>
        <option value="true">true</option>
        <option value="false">false</option>
      </select>
    );
  }
  return (
    <input
      name={name}
      value={row.text}
      aria-label="Value"
      placeholder="value"
      spellcheck={false}
      inputMode={row.kind === "number" ? "decimal" : "text"}
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  );
}

const docOf = (known: Known[], name: string): string | undefined => known.find((k) => k.name === name)?.doc;

/** Reads what the editor of that name holds. Throws an Error that names the row that makes no sense. */
export function readArguments(values: Sent, name: string): Table {
  const table: Table = {};
  const kinds = values.all(`${name}.kind`);
  const texts = values.all(`${name}.value`);
  values.all(`${name}.name`).forEach((key, i) => {
    if (key !== "") table[key] = parse(key, kinds[i] ?? "text", texts[i] ?? "");
  });
  return table;
}

function parse(key: string, kind: string, text: string): Json {
  switch (kind) {
    case "number": {
      const n = Number(text);
      if (text.trim() === "" || Number.isNaN(n)) throw new Error(`${key}: “${text}” is not a number.`);
      return n;
    }
    case "boolean":
      return text !== "false";
    case "json":
      try {
        return JSON.parse(text) as Json;
      } catch {
        throw new Error(`${key}: the value is not valid JSON.`);
      }
    default:
      return text;
  }
}
