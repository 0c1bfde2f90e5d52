// The page as people use it. Run by TestPage of /integration: node test/browser.mjs ADDRESS-OF-THE-PAGE
// PAGE_USER and PAGE_PASSWORD (guest) log in; with PAGE_SHOTS=FOLDER there are screenshots.
import { administration, littleRights } from "./administration.mjs";
import { clients, ends, queues, routing } from "./objects.mjs";
import { address, at, becomes, button, clean, password, places, user } from "./fixture.mjs";
import { check, logIn, open, shoot, step, withBrowser } from "./harness.mjs";

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

async function keyboard(page) {
  await step("by keyboard: skip link, navigation, sorting", async () => {
    await page.goto(at("queues"));
    await page.reload();
    await page.getByRole("heading", { name: "Queues" }).waitFor();
    await page.keyboard.press("Tab");
    check(
      (await page.evaluate(() => document.activeElement?.textContent)) === "Skip to content",
      "the first Tab does not reach the skip link",
    );
    await page.keyboard.press("Enter");
    check((await page.evaluate(() => document.activeElement?.id)) === "main", "the skip link does not lead to the content");
    const heading = page.getByRole("columnheader", { name: "Ready" });
    await heading.getByRole("button").focus();
    await page.keyboard.press("Enter");
    await becomes(() => heading.getAttribute("aria-sort"), "descending", "the order, with the largest numbers first,");
    await page.keyboard.press("Enter");
    await becomes(() => heading.getAttribute("aria-sort"), "ascending", "the order, turned,");
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
    await becomes(async () => (await lightness()) < 60, true, "whether the page follows a dark system");
    await shoot(page, "overview-dark");
    await page.getByRole("button", { name: "Theme: as the system" }).click();
    await becomes(async () => (await lightness()) > 200, true, "whether light wins over the system");
    await shoot(page, "overview");
    await page.getByRole("button", { name: "Theme: light" }).click();
    await page.getByRole("button", { name: "Theme: dark" }).click();
    await page.emulateMedia({ colorScheme: null });
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
  const hand = await open(browser, complaints, address, {
    viewport: { width: 360, height: 740 },
    isMobile: true,
    hasTouch: true,
    deviceScaleFactor: 2,
  });
  await phone(hand);
  await littleRights(await open(browser, complaints, address));
  await clients(desk);
  await leave(desk);
});
await clean();
check(complaints.length === 0, `the page complained:\n${complaints.join("\n")}`);
