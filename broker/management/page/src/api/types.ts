// What the management API answers with, as far as the page reads it. Fields that versions or states leave out are
// optional.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Table = Record<string, Json>;

/** A value at a moment, in milliseconds since 1970. */
export interface Sample {
  sample: number;
  timestamp: number;
}

export interface Details {
  rate: number;
  /** Newest first. */
  samples?: Sample[];
}

/** Counters or gauges by name, each with the details of `name_details`. */
export type Stats = Record<string, number | Details | undefined>;

export interface Page<T> {
  items: T[];
  page: number;
  page_count: number;
  page_size: number;
  item_count: number;
  filtered_count: number;
  total_count: number;
}

export interface Listener {
  node: string;
  protocol: string;
  ip_address: string;
  port: number;
}

export interface Overview {
  product_name?: string;
  product_version?: string;
  lepus_version?: string;
  rabbitmq_version: string;
  management_version: string;
  cluster_name: string;
  erlang_version?: string;
  node: string;
  exchange_types: { name: string; description?: string }[];
  listeners?: Listener[];
  message_stats?: Stats;
  queue_totals?: Stats;
  churn_rates?: Stats;
  object_totals?: Partial<Record<"connections" | "channels" | "exchanges" | "queues" | "consumers", number>>;
  default_queue_type?: string;
}

export interface Node {
  name: string;
  running: boolean;
  type?: string;
  uptime?: number;
  os_pid?: string;
  processors?: number;
  mem_used?: number;
  mem_limit?: number;
  mem_alarm?: boolean;
  disk_free?: number;
  disk_free_limit?: number;
  disk_free_alarm?: boolean;
  fd_used?: number;
  fd_total?: number;
  sockets_used?: number;
  sockets_total?: number;
  proc_used?: number;
  proc_total?: number;
  run_queue?: number;
  db_dir?: string;
  log_files?: string[];
  config_files?: string[];
  enabled_plugins?: string[];
}

export interface Whoami {
  name: string;
  tags: string | string[];
}

export interface Connection {
  name: string;
  user_provided_name?: string;
  user?: string;
  vhost?: string;
  state?: string;
  protocol?: string;
  node?: string;
  ssl?: boolean;
  ssl_protocol?: string | null;
  ssl_cipher?: string | null;
  peer_cert_subject?: string | null;
  auth_mechanism?: string;
  peer_host?: string;
  peer_port?: number;
  host?: string;
  port?: number;
  channels?: number;
  channel_max?: number;
  frame_max?: number;
  timeout?: number;
  connected_at?: number;
  client_properties?: Table;
  recv_oct?: number;
  recv_oct_details?: Details;
  send_oct?: number;
  send_oct_details?: Details;
  send_pend?: number;
}

export interface Channel {
  name: string;
  number?: number;
  user?: string;
  vhost?: string;
  node?: string;
  state?: string;
  confirm?: boolean;
  transactional?: boolean;
  consumer_count?: number;
  prefetch_count?: number;
  global_prefetch_count?: number;
  messages_unacknowledged?: number;
  messages_unconfirmed?: number;
  messages_uncommitted?: number;
  acks_uncommitted?: number;
  idle_since?: string;
  connection_details?: { name: string; peer_host?: string; peer_port?: number };
  message_stats?: Stats;
  consumer_details?: Consumer[];
}

export interface Consumer {
  consumer_tag: string;
  queue: { name: string; vhost: string };
  channel_details?: { name?: string; connection_name?: string; number?: number } | [];
  ack_required?: boolean;
  exclusive?: boolean;
  prefetch_count?: number;
  active?: boolean;
  activity_status?: string;
  arguments?: Table | [];
}

export interface Exchange {
  name: string;
  vhost: string;
  type: string;
  durable: boolean;
  auto_delete: boolean;
  internal: boolean;
  arguments: Table | [];
  policy?: string | null;
  message_stats?: Stats;
}

export interface Queue {
  name: string;
  vhost: string;
  type?: string;
  durable: boolean;
  auto_delete: boolean;
  exclusive: boolean;
  arguments: Table | [];
  node?: string;
  state?: string;
  policy?: string | null;
  operator_policy?: string | null;
  effective_policy_definition?: Table | [] | null;
  consumers?: number;
  consumer_capacity?: number;
  consumer_utilisation?: number;
  messages?: number;
  messages_ready?: number;
  messages_unacknowledged?: number;
  messages_persistent?: number;
  messages_ram?: number;
  messages_details?: Details;
  messages_ready_details?: Details;
  messages_unacknowledged_details?: Details;
  message_bytes?: number;
  message_bytes_ready?: number;
  message_bytes_unacknowledged?: number;
  memory?: number;
  idle_since?: string;
  head_message_timestamp?: number | null;
  single_active_consumer_tag?: string | null;
  message_stats?: Stats;
  consumer_details?: Consumer[];
}

export interface Binding {
  source: string;
  vhost: string;
  destination: string;
  destination_type: "queue" | "exchange";
  routing_key: string;
  arguments: Table | [];
  properties_key: string;
}

export interface Message {
  payload: string;
  payload_bytes: number;
  payload_encoding: "string" | "base64";
  redelivered: boolean;
  exchange: string;
  routing_key: string;
  message_count: number;
  properties: Table | [];
}

export interface Vhost {
  name: string;
  description?: string;
  tags?: string[] | string;
  default_queue_type?: string;
  tracing: boolean;
  cluster_state?: Record<string, string>;
  messages?: number;
  messages_ready?: number;
  messages_unacknowledged?: number;
}

export interface User {
  name: string;
  tags: string[] | string;
  password_hash?: string;
  limits?: Record<string, number> | [];
}

export interface Permission {
  user: string;
  vhost: string;
  configure: string;
  write: string;
  read: string;
}

export interface TopicPermission {
  user: string;
  vhost: string;
  exchange: string;
  write: string;
  read: string;
}

export interface Policy {
  vhost: string;
  name: string;
  pattern: string;
  "apply-to": string;
  definition: Table;
  priority: number;
}

export interface VhostLimits {
  vhost: string;
  value: Record<string, number>;
}

export interface UserLimits {
  user: string;
  value: Record<string, number>;
}

export interface FeatureFlag {
  name: string;
  desc?: string;
  doc_url?: string;
  state: string;
  stability?: string;
}

export interface GlobalParameter {
  name: string;
  value: Json;
}

export interface Parameter {
  component: string;
  vhost: string;
  name: string;
  value: Table;
}

export interface ShovelStatus {
  name: string;
  vhost?: string;
  type?: string;
  state?: string;
  reason?: Json;
  timestamp?: string;
  src_queue?: string;
  src_exchange?: string;
  dest_queue?: string;
  dest_exchange?: string;
}
