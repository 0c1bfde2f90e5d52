// How quick lists are when they are long. Run by TestPageOfMany: node test/crowd.mjs ADDRESS QUEUES CONNECTIONS
import { check, logIn, open, shoot, withBrowser } from "./harness.mjs";

const [address, queues, connections] = process.argv.slice(2);

/** How long the page may be busy, in milliseconds of its thread's processor time: what else the machine does is left out. */
const limit = 500;

const rows = (page) => page.locator("tbody tr");

/** Returns a function that measures from `act` to the moment when the rows are those of `first`. */
async function stopwatch(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  const busy = async () => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    return metrics.find((m) => m.name === "TaskDuration").value * 1000;
  };
  return async (name, act, first) => {
    const start = performance.now();
    const before = await busy();
    await act();
    await rows(page).first().getByText(first).waitFor();
    await page.locator(".table:not(.stale)").waitFor();
    const own = Math.round((await busy()) - before);
    console.log(`ok ${name}: ${Math.round(performance.now() - start)} ms, of which the page was busy ${own}`);
    check(own < limit, `${name} had the page busy for ${own} ms`);
  };
}

const complaints = await withBrowser(async (browser, complaints) => {
  const page = await open(browser, complaints, address);
  await logIn(page);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  const search = page.getByPlaceholder("Filter queues");
  const timed = await stopwatch(page);

  await timed("first rows", () => page.goto(`${address}#/queues?name=crowd-page`), "crowd-page-00000");
  await page.getByText(`of ${Number(queues).toLocaleString("en")} queues`).waitFor();
  await shoot(page, "crowd");
  check((await rows(page).count()) === 50, "the page holds more rows than it shows");
  await timed("next page", () => page.getByRole("button", { name: "Next page" }).click(), "crowd-page-00050");
  await timed(
    "sorted the other way round",
    () => page.getByRole("columnheader", { name: "Name" }).getByRole("button").click(),
    `crowd-page-0${queues - 1}`,
  );
  await timed(
    "filtered by each letter as it is typed",
    async () => {
      await search.press("End");
      await search.pressSequentially("-00123");
    },
    "crowd-page-00123",
  );

  await timed("connections", () => page.goto(`${address}#/connections`), "crowd-page");
  await page.getByText(`of ${Number(connections).toLocaleString("en")} connections`).waitFor();
  check((await rows(page).count()) === 50, "the page holds more rows than it shows");
  await timed(
    "connections by what they send",
    () => page.getByRole("columnheader", { name: "From client" }).getByRole("button").click(),
    "crowd-page",
  );
});
check(complaints.length === 0, `the page complained:\n${complaints.join("\n")}`);
