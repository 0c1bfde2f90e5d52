// The names that the broker gives a meaning: what may stand in arguments and policies.
import type { Kind, Known } from "./arguments";

const k = (name: string, kind: Kind, doc: string): Known => ({ name, kind, doc });

// The settings that are a queue's argument and a policy's key alike, the former with x- before it.
const ofQueues: Known[] = [
  k("message-ttl", "number", "Milliseconds after which a message that waits expires"),
  k("expires", "number", "Milliseconds without use after which the queue is deleted"),
  k("max-length", "number", "The most messages that may wait"),
  k("max-length-bytes", "number", "The most bytes that may wait"),
  k("overflow", "text", "What happens at the limit: drop-head, reject-publish or reject-publish-dlx"),
  k("dead-letter-exchange", "text", "Where expired, rejected and dropped messages go"),
  k("dead-letter-routing-key", "text", "Their new routing key; without it they keep their own"),
  k("dead-letter-strategy", "text", "at-most-once or at-least-once (quorum queues)"),
  k("delivery-limit", "number", "How often a message is tried before it is dropped or dead-lettered"),
  k("consumer-timeout", "number", "Milliseconds that a consumer may keep a message without acknowledging it"),
  k("delayed-retry-type", "text", "Which returned messages wait before they are tried again: all, failed, returned or disabled"),
  k("delayed-retry-min", "number", "Milliseconds that the first retry waits"),
  k("delayed-retry-max", "number", "The most milliseconds that a retry waits"),
  k("queue-leader-locator", "text", "Where a new queue's leader is: client-local or balanced"),
];

export const queueArguments: Known[] = [
  ...ofQueues.map((known) => ({ ...known, name: `x-${known.name}` })),
  k("x-single-active-consumer", "boolean", "One consumer at a time; the next takes over when it ends"),
  k("x-max-priority", "number", "The highest priority that messages may have, 1 to 255; small numbers are cheap"),
  k("x-queue-mode", "text", "default or lazy; kept for compatibility"),
  k("x-message-deduplication", "boolean", "Drop a message whose x-deduplication-header is already in the queue"),
];

export const exchangeArguments: Known[] = [
  k("alternate-exchange", "text", "Where messages go that have no route"),
  k("x-delayed-type", "text", "How an x-delayed-message exchange routes: direct, fanout, topic or headers"),
  k("x-cache-size", "number", "How many messages an x-message-deduplication exchange remembers"),
  k("x-cache-ttl", "number", "Milliseconds for which it remembers each"),
  k("x-recent-history-length", "number", "How many messages an x-recent-history exchange gives to a new queue"),
];

export const bindingArguments: Known[] = [k("x-match", "text", "Of a headers exchange: all, any, all-with-x or any-with-x")];

export const policyKeys: Known[] = [
  ...ofQueues,
  k("alternate-exchange", "text", "Where messages go that an exchange has no route for"),
  k("max-in-memory-length", "number", "The most messages that a quorum queue keeps in memory"),
  k("max-age", "text", "How long a stream keeps messages: 7D, 12h"),
  k("stream-max-segment-size-bytes", "number", "How large a stream's segments grow"),
  k("queue-mode", "text", "default or lazy; kept for compatibility"),
  k("federation-upstream-set", "text", "The upstreams of a federated exchange or queue: all, or a set"),
];

const bounds = new Set([
  "message-ttl",
  "expires",
  "max-length",
  "max-length-bytes",
  "delivery-limit",
  "max-in-memory-length",
  "overflow",
  "delayed-retry-type",
  "delayed-retry-min",
  "delayed-retry-max",
]);

/** What an operator policy may hold. */
export const operatorKeys: Known[] = policyKeys.filter((known) => bounds.has(known.name));
