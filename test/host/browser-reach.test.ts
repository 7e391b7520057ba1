/// <reference lib="dom" />
import type { Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openBrowser } from "../browser.ts";
import { type RunningServer, startServer } from "../server.ts";
import { openPage } from "../support/opened-page.ts";
import { focused, namesByRole, unreachable, watchNews } from "../support/reach.ts";

const TOKEN = "a-token-of-the-tests";
/** More than a change of rounding, and far from the limit. */
const MOVING_MB = 36;
const PRESSING_MB = 216;
const { browser, close } = await openBrowser();
const test = suite("dashboard by keyboard and by ear");
let server: RunningServer;

const open = async (path: string, colorScheme: "light" | "dark" = "dark") => {
  const viewport = { width: 360, height: 740 };
  return await openPage(browser, server.origin + path, TOKEN, { colorScheme, viewport });
};
const post = async (path: string) => await (await fetch(server.origin + path, { method: "POST" })).text();
const live = (page: Page) => page.getByText("Live", { exact: true }).waitFor({ timeout: 15_000 });
const title = (page: Page, text: RegExp) =>
  page.getByRole("heading", { name: text }).waitFor({ timeout: 15_000 });

/** The names on the way of one key from the page's edge to its other edge. */
async function walk(page: Page, key: "Tab" | "Shift+Tab"): Promise<string[]> {
  const names: string[] = [];
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press(key);
    const { name, problem } = await page.evaluate(focused);
    if (name === undefined) return names;
    assert.is(problem, "", name);
    names.push(name);
  }
  throw new Error(`no way out: ${names.join(", ")}`);
}

test("starts", async () => {
  server = await startServer("node", { VELITHON_ADMIN_TOKEN: TOKEN }, "test/support/pressed.ts");
  for (let i = 0; i < 1100; i++) await (await fetch(`${server.origin}/work`)).text();
});

test("every control in its order, each with a mark that is seen whole, and a way out on both sides", async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    const { page, complaints, close } = await open("/memory", colorScheme);
    await live(page);
    const there = await walk(page, "Tab");
    assert.equal(there.slice(0, 5), ["Skip to the figures", "2 min", "15 min", "1 hour", "7 days"]);
    assert.equal(there.slice(-3), ["Admin token", "Clean up", "Collect garbage"]);
    for (const table of ["Memory budget", "Object pools", "Weak caches"]) assert.ok(there.includes(table));
    assert.equal(await walk(page, "Shift+Tab"), [...there].reverse());
    assert.equal(await page.evaluate(unreachable), [], "for a mouse alone");
    assert.equal(complaints, []);
    await close();
  }
});

test("buttons, regions, tables, plots: each has a name", async () => {
  const { page, close } = await open("/memory");
  await live(page);
  const names = await namesByRole(page);
  for (const role of ["button", "region", "table", "image", "meter", "textbox", "link", "heading", "group"]) {
    assert.ok(names[role]?.length, `no ${role}`);
    assert.ok(
      names[role]!.every((name) => name !== ""),
      `a ${role} without a name: ${names[role]!.join(", ")}`,
    );
  }
  assert.is(names.image!.length, 4);
  for (const plot of names.image!) assert.match(plot, /: .+ now .+, highest .+/);
  assert.is(new Set(names.table).size, names.table!.length);
  assert.is(await page.getByRole("heading", { level: 1 }).count(), 1);
  await close();
});

test("a new finding is read out once; figures that move are not, and nothing is put in anew under the reader", async () => {
  const { page, close } = await open("/memory");
  await live(page);
  await title(page, /^Memory is fine/);
  await page.evaluate(watchNews);
  const before = await page.locator("#finding-title").textContent();
  const badge = await page.locator("#badges dd").first().elementHandle();
  await post(`/hold?mb=${MOVING_MB}`);
  await page.waitForFunction(
    (text) => document.querySelector("#finding-title")!.textContent !== text,
    before,
  );
  await page.waitForTimeout(2500);
  const news = () => page.evaluate<string[]>("globalThis.news");
  assert.equal(await news(), []);
  assert.ok(await badge!.evaluate((it) => it.isConnected));
  await post(`/hold?mb=${PRESSING_MB - MOVING_MB}`);
  await title(page, /pressure is (high|critical)/);
  await page.waitForTimeout(2500);
  const told = await news();
  assert.match(told.at(-1)!, /^Memory pressure is (high|critical)\. .+ limit/);
  assert.is(new Set(told).size, told.length, told.join("\n"));
  assert.ok(told.length <= 3, "at most once a level");
  await post("/release");
  await close();
});

test("by keyboard alone: the token, a span of time, a clean-up; the focus is never lost", async () => {
  const { page, complaints, close } = await open("/private");
  await title(page, /asks for a token/);
  await page.keyboard.type(TOKEN);
  await page.keyboard.press("Enter");
  await live(page);
  await title(page, /^Memory (is|pressure)/);
  assert.is(await page.evaluate(() => document.activeElement!.id), "main");
  await page.keyboard.press("Tab");
  assert.is((await page.evaluate(focused)).name, "2 min");
  await page.keyboard.press("Space");
  assert.is(await page.getByRole("button", { name: "2 min", pressed: true }).count(), 1);
  await page.getByRole("button", { name: "Clean up" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText(/^Cleaned up in/).waitFor();
  assert.is((await page.evaluate(focused)).name, "Clean up");
  assert.equal(complaints, []);
  await close();
});

test.after(async () => {
  server?.kill("SIGKILL");
  await close();
});
test.run();
