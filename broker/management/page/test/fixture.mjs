// What the tests work on: a page in front of a broker, and names that mean harm.
import { patience } from "./harness.mjs";

export const [address] = process.argv.slice(2);
export const user = process.env.PAGE_USER ?? "guest";
export const password = process.env.PAGE_PASSWORD ?? "guest";

// Names as an attacker or a careless tool gives them.
export const queue = `page-<script>alert("q")</script> 'ä\u{1F407}/%2F&?#`;
export const target = "page-target <b>&";
export const exchange = `page-x"><img src=x onerror=alert(1)>`;
export const policy = "page-policy <i>";
export const person = `page-user "&<u>`;
export const little = "page-little";
export const payload = `<img src=x onerror=alert("payload")> grüße`;

export const enc = encodeURIComponent;
export const at = (...path) => address + "#/" + path.map(enc).join("/");

export async function api(method, path, body) {
  const response = await fetch(new URL("api/" + path, address), {
    method,
    headers: { authorization: "Basic " + Buffer.from(`${user}:${password}`).toString("base64") },
    ...(body && { body: JSON.stringify(body) }),
  });
  return response.status === 200 ? response.json() : undefined;
}

export async function clean() {
  for (const name of [queue, target]) await api("DELETE", `queues/%2F/${enc(name)}`);
  await api("DELETE", `exchanges/%2F/${enc(exchange)}`);
  await api("DELETE", `policies/%2F/${enc(policy)}`);
  for (const name of [person, little]) await api("DELETE", `users/${enc(name)}`);
  await api("DELETE", `parameters/shovel/%2F/${enc(`Move from ${queue}`)}`);
}

export const button = (page, name) => page.getByRole("button", { name, exact: true });
/** Waits for a notice. Begin before what brings it: it goes by itself. */
export const said = (page, text) => page.getByRole("status").getByText(text).first().waitFor();
export const confirm = (page) => page.getByTestId("confirm").click();
export const card = (page, title) => page.locator("section.card").filter({ has: page.getByRole("heading", { name: title }) });
export const tile = (page, title) => page.locator(".tiles li").filter({ hasText: title }).locator("strong");

export async function becomes(read, want, what) {
  const end = Date.now() + patience;
  let got;
  do {
    got = await read();
    if (got === want) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (Date.now() < end);
  throw new Error(`${what} is ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
}

/** The pages of what a broker holds, and all pages. */
export const objects = [
  ["overview"],
  ["connections"],
  ["channels"],
  ["exchanges"],
  ["exchanges", "/", "amq.topic"],
  ["queues"],
  ["queues", "/", "page-consumed"],
  ["bindings"],
];
export const places = [
  ...objects,
  ["admin", "users"],
  ["admin", "users", user],
  ["admin", "vhosts"],
  ["admin", "vhosts", "/"],
  ["admin", "policies"],
  ["admin", "limits"],
  ["admin", "shovels"],
  ["admin", "definitions"],
  ["admin", "cluster"],
];
