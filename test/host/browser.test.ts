import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { openBrowser } from "../browser.ts";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));
const types: Record<string, string> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".html": "text/html",
};

// What the page and the worker both do with a core; the answers are compared here.
const probe = `
import { Histogram, SlotTable, VelithonError } from "/src/core/index.mjs";

export function use(core) {
  const slots = new SlotTable(core, { maxIdle: 1, capacity: 2 });
  const first = slots.acquire();
  const handle = slots.handle(~first);
  const answers = {
    fresh: first < 0,
    leased: slots.isLeased(handle),
    kept: slots.releaseHandle(handle),
    double: slots.releaseHandle(handle),
    reused: slots.acquire() === ~first,
    stale: slots.releaseHandle(handle),
    second: slots.acquire() < 0,
    full: slots.acquire() === undefined,
    inUse: slots.stats().inUse,
  };
  const histogram = new Histogram(core);
  for (let value = 1; value <= 1000; value++) histogram.record(value);
  const [median] = histogram.quantiles(0.5);
  return { ...answers, count: histogram.summary().count, medianError: Math.abs(median - 500) / 500 };
}

/** The code of the library's error, or whatever else came out. */
export async function refusal(make) {
  try {
    return "made " + (await make());
  } catch (error) {
    return error instanceof VelithonError ? error.code : String(error);
  }
}
`;

const page = (script: string): string => `<!doctype html><title>core</title><script type="module">
import { createCore, createCoreAsync, loadCore, loadCoreAsync } from "/src/core/index.mjs";
import { refusal, use } from "/probe.js";
const report = async () => { ${script} };
globalThis.report = report().catch((error) => ({ error: String(error) }));
</script>`;

const files: Record<string, string> = {
  "/probe.js": probe,
  "/worker.js": `
import { createCore, createCoreAsync } from "/src/core/index.mjs";
import { use } from "/probe.js";
addEventListener("message", async () => {
  postMessage({ sync: use(createCore()), async: use(await createCoreAsync()), page: "document" in globalThis });
});
postMessage("ready");`,
  "/inlined.html": page(
    `return { sync: use(createCore()), async: use(await createCoreAsync()), same: loadCore() === (await loadCoreAsync()) };`,
  ),
  "/module.html": page(`
    const module = await WebAssembly.compileStreaming(fetch("/core.wasm"));
    return { sync: use(createCore(module)), async: use(await createCoreAsync(module)) };`),
  "/worker.html": page(`
    const worker = new Worker("/worker.js", { type: "module" });
    return new Promise((resolve, reject) => {
      worker.onerror = (event) => reject(event.message);
      worker.onmessage = ({ data }) => (data === "ready" ? worker.postMessage("go") : resolve(data));
    });`),
  "/forbidden.html": page(
    "return { sync: await refusal(() => createCore()), async: await refusal(() => createCoreAsync()) };",
  ),
};

const expected = {
  fresh: true,
  leased: true,
  kept: "kept",
  double: "double",
  reused: true,
  stale: "stale",
  second: true,
  full: true,
  inUse: 2,
  count: 1000,
};

interface Answers {
  medianError: number;
  [name: string]: unknown;
}

function check(answers: unknown): void {
  const { medianError, ...rest } = answers as Answers;
  assert.equal(rest, expected);
  assert.ok(medianError <= 1 / 64, `median is off by ${medianError}`);
}

interface Context {
  page: Page;
  /** What the page complained of. */
  errors: string[];
}

// Made here and not in a `before` hook: uvu keeps an error of such a hook to itself.
assert.ok(existsSync(join(dist, "src/core/index.mjs")), "dist/ is missing: run npm run build first");
const server = createServer((request, response) => {
  const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
  const built = join(dist, path);
  const body = files[path] ?? (extname(path) && existsSync(built) ? readFileSync(built) : "");
  response.statusCode = body === "" ? 404 : 200;
  response.setHeader("content-type", types[extname(path)] ?? "text/plain");
  // A policy that allows no compilation from bytes, as a careful site has it.
  const policy = "script-src 'self' 'unsafe-inline'";
  if (path === "/forbidden.html") response.setHeader("content-security-policy", policy);
  response.end(body);
});
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const { browser, source, close } = await openBrowser();

const test = suite<Context>("browser");

test.before.each(async (context) => {
  context.errors = [];
  context.page = await browser.newPage();
  context.page.on("pageerror", (error) => context.errors.push(String(error)));
  context.page.on("requestfailed", (request) => context.errors.push(`failed: ${request.url()}`));
  context.page.on("response", (response) => {
    if (response.status() >= 400 && !response.url().endsWith("/favicon.ico")) {
      context.errors.push(`${response.status()} ${response.url()}`);
    }
  });
});

test.after.each((context) => context.page.close());

test.after(async () => {
  await close();
  server.close();
});

async function report(context: Context, path: string): Promise<Record<string, unknown>> {
  await context.page.goto(origin + path);
  const answers = await context.page.evaluate<Record<string, unknown>>("globalThis.report");
  assert.equal(context.errors, []);
  assert.ok(answers, `${path} reported nothing (${source})`);
  assert.is(answers.error, undefined);
  return answers;
}

test("the core runs in a page, from its inlined bytes", async (context) => {
  const answers = await report(context, "/inlined.html");
  check(answers.sync);
  check(answers.async);
  assert.is(answers.same, true);
});

test("the core runs in a page, from a module compiled while it streams", async (context) => {
  const answers = await report(context, "/module.html");
  check(answers.sync);
  check(answers.async);
});

test("the core runs in a module worker", async (context) => {
  const answers = await report(context, "/worker.html");
  assert.is(answers.page, false);
  check(answers.sync);
  check(answers.async);
});

test("a page that forbids compilation gets the library's own error", async (context) => {
  assert.equal(await report(context, "/forbidden.html"), {
    sync: "CORE_NOT_LOADED",
    async: "CORE_NOT_LOADED",
  });
});

test.run();
