// Small parts that all pages are made of.
import type { ComponentChildren } from "preact";
import type { Json, Table } from "../api/types";
import { percent } from "./format";
import { Icon, type IconName } from "./icons";

export type Tone = "plain" | "good" | "warn" | "bad" | "accent";

export function Badge({ tone = "plain", title, children }: { tone?: Tone; title?: string; children: ComponentChildren }) {
  return (
    <span class={`badge ${tone}`} title={title}>
      {children}
    </span>
  );
}

const tones: Record<string, Tone> = {
  running: "good",
  idle: "plain",
  flow: "warn",
  blocked: "warn",
  blocking: "warn",
  down: "bad",
  stopped: "bad",
  crashed: "bad",
  minority: "bad",
  terminated: "bad",
  starting: "warn",
  up: "good",
  enabled: "good",
  closing: "warn",
  closed: "bad",
};

export function State({ value }: { value: string | undefined }) {
  if (value === undefined) return <span class="faint">–</span>;
  return <span class={`state ${tones[value] ?? "plain"}`}>{value}</span>;
}

export function Problem({ error }: { error: Error | undefined }) {
  if (error === undefined) return null;
  return (
    <p class="problem" role="alert">
      {error.message}
    </p>
  );
}

export function Loading() {
  return (
    <p class="loading" role="status">
      <span class="spinner" /> Loading…
    </p>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <svg viewBox="0 0 48 32" width="72" height="48" aria-hidden="true">
        <path d="M4 20h12l3 5h10l3-5h12M4 20 10 5h28l6 15v8H4z" />
      </svg>
      <strong>{title}</strong>
      {children && <p>{children}</p>}
    </div>
  );
}

interface CardProps {
  title: ComponentChildren;
  actions?: ComponentChildren;
  wide?: boolean;
  flush?: boolean;
  children: ComponentChildren;
}

export function Card({ title, actions, wide, flush, children }: CardProps) {
  return (
    <section class={`card${wide ? " wide" : ""}${flush ? " flush" : ""}`}>
      <header>
        <h2>{title}</h2>
        {actions && <div class="actions">{actions}</div>}
      </header>
      <div class="body">{children}</div>
    </section>
  );
}

interface HeadProps {
  title: ComponentChildren;
  note?: ComponentChildren;
  /** The list that the page belongs to. */
  back?: { title: string; href: string };
  children?: ComponentChildren;
}

/** The head of a page: what it is about and what can be done with that. */
export function Head({ title, note, back, children }: HeadProps) {
  return (
    <div class="head">
      <div class="what">
        {back && (
          <a class="back" href={back.href}>
            <Icon name="left" />
            {back.title}
          </a>
        )}
        <h1 tabIndex={-1}>{title}</h1>
        {note && <div class="note">{note}</div>}
      </div>
      {children && <div class="actions">{children}</div>}
    </div>
  );
}

interface ButtonProps {
  icon?: IconName;
  kind?: "plain" | "primary" | "danger" | "quiet";
  onClick: () => void;
  disabled?: boolean;
  /** The name of a button that shows only an icon. */
  label?: string;
  children?: ComponentChildren;
}

export function Button({ icon, kind = "plain", onClick, disabled, label, children }: ButtonProps) {
  return (
    <button
      type="button"
      class={`button ${kind}${children ? "" : " square"}`}
      onClick={onClick}
      disabled={disabled}
      aria-label={label}
      title={label}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

export type Fact = [name: string, value: ComponentChildren];

export function Facts({ of }: { of: (Fact | undefined | false)[] }) {
  const shown = of.filter((f): f is Fact => Boolean(f));
  return (
    <dl class="facts">
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Arguments, properties, definitions: names with JSON values. */
export function Values({ of }: { of: Table | [] | null | undefined }) {
  const entries = Object.entries(of ?? {});
  if (entries.length === 0) return <span class="faint">none</span>;
  return (
    <dl class="values">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{show(value as Json)}</dd>
        </div>
      ))}
    </dl>
  );
}

export function show(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

interface MeterProps {
  label: string;
  used: number | undefined;
  total: number | undefined;
  text: string;
  alarm?: boolean;
}

/** How much of a resource is used. */
export function Meter({ label, used, total, text, alarm }: MeterProps) {
  const share = percent(used, total);
  const tone = alarm ? "bad" : (share ?? 0) > 80 ? "warn" : "good";
  return (
    <div class={`meter ${tone}`}>
      <div class="legend">
        <span>{label}</span>
        <span class="number">{text}</span>
      </div>
      <div
        class="track"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share ?? 0)}
        aria-valuetext={text}
      >
        <div class="fill" style={{ width: `${share ?? 0}%` }} />
      </div>
    </div>
  );
}

interface TabsProps {
  tabs: { id: string; title: string }[];
  current: string;
  onPick: (id: string) => void;
}

export function Segments({ tabs, current, onPick, label }: TabsProps & { label: string }) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {tabs.map(({ id, title }) => (
        <button type="button" key={id} aria-pressed={id === current} onClick={() => onPick(id)}>
          {title}
        </button>
      ))}
    </div>
  );
}
