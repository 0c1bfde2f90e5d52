// The page as people use it. Run by TestPage of /integration: node test/browser.mjs ADDRESS-OF-THE-PAGE
// PAGE_USER and PAGE_PASSWORD (guest) log in; with PAGE_SHOTS=FOLDER there are screenshots.
import { check, logIn, open, patience, shoot, step, withBrowser } from "./harness.mjs";

const [address] = process.argv.slice(2);
const user = process.env.PAGE_USER ?? "guest";
const password = process.env.PAGE_PASSWORD ?? "guest";

// Names as an attacker or a careless tool gives them.
const queue = `page-<script>alert("q")</script> 'ä\u{1F407}/%2F&?#`;
const target = "page-target <b>&";
const exchange = `page-x"><img src=x onerror=alert(1)>`;
const policy = "page-policy <i>";
const person = `page-user "&<u>`;
const little = "page-little";
const payload = `<img src=x onerror=alert("payload")> grüße`;

const enc = encodeURIComponent;
const at = (...path) => address + "#/" + path.map(enc).join("/");

async function api(method, path, body) {
  const response = await fetch(new URL("api/" + path, address), {
    method,
    headers: { authorization: "Basic " + Buffer.from(`${user}:${password}`).toString("base64") },
    ...(body && { body: JSON.stringify(body) }),
  });
  return response.status === 200 ? response.json() : undefined;
}

async function clean() {
  for (const name of [queue, target]) await api("DELETE", `queues/%2F/${enc(name)}`);
  await api("DELETE", `exchanges/%2F/${enc(exchange)}`);
  await api("DELETE", `policies/%2F/${enc(policy)}`);
  for (const name of [person, little]) await api("DELETE", `users/${enc(name)}`);
  await api("DELETE", `parameters/shovel/%2F/${enc(`Move from ${queue}`)}`);
}

const button = (page, name) => page.getByRole("button", { name, exact: true });
const said = (page, text) => page.getByRole("status").getByText(text).first().waitFor();
const confirm = (page) => page.getByTestId("confirm").click();
const card = (page, title) => page.locator("section.card").filter({ has: page.getByRole("heading", { name: title }) });
const tile = (page, title) => page.locator(".tiles li").filter({ hasText: title }).locator("strong");

