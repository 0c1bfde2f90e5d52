// What the browser tests share: a browser, steps with names, and the rule that a page says nothing in its console.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

/** How long anything may take to appear: RabbitMQ gathers its figures every 5 seconds, the page asks every 5, the machine may stall. */
export const patience = 120_000;

const places = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Runs `test` in a new browser and returns what the pages complained about. */
export async function withBrowser(test) {
  const executablePath = places.find((path) => path && existsSync(path));
  const browser = await chromium.launch({ executablePath, timeout: patience, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  const complaints = [];
  try {
    await test(browser, complaints);
  } catch (error) {
    const pages = browser.contexts().flatMap((context) => context.pages());
    await Promise.all(pages.map((page, n) => shoot(page, `failed-${n}`)));
    throw error;
  } finally {
    await browser.close();
  }
  return complaints;
}

/** Opens a page whose errors, refusals of the content security policy included, go to `complaints`. */
export async function open(browser, complaints, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-GB", acceptDownloads: true, ...options });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(`error: ${error.stack ?? error.message}`));
  page.on("console", (message) => {
    // The browser reports each refused request itself: the page shows those.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complaints.push(`console: ${message.text()}`);
  });
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  return page;
}

export async function step(name, what) {
  const start = performance.now();
  try {
    await what();
  } catch (error) {
    throw new Error(`${name}: ${error.stack ?? error.message}`);
  }
  console.log(`ok ${name} (${Math.round(performance.now() - start)} ms)`);
}

export function check(holds, text) {
  if (!holds) throw new Error(text);
}

export async function logIn(page, user = "guest", password = "guest") {
  await page.getByLabel("User", { exact: true }).fill(user);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** Where screenshots go; none are taken without PAGE_SHOTS. */
export async function shoot(page, name) {
  const folder = process.env.PAGE_SHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`) });
}
