// Every call of the management API that the page makes, with its types.
import { ask, at } from "./http";
import type {
  Binding,
  Channel,
  Connection,
  Exchange,
  FeatureFlag,
  GlobalParameter,
  Json,
  Message,
  Node,
  Overview,
  Page,
  Parameter,
  Permission,
  Policy,
  Queue,
  ShovelStatus,
  Table,
  TopicPermission,
  User,
  UserLimits,
  Vhost,
  VhostLimits,
  Whoami,
} from "./types";

type Signal = AbortSignal | undefined;
/** A virtual host; undefined is all. */
type Host = string | undefined;

/** The path of a list: of one virtual host or of all. */
const of = (kind: string, vhost: Host): string => (vhost === undefined ? kind : at(kind, vhost));

/** Which part of a list is wanted. The server sorts and filters. */
export interface ListQuery {
  page: number;
  page_size: number;
  name: string;
  use_regex: boolean;
  sort: string;
  sort_reverse: boolean;
}

/** Which samples come with the details: how far back they go and how far apart they are, in seconds. */
export interface Samples {
  age: number;
  incr: number;
}

const kinds = ["msg_rates", "lengths", "data_rates", "node_stats"];

function sampled({ age, incr }: Samples): Record<string, number> {
  return Object.fromEntries(
    kinds.flatMap((kind) => [
      [`${kind}_age`, age],
      [`${kind}_incr`, incr],
    ]),
  );
}

/** The names of an exchange in an address: the default exchange has none of its own. */
const named = (exchange: string): string => (exchange === "" ? "amq.default" : exchange);

function list<T>(path: string, query: ListQuery, signal: Signal, columns?: string): Promise<Page<T>> {
  const { name, use_regex, sort, ...rest } = query;
  return ask(path, {
    // Without a name there is no filter; some versions refuse an empty one.
    query: { ...rest, ...(name !== "" && { name, use_regex }), ...(sort !== "" && { sort }), columns },
    signal,
  });
}

const put = (path: string, body: unknown): Promise<void> => ask(path, { method: "PUT", body });
const remove = (path: string): Promise<void> => ask(path, { method: "DELETE" });

export type AckMode = "ack_requeue_true" | "ack_requeue_false" | "reject_requeue_true" | "reject_requeue_false";
export type PolicyKind = "policies" | "operator-policies";

const bindingPath = (b: Binding): string =>
  at("bindings", b.vhost, "e", named(b.source), b.destination_type === "queue" ? "q" : "e", b.destination);