async function becomes(read, want, what) {
  const end = Date.now() + patience;
  let got;
  do {
    got = await read();
    if (got === want) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (Date.now() < end);
  throw new Error(`${what} is ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
}

async function session(page) {
  await step("a wrong password is refused", async () => {
    await shoot(page, "login");
    await logIn(page, user, password + "-wrong");
    await page.getByText("The user or the password is wrong.").waitFor();
  });
  await step("log in", async () => {
    await logIn(page, user, password);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
  });
  await step("a reload keeps the session, in this tab only", async () => {
    await page.reload();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    const kept = await page.evaluate(() => JSON.stringify(localStorage) + document.cookie);
    check(!kept.includes("Basic"), `the password is kept beyond the tab: ${kept}`);
  });
}

async function queues(page) {
  await step("add a queue", async () => {
    await page.goto(at("queues"));
    await button(page, "Add queue").click();
    const dialog = page.getByRole("dialog");
    if (await dialog.getByLabel("Virtual host").count()) await dialog.getByLabel("Virtual host").selectOption("/");
    await dialog.getByLabel("Name", { exact: true }).fill(queue);
    await button(dialog, "Add").click();
    await dialog.getByLabel("Name", { exact: true }).nth(1).fill("x-max-length");
    await dialog.getByLabel("Value").fill("1000");
    await button(dialog, "Add queue").click();
    await dialog.waitFor({ state: "detached" });
  });
  await step("find it by a filter, and by a pattern", async () => {
    await page.getByPlaceholder("Filter queues").fill("page-<script>");
    await page.getByRole("link", { name: queue, exact: true }).waitFor();
    await page.getByText("Regular expression").click();
    await page.getByPlaceholder("Filter queues").fill("^page-.*\\(alert");
    await page.getByText("No queue matches").waitFor();
    await page.getByPlaceholder("Filter queues").fill("^page-.*alert");
    await page.getByRole("link", { name: queue, exact: true }).waitFor();
    await shoot(page, "queues");
  });
  await step("open it", async () => {
    await page.getByRole("link", { name: queue, exact: true }).click();
    await page.getByRole("heading", { name: queue, exact: true }).waitFor();
    check((await page.title()).startsWith(queue), "the title of the tab is not the queue's name");
  });
  await step("publish, and see the chart move", async () => {
    const plot = page.getByRole("img", { name: /^Queued messages/ });
    const picture = () => plot.locator("canvas").evaluate((canvas) => canvas.toDataURL());
    await plot.locator("canvas").waitFor();
    const before = await picture();
    const form = card(page, "Publish a message");
    await form.getByLabel("Payload", { exact: true }).fill(payload);
    await form.getByText("Headers and properties").click();
    await form.getByLabel("content type").fill("text/plain");
    await button(form, "Add").click();
    await form.getByLabel("Name", { exact: true }).fill("x-<h1>");
    await form.getByLabel("Value").fill(`"quoted"`);
    for (let n = 0; n < 3; n++) {
      await button(form, "Publish").click();
      await said(page, "The message is published.");
    }
    await becomes(() => tile(page, "Ready").innerText(), "3", "the count of ready messages");
    await page.getByRole("img", { name: /^Queued messages.*Ready: 3/ }).waitFor();
    check((await picture()) !== before, "the chart did not change");
    await shoot(page, "queue");
  });
  await step("get messages, and put them back", async () => {
    const form = card(page, "Get messages");
    await form.getByLabel("How many").fill("2");
    await button(form, "Get messages").click();
    await form.getByText("Message 2").waitFor();
    check((await form.getByLabel("Payload", { exact: true }).first().innerText()) === payload, "the payload is not shown as it is");
    await form.getByText("x-<h1>").first().waitFor();
    await form.scrollIntoViewIfNeeded();
    await shoot(page, "messages");
  });
  await step("get one, and take it out", async () => {
    const form = card(page, "Get messages");
    await form.getByLabel("How many").fill("1");
    await form.getByLabel("Afterwards").selectOption("ack_requeue_false");
    await button(form, "Get messages").click();
    await page.getByRole("dialog").waitFor();
    await shoot(page, "confirm");
    await confirm(page);
    await form.getByText("2 more behind it").waitFor();
    await becomes(() => tile(page, "Ready").innerText(), "2", "the count of ready messages");
  });
}

async function routing(page) {
  await step("add an exchange", async () => {
    await page.goto(at("exchanges"));
    await button(page, "Add exchange").click();
    const dialog = page.getByRole("dialog");
    if (await dialog.getByLabel("Virtual host").count()) await dialog.getByLabel("Virtual host").selectOption("/");
    await dialog.getByLabel("Name", { exact: true }).fill(exchange);
    await dialog.getByLabel("Type", { exact: true }).selectOption("topic");
    await button(dialog, "Add exchange").click();
    await dialog.waitFor({ state: "detached" });
  });
  await step("bind the queue to it, and publish through it", async () => {
    await page.goto(at("exchanges", "/", exchange));
    const form = card(page, "Add a binding");
    await form.getByLabel("Name", { exact: true }).fill(queue);
    await form.getByLabel("Routing key").fill("a/<b>.#");
    await button(form, "Bind").click();
    await card(page, /^To queues/).getByRole("link", { name: queue, exact: true }).waitFor();
    const publish = card(page, "Publish a message");
    await publish.getByLabel("Routing key").fill("a/<b>.c");
    await button(publish, "Publish").click();
    await said(page, "The message is published.");
    await publish.getByLabel("Routing key").fill("nowhere");
    await button(publish, "Publish").click();
    await page.getByText("not routed").waitFor();
    await shoot(page, "exchange");
  });
  await step("see it in the picture of bindings", async () => {
    await page.goto(at("bindings"));
    await page.getByPlaceholder("Exchange, queue or key").fill("page-");
    await page.locator("svg").getByRole("link", { name: `queue ${queue}` }).waitFor();
    await button(page, "Zoom in").click();
    await button(page, "Fit the picture").click();
    await shoot(page, "bindings");
    await page.getByRole("table", { name: /same as a list/ }).getByRole("link", { name: queue, exact: true }).waitFor();
  });
  await step("remove the binding", async () => {
    await page.goto(at("exchanges", "/", exchange));
    await page.getByRole("button", { name: /^Remove the binding/ }).click();
    await confirm(page);
    await card(page, /^To queues and exchanges \(0\)/).waitFor();
  });
  await step("the default exchange has a page", async () => {
    await page.goto(at("exchanges", "/", ""));
    await page.getByRole("heading", { name: "(default)" }).waitFor();
  });
}

async function clients(page) {
  await step("a consumer is seen at its queue", async () => {
    await page.goto(at("queues", "/", "page-consumed"));
    await page.getByText("page-consumer").waitFor();
    await shoot(page, "consumed");
  });
  await step("from its channel to its connection", async () => {
    await page.getByRole("table", { name: "Consumers" }).getByRole("link").first().click();
    await page.getByRole("heading", { name: "Details" }).waitFor();
    await shoot(page, "channel");
    await page.locator(".facts a").first().click();
    await page.getByRole("heading", { name: "page-client" }).waitFor();
    await page.getByRole("table", { name: "Channels" }).waitFor();
    await shoot(page, "connection");
  });
  await step("close it, with a reason", async () => {
    await button(page, "Close connection").first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Reason").fill("page test");
    await button(dialog, "Close connection").click();
    await page.getByRole("heading", { name: "Connections" }).waitFor();
  });
}

async function administration(page) {
  await step("add a policy, and see it apply", async () => {
    await page.goto(at("admin", "policies"));
    await button(page, "Add policy").click();
    const dialog = page.getByRole("dialog");
    if (await dialog.getByLabel("Virtual host").count()) await dialog.getByLabel("Virtual host").selectOption("/");
    await dialog.getByLabel("Name", { exact: true }).fill(policy);
    await dialog.getByLabel("Pattern").fill("^page-<script>");
    await button(dialog, "Save").click();
    await dialog.getByText("Add at least one setting").waitFor();
    await button(dialog, "Add").click();
    await dialog.getByLabel("Name", { exact: true }).nth(1).fill("message-ttl");
    await dialog.getByLabel("Value").fill("3600000");
    await shoot(page, "policy");
    await button(dialog, "Save").click();
    await dialog.waitFor({ state: "detached" });
    await button(page, policy).waitFor();
    await page.goto(at("queues", "/", queue));
    await page.locator(".head").getByText(policy).waitFor();
  });
  await step("delete the policy", async () => {
    await page.goto(at("admin", "policies"));
    await button(page, `Delete ${policy}`).click();
    await confirm(page);
    await button(page, policy).waitFor({ state: "detached" });
  });
  await step("add a user, give permissions and a limit", async () => {
    await page.goto(at("admin", "users"));
    await button(page, "Add user").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name", { exact: true }).fill(person);
    await dialog.getByLabel("Password", { exact: true }).fill("secret");
    await dialog.getByLabel("Password again").fill("other");
    await button(dialog, "Add user").click();
    await dialog.getByText("The two passwords differ.").waitFor();
    await dialog.getByLabel("Password again").fill("secret");
    await dialog.getByLabel("monitoring").check();
    await button(dialog, "Add user").click();
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("link", { name: person, exact: true }).click();
    const form = card(page, "Set permissions");
    if (await form.getByLabel("Virtual host").count()) await form.getByLabel("Virtual host").selectOption("/");
    await form.getByLabel("Configure").fill("^$");
    await button(form, "Set permissions").click();
    await page.getByRole("table", { name: "Permissions", exact: true }).getByText("^$").waitFor();
    await form.getByLabel("Write").fill("(");
    await button(form, "Set permissions").click();
    await form.getByRole("alert").waitFor();
    await card(page, "Limits").getByLabel("At most").fill("7");
    await button(page, "Set limit").click();
    await page.getByRole("table", { name: "Limits" }).getByText("max-connections").waitFor();
    await shoot(page, "user");
  });
  await step("delete the user", async () => {
    await button(page, "Delete").click();
    await confirm(page);
    await page.getByRole("heading", { name: "Users" }).waitFor();
    await page.getByRole("link", { name: person, exact: true }).waitFor({ state: "detached" });
  });
  await step("download the definitions, and upload them", async () => {
    await page.goto(at("admin", "definitions"));
    const [download] = await Promise.all([page.waitForEvent("download"), button(page, "Download definitions").click()]);
    const path = await download.path();
    await page.getByLabel("File").setInputFiles(path);
    await button(page, "Upload definitions").click();
    await confirm(page);
    await said(page, "The definitions are in force.");
  });
  for (const [name, heading] of [["vhosts", "Virtual hosts"], ["limits", "Limits"], ["shovels", "Shovels"], ["cluster", "Cluster"]]) {
    await step(`open ${heading}`, async () => {
      await page.goto(at("admin", name));
      await page.getByRole("heading", { name: heading }).first().waitFor();
      await page.locator(".table, .empty").first().waitFor();
      check((await page.getByRole("alert").count()) === 0, "there is an error");
      await shoot(page, name);
    });
  }
}

async function ends(page) {
  await step("move the messages to another queue", async () => {
    await page.goto(at("queues", "/", queue));
    await button(page, "Move messages").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("To queue").fill(target);
    await button(dialog, "Move messages").click();
    await dialog.waitFor({ state: "detached" });
    await page.goto(at("queues", "/", target));
    await becomes(async () => (await tile(page, "Ready").count()) && tile(page, "Ready").innerText(), "3", "the count of moved messages");
  });
  await step("purge asks first, and does nothing on a no", async () => {
    await button(page, "Purge").click();
    await button(page, "Cancel").click();
    check((await tile(page, "Ready").innerText()) === "3", "the queue was purged after a no");
    await button(page, "Purge").click();
    await confirm(page);
    await becomes(() => tile(page, "Ready").innerText(), "0", "the count of ready messages");
  });
  await step("delete both queues and the exchange", async () => {
    for (const [kind, name] of [["queues", target], ["queues", queue], ["exchanges", exchange]]) {
      await page.goto(at(kind, "/", name));
      await button(page, "Delete").click();
      await confirm(page);
      await becomes(() => page.url(), at(kind), "the address");
    }
  });
  await step("what is not there is said to be so", async () => {
    await page.goto(at("queues", "/", queue));
    await page.getByRole("alert").getByText("Not Found").waitFor();
    await page.goto(at("no", "such", "place"));
    await page.getByText("There is no such page").waitFor();
  });
}

async function keyboard(page) {
  await step("by keyboard: skip link, navigation, sorting", async () => {
    await page.goto(at("queues"));
    await page.reload();
    await page.getByRole("heading", { name: "Queues" }).waitFor();
    await page.keyboard.press("Tab");
    check((await page.evaluate(() => document.activeElement?.textContent)) === "Skip to content", "the first Tab does not reach the skip link");
    await page.keyboard.press("Enter");
    check((await page.evaluate(() => document.activeElement?.id)) === "main", "the skip link does not lead to the content");
    const heading = page.getByRole("columnheader", { name: "Ready" });
    await heading.getByRole("button").focus();
    await page.keyboard.press("Enter");
    check((await heading.getAttribute("aria-sort")) === "descending", "the largest numbers are not first");
    await page.keyboard.press("Enter");
    check((await heading.getAttribute("aria-sort")) === "ascending", "the order does not turn");
    await page.getByRole("link", { name: "Users" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Users" }).waitFor();
  });
  await step("by keyboard: Escape closes a dialog and gives the focus back", async () => {
    await button(page, "Add user").focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await becomes(() => page.evaluate(() => document.activeElement?.textContent), "Add user", "what has the focus");
  });
}

async function themes(page) {
  await step("light and dark", async () => {
    await page.goto(at("overview"));
    const lightness = () => page.evaluate(() => Number(/\d+/.exec(getComputedStyle(document.documentElement).backgroundColor)?.[0]));
    await page.emulateMedia({ colorScheme: "dark" });
    check((await lightness()) < 60, "the page does not follow a dark system");
    await shoot(page, "overview-dark");
    await page.getByRole("button", { name: "Theme: as the system" }).click();
    check((await lightness()) > 200, "light does not win over the system");
    await shoot(page, "overview");
    await page.getByRole("button", { name: "Theme: light" }).click();
    await page.getByRole("button", { name: "Theme: dark" }).click();
    await page.emulateMedia({ colorScheme: null });
  });
}

async function littleRights(page) {
  await step("a user who may little is shown little, and no errors", async () => {
    await api("PUT", `users/${little}`, { password: "geheim ü", tags: "management" });
    await api("PUT", `permissions/%2F/${little}`, { configure: "^$", write: "^$", read: "^$" });
    await logIn(page, little, "geheim ü");
    for (const place of places.slice(0, 8)) {
      await page.goto(at(...place));
      await page.locator(".table, .empty, .tiles, .facts").first().waitFor();
      check((await page.getByRole("alert").count()) === 0, `${place.join("/")} has an error: ${await page.getByRole("alert").allInnerTexts()}`);
    }
    check((await page.getByRole("link", { name: "Users" }).count()) === 0, "the administration is shown");
    await page.goto(at("queues"));
    await button(page, "Add queue").click();
    await page.getByLabel("Name", { exact: true }).fill("page-forbidden");
    await button(page.getByRole("dialog"), "Add queue").click();
    await page.getByRole("alert").getByText(/access/i).waitFor();
  });
}

async function leave(page) {
  await step("log out", async () => {
    await button(page, "Log out").click();
    await page.getByLabel("Password", { exact: true }).waitFor();
    check(!(await page.evaluate(() => JSON.stringify(sessionStorage))).includes("Basic"), "the password is still there");
    await page.reload();
    await page.getByLabel("Password", { exact: true }).waitFor();
  });
}

const places = [
  ["overview"], ["connections"], ["channels"], ["exchanges"], ["exchanges", "/", "amq.topic"], ["queues"], ["queues", "/", "page-consumed"], ["bindings"],
  ["admin", "users"], ["admin", "users", user], ["admin", "vhosts"], ["admin", "vhosts", "/"], ["admin", "policies"], ["admin", "limits"],
  ["admin", "shovels"], ["admin", "definitions"], ["admin", "cluster"],
];

async function phone(page) {
  await step("on a phone nothing is wider than the screen", async () => {
    await logIn(page, user, password);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    for (const place of places) {
      await page.goto(at(...place));
      await page.locator("h1").waitFor();
      await page.waitForLoadState("networkidle");
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      check(width <= 360, `${place.join("/")} is ${width} pixels wide`);
      await shoot(page, `phone-${place.map((p) => p.replaceAll("/", "_")).join("-")}`);
    }
  });
  await step("on a phone the navigation is a drawer", async () => {
    await button(page, "Menu").click();
    await page.getByRole("link", { name: "Queues", exact: true }).waitFor();
    await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)));
    await shoot(page, "phone-menu");
    await page.getByRole("link", { name: "Queues", exact: true }).click();
    await page.getByRole("heading", { name: "Queues" }).waitFor();
    await page.getByRole("link", { name: "Queues", exact: true }).waitFor({ state: "hidden" });
  });
}

await clean();
const complaints = await withBrowser(async (browser, complaints) => {
  const desk = await open(browser, complaints, address);
  for (const part of [session, queues, routing, administration, ends, keyboard, themes]) await part(desk);
  const hand = await open(browser, complaints, address, { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 });
  await phone(hand);
  await littleRights(await open(browser, complaints, address));
  await clients(desk);
  await leave(desk);
});
await clean();
check(complaints.length === 0, `the page complained:\n${complaints.join("\n")}`);
