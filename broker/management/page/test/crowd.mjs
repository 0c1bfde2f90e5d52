// How quick lists are when they are long. Run by TestPageOfMany: node test/crowd.mjs ADDRESS QUEUES CONNECTIONS
import { check, logIn, open, shoot, withBrowser } from "./harness.mjs";

const [address, queues, connections] = process.argv.slice(2);

/** How long the page may take, in milliseconds, beyond what the broker does. */
const limit = 2_000;

const rows = (page) => page.locator("tbody tr");

// How long the broker took for the last list that it gave.
const broker = (page) =>
  page.evaluate(
    () =>
      performance
        .getEntriesByType("resource")
        .filter((e) => e.name.includes("page_size="))
        .at(-1).duration,
  );

/** Measures from `act` to the moment when the rows are those of `first`. */
async function timed(page, name, act, first) {
  const start = performance.now();
  await act();
  await rows(page).first().getByText(first).waitFor();
  await page.locator(".table:not(.stale)").waitFor();
  const took = Math.round(performance.now() - start);
  const own = took - Math.round(await broker(page));
  console.log(`ok ${name}: ${took} ms, ${own} of them the page's`);
  check(own < limit, `${name} took the page ${own} ms`);
}

const complaints = await withBrowser(async (browser, complaints) => {
  const page = await open(browser, complaints, address);
  await logIn(page);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  const search = page.getByPlaceholder("Filter queues");

  await timed(page, "first rows", () => page.goto(`${address}#/queues?name=page-crowd`), "page-crowd-00000");
  await page.getByText(`of ${Number(queues).toLocaleString("en")} queues`).waitFor();
  await shoot(page, "crowd");
  check((await rows(page).count()) === 50, "the page holds more rows than it shows");
  await timed(page, "next page", () => page.getByRole("button", { name: "Next page" }).click(), "page-crowd-00050");
  await timed(
    page,
    "sorted the other way round",
    () => page.getByRole("columnheader", { name: "Name" }).getByRole("button").click(),
    `page-crowd-0${queues - 1}`,
  );
  await timed(
    page,
    "filtered by each letter as it is typed",
    async () => {
      await search.press("End");
      await search.pressSequentially("-00123");
    },
    "page-crowd-00123",
  );

  await timed(page, "connections", () => page.goto(`${address}#/connections`), "page-crowd");
  await page.getByText(`of ${Number(connections).toLocaleString("en")} connections`).waitFor();
  check((await rows(page).count()) === 50, "the page holds more rows than it shows");
  await timed(
    page,
    "connections by what they send",
    () => page.getByRole("columnheader", { name: "From client" }).getByRole("button").click(),
    "page-crowd",
  );
});
check(complaints.length === 0, `the page complained:\n${complaints.join("\n")}`);
