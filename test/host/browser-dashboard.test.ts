/// <reference lib="dom" />
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { BrowserContextOptions, Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bytes } from "../../src/app/page/format.ts";
import type { DashboardState } from "../../src/app.ts";
import type { Capabilities } from "../../src/index.ts";
import { openBrowser } from "../browser.ts";
import { contrastProblems } from "../contrast.ts";
import { type RunningServer, runtimeNames, startServer } from "../server.ts";
import { openPage } from "../support/opened-page.ts";

const TOKEN = "a-token-of-the-tests";
/** Of the 240 MB that the server has above what it needs at rest. */
const PRESSING_MB = 216;
/** So many that the advisor speaks. */
const REQUESTS = 1100;
const shots = fileURLToPath(new URL("../out/", import.meta.url));
await mkdir(shots, { recursive: true });
const { browser, close } = await openBrowser();
const open = (url: string, options?: BrowserContextOptions) => openPage(browser, url, TOKEN, options);

const title = (page: Page, text: RegExp) =>
  page.getByRole("heading", { name: text }).waitFor({ timeout: 15_000 });
const live = (page: Page) => page.getByText("Live", { exact: true }).waitFor({ timeout: 15_000 });

for (const name of runtimeNames) {
  const test = suite(`dashboard on ${name}`);
  let server: RunningServer;
  const post = async (path: string) => await (await fetch(server.origin + path, { method: "POST" })).text();
  const shoot = (page: Page, what: string) =>
    page.screenshot({ path: `${shots}dashboard-${name}-${what}.png`, fullPage: true });

  test("starts", async () => {
    server = await startServer(name, { VELITHON_ADMIN_TOKEN: TOKEN }, "test/support/pressed.ts");
    const isShown = async () => {
      const { topRoutes } = (await (await fetch(`${server.origin}/memory/state`)).json()) as DashboardState;
      return topRoutes.some(({ route }) => route === "GET /work");
    };
    // Samples are some time apart, so how many requests it takes to show the route depends on their speed.
    do {
      for (let i = 0; i < REQUESTS; i++) await (await fetch(`${server.origin}/work`)).text();
    } while (!(await isShown()));
  });

  test("routes by heap, and the budget with who gave way: what the server knows, no more", async () => {
    const { page, complaints, close } = await open(`${server.origin}/memory`);
    await live(page);
    const state = (await (await fetch(`${server.origin}/memory/state`)).json()) as DashboardState;
    const text = async (title: string) =>
      (await page.locator(".table").filter({ hasText: title }).textContent()) ?? "";
    const routes = await text("Routes that take the most heap");
    assert.match(routes, /GET \/work/);
    const tells = state.topRoutes.some(({ meanBytes }) => meanBytes !== undefined);
    assert.match(
      routes,
      tells ? /GET \/work\d.* [KM]B/ : "this runtime does not tell what one request takes",
    );
    const budget = page.getByRole("region", { name: "Memory budget" });
    const { heldBytes, totalBytes, shares } = state.stats.budget!;
    assert.match(
      (await budget.textContent()) ?? "",
      `${bytes(heldBytes)} held, ${bytes(totalBytes)} allowed`,
    );
    const row = budget.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "cache pages" }) });
    const { gaveBytes } = shares["cache pages"]!;
    assert.ok(gaveBytes > 0);
    assert.match((await row.textContent()) ?? "", `${bytes(gaveBytes)}1`, "how much, and how often");
    assert.match((await page.locator("#advice-none").textContent()) ?? "", "Nothing so far");
    assert.equal(complaints, []);
    await close();
  });

  test("a pressure episode and its end, as they happen", async () => {
    const { page, complaints, close } = await open(`${server.origin}/memory`, { colorScheme: "light" });
    await live(page);
    await title(page, /^Memory is fine/);
    assert.is(await page.locator("#plots canvas").count(), 4);
    await post(`/hold?mb=${PRESSING_MB}`);
    await title(page, /pressure is (high|critical)|at 9\d.* of its limit/);
    assert.match((await page.locator("#badges").textContent()) ?? "", /Ready for requests\s*no/);
    assert.match((await page.getByRole("meter").getAttribute("aria-valuetext")) ?? "", /^9\d/);
    await page.waitForTimeout(2000);
    await shoot(page, "pressure");
    await post("/release");
    await page.getByLabel("Admin token").last().fill(TOKEN);
    await page.getByRole("button", { name: "Collect garbage" }).click();
    await page.getByText(/^The collection took/).waitFor();
    await title(page, /^Memory is fine/);
    assert.match((await page.locator("#badges").textContent()) ?? "", /Ready for requests\s*yes/);
    await page.waitForTimeout(1500);
    await shoot(page, "recovered");
    assert.equal(complaints, []);
    await close();
  });

  test("on a phone, in the dark: all of it fits, and what was before is there", async () => {
    const { page, complaints, close } = await open(`${server.origin}/memory`, {
      colorScheme: "dark",
      viewport: { width: 360, height: 740 },
      deviceScaleFactor: 2,
    });
    await live(page);
    const described = await page.locator("#plots [role=img]").first().getAttribute("aria-label");
    const [, now, highest] = /in use now ([\d.]+) MB, highest ([\d.]+) MB/.exec(described ?? "") ?? [];
    assert.ok(Number(highest) > Number(now) + 80, `the episode is in the history: ${described}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${wide} px too wide`);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll("button, input")]
        .filter((it) => it.checkVisibility() && it.getBoundingClientRect().height < 36)
        .map((it) => it.outerHTML),
    );
    assert.equal(small, [], "large enough for a finger");
    await shoot(page, "phone-dark");
    assert.equal(complaints, []);
    await close();
  });

  if (name === runtimeNames[0]) {
    test("text stands out from its ground, in the light and in the dark", async () => {
      for (const colorScheme of ["light", "dark"] as const) {
        const { page, close } = await open(`${server.origin}/memory`, { colorScheme });
        await live(page);
        assert.equal(await contrastProblems(page), [], colorScheme);
        await close();
      }
    });
  }

  test("where a token is needed it asks for it, keeps it in the tab, and says when it is wrong", async () => {
    const { page, complaints, close } = await open(`${server.origin}/private`);
    await title(page, /asks for a token/);
    await page.getByLabel("Admin token").first().fill("wrong-wrong-wrong-wrong");
    await page.getByRole("button", { name: "Open" }).click();
    await page.getByText("does not take this token").waitFor();
    await page.getByLabel("Admin token").first().fill(TOKEN);
    await page.getByLabel("Admin token").first().press("Enter");
    await live(page);
    await title(page, /^Memory is/);
    await page.reload();
    await live(page);
    await page.getByRole("button", { name: "Clean up" }).click();
    await page.getByText(/^Cleaned up in/).waitFor();
    assert.not.match(page.url(), TOKEN);
    assert.equal(complaints, []);
    await close();
  });

  test("a planted leak: named as growth, with what to do next", async () => {
    const { page, complaints, close } = await open(`${server.origin}/memory`);
    await live(page);
    const verdict = JSON.parse(await post("/leak")) as { state: string };
    assert.is(verdict.state, "growing", JSON.stringify(verdict));
    await page
      .locator("#finding")
      .getByText(/has grown by .* an hour/)
      .waitFor({ timeout: 15_000 });
    const steps = await page.locator("#finding-steps li").allTextContents();
    assert.ok(steps.length >= 2 && steps.some((step) => step.includes("findCulprit")), steps.join("\n"));
    assert.match((await page.locator("#badges").textContent()) ?? "", /Verdict\s*growing/);
    const capabilities = (await (await fetch(`${server.origin}/capabilities`)).json()) as Capabilities;
    const culprit = page.getByRole("region", { name: "Culprit", exact: true });
    // The search may have ended after the last state that was sent.
    if (capabilities.allocationSites.available) await culprit.waitFor({ timeout: 15_000 });
    assert.is(await culprit.isVisible(), capabilities.allocationSites.available);
    if (capabilities.allocationSites.available) {
      assert.match((await culprit.getByRole("row").nth(1).textContent()) ?? "", /leakMore|pressed\.ts/);
    }
    const classes = page.getByRole("region", { name: "Culprit, by class" });
    const byClass = capabilities.classCounts.available && !capabilities.allocationSites.available;
    if (byClass) await classes.waitFor({ timeout: 15_000 });
    assert.is(await classes.isVisible(), byClass);
    const advice = page.locator("#advice li").first();
    if (capabilities.heapLimit.available) {
      assert.match((await advice.textContent()) ?? "", /limit.*Start it with .*To check: /);
      assert.is(await page.locator("#advice-none").isVisible(), false);
    }
    if (name === runtimeNames[0]) {
      // The jump of the clock looks like a late event loop for a while, which is told first.
      await page.getByRole("heading", { name: /^Memory grows/ }).waitFor({ timeout: 45_000 });
    }
    await shoot(page, "leak");
    assert.equal(complaints, []);
    await close();
  });

  test("a server that goes away and comes back is told as such", async () => {
    const { page, close } = await open(`${server.origin}/memory`);
    await live(page);
    server.kill("SIGKILL");
    await page.getByText("does not answer").waitFor({ timeout: 15_000 });
    await close();
  });

  test.after(() => server?.kill("SIGKILL"));
  if (name === runtimeNames.at(-1)) test.after(close);
  test.run();
}
