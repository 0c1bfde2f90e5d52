// The transport of the management API: one place where requests are made, authorised and read.

/** Nothing waits longer than this for an answer. */
const timeout = 30_000;

/** What the API answered when it did not do what was asked, or that it could not be asked. */
export class ApiError extends Error {
  constructor(
    /** The HTTP status; 0 when there was no answer. */
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export interface Ask {
  method?: "GET" | "PUT" | "POST" | "DELETE";
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

let authorization = "";
let onUnauthorized = (): void => {};

/** Sets what every request carries; the empty string for none. */
export function authorize(value: string): void {
  authorization = value;
}

/** Sets what is called when a request is refused for who makes it. */
export function whenUnauthorized(call: () => void): void {
  onUnauthorized = call;
}

/** The value of the Authorization header of a user. */
export function basic(name: string, password: string): string {
  const bytes = new TextEncoder().encode(`${name}:${password}`);
  return "Basic " + btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""));
}

/** The path of an object of the API; parts may hold any text. */
export function at(...parts: string[]): string {
  return parts.map(encodeURIComponent).join("/");
}

/** Makes a request and returns its JSON, undefined if it has none. Throws an ApiError, or an AbortError when `signal` aborts. */
export async function ask<T>(path: string, { method = "GET", query, body, headers, signal }: Ask = {}): Promise<T> {
  const url = new URL("api/" + path, document.baseURI);
  url.hash = "";
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const limit = AbortSignal.timeout(timeout);
  const init: RequestInit = {
    method,
    // Without the browser's own credentials it does not show a dialog of its own when they are wrong.
    credentials: "omit",
    cache: "no-store",
    // Some resources of RabbitMQ have nothing to show and refuse who wants JSON only.
    headers: { accept: "application/json, */*;q=0.1", ...headers, ...(authorization && { authorization }) },
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
  };
  if (body !== undefined) {
    init.headers = { ...init.headers, "content-type": "application/json" };
    init.body = JSON.stringify(body);
  }
  const response = await reach(url, init, signal);
  const text = await response.text();
  if (!response.ok) {
    if (response.status === 401) onUnauthorized();
    throw new ApiError(response.status, reason(response, text));
  }
  return parse<T>(response, text);
}

function parse<T>(response: Response, text: string): T {
  if (text === "") return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new ApiError(response.status, "The answer is not JSON: there may be a proxy in front of the broker that does not know its API.");
  }
}

async function reach(url: URL, init: RequestInit, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    const late = error instanceof DOMException && error.name === "TimeoutError";
    throw new ApiError(0, late ? "The broker did not answer within 30 seconds." : "The broker cannot be reached.");
  }
}

// Errors are {"error": type, "reason": text}; some answers of proxies and of old versions are not JSON.
function reason(response: Response, text: string): string {
  try {
    const body = JSON.parse(text) as { error?: unknown; reason?: unknown };
    const said = body.reason ?? body.error;
    if (typeof said === "string") return said;
    if (said !== undefined) return plain(said);
  } catch {
    // Not JSON: the status has to do.
  }
  return `${response.status} ${response.statusText}`.trim();
}

// Some reasons are terms of Erlang: lists, whose texts are lists of characters.
function plain(term: unknown): string {
  if (!Array.isArray(term)) return typeof term === "string" ? term : JSON.stringify(term);
  const isText = term.length > 0 && term.every((n) => Number.isInteger(n) && n >= 32 && n <= 0x10ffff);
  return isText ? String.fromCodePoint(...(term as number[])) : term.map(plain).join(", ");
}
