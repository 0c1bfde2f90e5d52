// The header and the navigation.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api } from "./api/api";
import { href, route } from "./router";
import { usePoll } from "./state/poll";
import { can, isAdministrator, logOut, me } from "./state/session";
import { interval, intervals, theme, vhost, vhostChoice, type Theme } from "./state/settings";
import { Icon, Logo, type IconName } from "./ui/icons";

const open = signal(false);

interface Link {
  title: string;
  path: string[];
  icon?: IconName;
  shown?: () => boolean;
}

const objects: Link[] = [
  { title: "Overview", path: ["overview"], icon: "overview" },
  { title: "Connections", path: ["connections"], icon: "connections" },
  { title: "Channels", path: ["channels"], icon: "channels" },
  { title: "Exchanges", path: ["exchanges"], icon: "exchanges" },
  { title: "Queues", path: ["queues"], icon: "queues" },
  { title: "Bindings", path: ["bindings"], icon: "bindings" },
];

const admin: Link[] = [
  { title: "Users", path: ["admin", "users"], shown: isAdministrator },
  { title: "Virtual hosts", path: ["admin", "vhosts"], shown: isAdministrator },
  { title: "Policies", path: ["admin", "policies"], shown: () => can("policymaker") },
  { title: "Limits", path: ["admin", "limits"], shown: isAdministrator },
  { title: "Shovels", path: ["admin", "shovels"], shown: () => can("policymaker", "monitoring") },
  { title: "Definitions", path: ["admin", "definitions"], shown: isAdministrator },
  { title: "Cluster", path: ["admin", "cluster"], shown: isAdministrator },
];

export function Sidebar() {
  const { path } = route.value;
  // The drawer of a phone closes when it led somewhere.
  useEffect(() => {
    open.value = false;
  }, [path.join("/")]);
  const administration = admin.filter((l) => l.shown?.() ?? true);
  return (
    <nav class={`sidebar${open.value ? " open" : ""}`} aria-label="Main" id="navigation">
      <ul>
        {objects.map((l) => (
          <NavLink key={l.title} link={l} />
        ))}
      </ul>
      {administration.length > 0 && (
        <>
          <h2>
            <Icon name="admin" />
            Administration
          </h2>
          <ul>
            {administration.map((l) => (
              <NavLink key={l.title} link={l} />
            ))}
          </ul>
        </>
      )}
    </nav>
  );
}

function NavLink({ link }: { link: Link }) {
  const here = route.value.path;
  const current = link.path.every((part, i) => part === here[i] || (here[0] === "" && part === "overview"));
  return (
    <li>
      <a href={href(...link.path)} aria-current={current ? "page" : undefined}>
        {link.icon && <Icon name={link.icon} />}
        {link.title}
      </a>
    </li>
  );
}

export function Header() {
  return (
    <header class="top">
      <button
        type="button"
        class="button quiet square burger"
        aria-label="Menu"
        aria-expanded={open.value}
        aria-controls="navigation"
        onClick={() => {
          open.value = !open.value;
        }}
      >
        <Icon name={open.value ? "close" : "menu"} />
      </button>
      <a class="brand" href={href("overview")}>
        <Logo />
        <span>LepusMQ</span>
      </a>
      <span class="spring" />
      <VhostChoice />
      <IntervalChoice />
      <ThemeChoice />
      <span class="who" title={me.value?.tags.join(", ")}>
        {me.value?.name}
      </span>
      <button type="button" class="button quiet" onClick={() => logOut()} aria-label="Log out" title="Log out">
        <Icon name="leave" />
        <span class="wide-only">Log out</span>
      </button>
    </header>
  );
}

function VhostChoice() {
  const vhosts = usePoll("vhosts", (signal) => api.vhosts(signal), 30);
  const names = vhosts.data?.map((v) => v.name);
  useEffect(() => {
    // A virtual host that is gone is no choice.
    if (names !== undefined && vhost.value !== undefined && !names.includes(vhost.value)) vhostChoice.value = "all";
  }, [names?.join("\n")]);
  return (
    <label class="choice">
      <span>Virtual host</span>
      <select
        value={vhostChoice.value}
        onChange={(event) => {
          vhostChoice.value = event.currentTarget.value;
        }}
      >
        <option value="all">All</option>
        {(names ?? []).map((name) => (
          <option key={name} value={`=${name}`} selected={name === vhost.value}>
            {name === "" ? "(no name)" : name}
          </option>
        ))}
      </select>
    </label>
  );
}

function IntervalChoice() {
  return (
    <label class="choice">
      <span>Refresh</span>
      <select
        value={interval.value}
        onChange={(event) => {
          interval.value = event.currentTarget.value;
        }}
      >
        {intervals.map((s) => (
          <option key={s} value={String(s)}>
            {s === 0 ? "Never" : `${s} s`}
          </option>
        ))}
      </select>
    </label>
  );
}

const themes: Record<Theme, { next: Theme; icon: IconName; title: string }> = {
  auto: { next: "light", icon: "auto", title: "as the system" },
  light: { next: "dark", icon: "sun", title: "light" },
  dark: { next: "auto", icon: "moon", title: "dark" },
};

export function ThemeChoice() {
  const { next, icon, title } = themes[theme.value as Theme];
  return (
    <button
      type="button"
      class="button quiet square"
      aria-label={`Theme: ${title}`}
      title={`Theme: ${title}`}
      onClick={() => {
        theme.value = next;
      }}
    >
      <Icon name={icon} />
    </button>
  );
}