export const api = {
  whoami: (signal?: Signal) => ask<Whoami>("whoami", { signal }),
  overview: (samples: Samples, signal: Signal) => ask<Overview>("overview", { query: sampled(samples), signal }),
  nodes: (signal: Signal) => ask<Node[]>("nodes", { signal }),
  setClusterName: (name: string) => put("cluster-name", { name }),

  connections: (vhost: Host, query: ListQuery, signal: Signal) =>
    list<Connection>(vhost === undefined ? "connections" : at("vhosts", vhost, "connections"), query, signal),
  connection: (name: string, samples: Samples, signal: Signal) =>
    ask<Connection>(at("connections", name), { query: sampled(samples), signal }),
  connectionChannels: (name: string, signal: Signal) => ask<Channel[]>(at("connections", name, "channels"), { signal }),
  closeConnection: (name: string, reason: string) =>
    ask<void>(at("connections", name), { method: "DELETE", headers: reason === "" ? {} : { "X-Reason": reason } }),

  channels: (vhost: Host, query: ListQuery, signal: Signal) =>
    list<Channel>(vhost === undefined ? "channels" : at("vhosts", vhost, "channels"), query, signal),
  channel: (name: string, samples: Samples, signal: Signal) => ask<Channel>(at("channels", name), { query: sampled(samples), signal }),

  exchanges: (vhost: Host, query: ListQuery, signal: Signal) => list<Exchange>(of("exchanges", vhost), query, signal),
  exchange: (vhost: string, name: string, samples: Samples, signal: Signal) =>
    ask<Exchange>(at("exchanges", vhost, named(name)), { query: sampled(samples), signal }),
  declareExchange: (vhost: string, name: string, body: Omit<Exchange, "name" | "vhost">) => put(at("exchanges", vhost, name), body),
  deleteExchange: (vhost: string, name: string) => remove(at("exchanges", vhost, name)),
  exchangeBindings: (vhost: string, name: string, end: "source" | "destination", signal: Signal) =>
    ask<Binding[]>(at("exchanges", vhost, named(name), "bindings", end), { signal }),
  publish: (vhost: string, exchange: string, body: PublishBody) =>
    ask<{ routed: boolean }>(at("exchanges", vhost, named(exchange), "publish"), { method: "POST", body }),

  queues: (vhost: Host, query: ListQuery, columns: string, signal: Signal) => list<Queue>(of("queues", vhost), query, signal, columns),
  queue: (vhost: string, name: string, samples: Samples, signal: Signal) =>
    ask<Queue>(at("queues", vhost, name), { query: sampled(samples), signal }),
  declareQueue: (vhost: string, name: string, body: { durable: boolean; auto_delete: boolean; arguments: Table }) =>
    put(at("queues", vhost, name), body),
  deleteQueue: (vhost: string, name: string) => remove(at("queues", vhost, name)),
  purgeQueue: (vhost: string, name: string) => remove(at("queues", vhost, name, "contents")),
  queueBindings: (vhost: string, name: string, signal: Signal) => ask<Binding[]>(at("queues", vhost, name, "bindings"), { signal }),
  getMessages: (vhost: string, name: string, body: { count: number; ackmode: AckMode; encoding: "auto" | "base64"; truncate: number }) =>
    ask<Message[]>(at("queues", vhost, name, "get"), { method: "POST", body }),

  bindings: (vhost: string, signal: Signal) => ask<Binding[]>(at("bindings", vhost), { signal }),
  bind: (b: Binding) => ask<void>(bindingPath(b), { method: "POST", body: { routing_key: b.routing_key, arguments: b.arguments } }),
  unbind: (b: Binding) => remove(`${bindingPath(b)}/${at(b.properties_key)}`),

  vhosts: (signal?: Signal) => ask<Vhost[]>("vhosts", { signal }),
  putVhost: (name: string, body: Record<string, Json>) => put(at("vhosts", name), body),
  deleteVhost: (name: string) => remove(at("vhosts", name)),
  vhostPermissions: (name: string, signal: Signal) => ask<Permission[]>(at("vhosts", name, "permissions"), { signal }),
  vhostLimits: (signal: Signal) => ask<VhostLimits[]>("vhost-limits", { signal }),
  setVhostLimit: (vhost: string, limit: string, value: number) => put(at("vhost-limits", vhost, limit), { value }),
  clearVhostLimit: (vhost: string, limit: string) => remove(at("vhost-limits", vhost, limit)),

  users: (signal: Signal) => ask<User[]>("users", { signal }),
  user: (name: string, signal: Signal) => ask<User>(at("users", name), { signal }),
  putUser: (name: string, body: { password?: string; password_hash?: string; tags: string }) => put(at("users", name), body),
  deleteUser: (name: string) => remove(at("users", name)),
  permissions: (user: string, signal: Signal) => ask<Permission[]>(at("users", user, "permissions"), { signal }),
  setPermission: (p: Permission) => put(at("permissions", p.vhost, p.user), { configure: p.configure, write: p.write, read: p.read }),
  clearPermission: (p: Permission) => remove(at("permissions", p.vhost, p.user)),
  topicPermissions: (user: string, signal: Signal) => ask<TopicPermission[]>(at("users", user, "topic-permissions"), { signal }),
  setTopicPermission: (p: TopicPermission) =>
    put(at("topic-permissions", p.vhost, p.user), { exchange: p.exchange, write: p.write, read: p.read }),
  clearTopicPermission: (p: TopicPermission) => remove(at("topic-permissions", p.vhost, p.user, p.exchange)),
  userLimits: (signal: Signal) => ask<UserLimits[]>("user-limits", { signal }),
  setUserLimit: (user: string, limit: string, value: number) => put(at("user-limits", user, limit), { value }),
  clearUserLimit: (user: string, limit: string) => remove(at("user-limits", user, limit)),

  policies: (kind: PolicyKind, vhost: Host, signal: Signal) => ask<Policy[]>(of(kind, vhost), { signal }),
  putPolicy: (kind: PolicyKind, p: Policy) =>
    put(at(kind, p.vhost, p.name), { pattern: p.pattern, definition: p.definition, priority: p.priority, "apply-to": p["apply-to"] }),
  deletePolicy: (kind: PolicyKind, p: Policy) => remove(at(kind, p.vhost, p.name)),

  featureFlags: (signal: Signal) => ask<FeatureFlag[]>("feature-flags", { signal }),
  enableFeatureFlag: (name: string) => put(at("feature-flags", name, "enable"), { name }),
  globalParameters: (signal: Signal) => ask<GlobalParameter[]>("global-parameters", { signal }),
  setGlobalParameter: (name: string, value: Json) => put(at("global-parameters", name), { name, value }),
  deleteGlobalParameter: (name: string) => remove(at("global-parameters", name)),

  shovels: (signal: Signal) => ask<ShovelStatus[]>("shovels", { signal }),
  shovelParameters: (signal: Signal) => ask<Parameter[]>("parameters/shovel", { signal }),
  putShovel: (vhost: string, name: string, value: Table) => put(at("parameters", "shovel", vhost, name), { value }),
  deleteShovel: (vhost: string, name: string) => remove(at("parameters", "shovel", vhost, name)),

  definitions: (vhost: Host) => ask<Table>(of("definitions", vhost)),
  importDefinitions: (vhost: Host, body: Json) => ask<void>(of("definitions", vhost), { method: "POST", body }),
};

export interface PublishBody {
  routing_key: string;
  properties: Table;
  payload: string;
  payload_encoding: "string" | "base64";
}
