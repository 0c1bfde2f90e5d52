// What administrators do, and what others cannot.
import { api, at, button, card, confirm, little, objects, person, policy, queue, said } from "./fixture.mjs";
import { check, logIn, shoot, step } from "./harness.mjs";

export async function administration(page) {
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
    await form.getByRole("alert").getByText(/missing|regexp|regular/).waitFor();
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
    await Promise.all([said(page, "The definitions are in force."), confirm(page)]);
  });
  for (const [name, heading] of [
    ["vhosts", "Virtual hosts"],
    ["limits", "Limits"],
    ["shovels", "Shovels"],
    ["cluster", "Cluster"],
  ]) {
    await step(`open ${heading}`, async () => {
      await page.goto(at("admin", name));
      await page.getByRole("heading", { name: heading }).first().waitFor();
      await page.locator(".table, .empty").first().waitFor();
      check((await page.getByRole("alert").count()) === 0, "there is an error");
      await shoot(page, name);
    });
  }
}

export async function littleRights(page) {
  await step("a user who may little is shown little, and no errors", async () => {
    await api("PUT", `users/${little}`, { password: "geheim ü", tags: "management" });
    await api("PUT", `permissions/%2F/${little}`, { configure: "^$", write: "^$", read: "^$" });
    await logIn(page, little, "geheim ü");
    for (const place of objects) {
      await page.goto(at(...place));
      await page.locator(".table, .empty, .tiles, .facts").first().waitFor();
      check(
        (await page.getByRole("alert").count()) === 0,
        `${place.join("/")} has an error: ${await page.getByRole("alert").allInnerTexts()}`,
      );
    }
    check((await page.getByRole("link", { name: "Users" }).count()) === 0, "the administration is shown");
    await page.goto(at("queues"));
    await button(page, "Add queue").click();
    await page.getByLabel("Name", { exact: true }).fill("page-forbidden");
    await button(page.getByRole("dialog"), "Add queue").click();
    await page
      .getByRole("alert")
      .getByText(/access/i)
      .waitFor();
  });
}
