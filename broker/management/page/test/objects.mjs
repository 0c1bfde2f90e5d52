// Queues, exchanges, bindings, connections and channels.
import { at, becomes, button, card, confirm, exchange, payload, queue, said, target, tile } from "./fixture.mjs";
import { check, shoot, step } from "./harness.mjs";

export async function queues(page) {
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
      await Promise.all([said(page, "The message is published."), button(form, "Publish").click()]);
    }
    await becomes(() => tile(page, "Ready").innerText(), "3", "the count of ready messages");
    await page.getByRole("img", { name: /^Queued messages.*Ready: 3/ }).waitFor();
    await becomes(async () => (await picture()) !== before, true, "whether the chart has changed");
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

export async function routing(page) {
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
    await card(page, /^To queues/)
      .getByRole("link", { name: queue, exact: true })
      .waitFor();
    const publish = card(page, "Publish a message");
    await publish.getByLabel("Routing key").fill("a/<b>.c");
    await Promise.all([said(page, "The message is published."), button(publish, "Publish").click()]);
    await publish.getByLabel("Routing key").fill("nowhere");
    await Promise.all([page.getByText("not routed").waitFor(), button(publish, "Publish").click()]);
    await shoot(page, "exchange");
  });
  await step("see it in the picture of bindings", async () => {
    await page.goto(at("bindings"));
    await page.getByPlaceholder("Exchange, queue or key").fill("page-");
    await page
      .locator("svg")
      .getByRole("link", { name: `queue ${queue}` })
      .waitFor();
    await button(page, "Zoom in").click();
    await button(page, "Fit the picture").click();
    await shoot(page, "bindings");
    await page
      .getByRole("table", { name: /same as a list/ })
      .getByRole("link", { name: queue, exact: true })
      .waitFor();
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

export async function clients(page) {
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

export async function ends(page) {
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
    for (const [kind, name] of [
      ["queues", target],
      ["queues", queue],
      ["exchanges", exchange],
    ]) {
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
