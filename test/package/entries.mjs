// What a program that installed the packages does with each entry point, and where that cannot work.

const POOL = `
const pool = optimizer.createObjectPool({ name: "maps", factory: () => new Map(), reset: (map) => map.clear() });
const first = pool.acquire();
first.set("key", "value");
pool.release(first);
const second = pool.acquire();
if (second !== first || second.size !== 0) throw new Error("the object was not reused, or not reset");
pool.close();`;

const optimizerFrom = (entry, port) => ({
  imports: `import { createMemoryOptimizer } from "${entry}";`,
  body: `const optimizer = createMemoryOptimizer();
if (${JSON.stringify(port)} && optimizer.port.name !== ${JSON.stringify(port)}) throw new Error("port " + optimizer.port.name);
${POOL}`,
});

const HISTOGRAM = `
for (let value = 1; value <= 100; value++) histogram.record(value);
const { count, max } = histogram.summary();
if (count !== 100 || max !== 100) throw new Error("count " + count + ", max " + max);`;

const RAW = `
const table = slotsCreate(2, 8);
const handle = -slotsAcquire(table);
if (!(handle > 0)) throw new Error("a first acquire answered " + -handle);
if (slotsReleaseHandle(table, handle) !== Status.ok) throw new Error("a first release was refused");
if (slotsReleaseHandle(table, handle) !== Status.doubleRelease) throw new Error("a second release was not refused");
const scratch = new Float64Array(memory.buffer, scratchAddress(), 64);
const histogram = histogramCreate();
for (let value = 1; value <= 100; value++) histogramRecord(histogram, value);
scratch[0] = 0.5;
histogramQuantiles(histogram, 1);
if (Math.abs(scratch[0] - 50) > 1) throw new Error("the median is " + scratch[0]);`;
const RAW_NAMES =
  "histogramCreate, histogramQuantiles, histogramRecord, memory, scratchAddress, slotsAcquire, slotsCreate, slotsReleaseHandle, Status";

const ON_NODE = ["node", "esbuild", "rolldown", "vite", "webpack"];
const ON_PAGES = ["page", "worker", "vite page", "webpack page"];
const ALL = [...ON_NODE, "bun", "bun build", "deno", "deno bundle", ...ON_PAGES, "workerd"];
const each = (columns, value) => Object.fromEntries(columns.map((name) => [name, value]));
const WEB_INIT = {
  imports: `import init, { ${RAW_NAMES} } from "velithon-core/web";`,
  body: `await init();${RAW}`,
};

const onServersOnly = (why) => each([...ON_PAGES, "workerd"], why);
const except = (columns, why) =>
  each(
    ALL.filter((name) => !columns.includes(name)),
    why,
  );

const COMPILED = `
if (WebAssembly.Module.imports(module).length > 0) throw new Error("the core imports something");
if (!(createCore(module).memoryBytes > 0)) throw new Error("the core has no memory");`;
const fromImport = {
  imports: `import { createCore } from "velithon/core";\nimport wasm from "velithon/core.wasm";`,
  body: `const module = wasm instanceof WebAssembly.Module ? wasm : new WebAssembly.Module(wasm);${COMPILED}`,
};
/** A file that webpack puts beside the bundle. */
const webpackFile = (file) => `readFileSync(new URL("${file}", import.meta.url))`;
const NO_WASM_LOADER = "this bundler hands a .wasm file on as a path or not at all; import velithon/core";
const BY_URL = 'new URL("velithon/core.wasm", import.meta.url)';
const BESIDE = "copy velithon_core_bg.wasm beside the bundle";

/**
 * By entry point: `imports` and `body` of a program, `deno` the permissions that it needs there (none for the
 * core), `in` another program for some columns, `not` why there is none for a column, `notes` what to know.
 */
export const entryPoints = {
  velithon: { deno: ["--allow-env", "--allow-net"], ...optimizerFrom("velithon") },
  "velithon/node": {
    ...optimizerFrom("velithon/node", "node"),
    not: except(ON_NODE, "for Node: the other runtimes have an entry point of their own"),
  },
  "velithon/bun": {
    ...optimizerFrom("velithon/bun", "bun"),
    not: except(["bun", "bun build"], "for Bun: its own modules exist nowhere else"),
  },
  "velithon/deno": {
    ...optimizerFrom("velithon/deno", "deno"),
    deno: ["--allow-env"],
    not: except(["deno", "deno bundle"], "for Deno: the other runtimes have an entry point of their own"),
  },
  "velithon/web": {
    ...optimizerFrom("velithon/web", "web"),
    not: { workerd: "workerd forbids compiling from bytes; import velithon" },
  },
  "velithon/hono": {
    deno: ["--allow-env", "--allow-net"],
    imports: `import { Hono } from "hono";\nimport { memoryGovernance } from "velithon/hono";`,
    body: `
const app = new Hono();
app.use(memoryGovernance());
app.get("/", (c) => c.text(typeof c.var.velithon.startMs));
const text = await (await app.request("/")).text();
if (text !== "number") throw new Error("the app answered " + text);`,
  },
  "velithon/register": {
    deno: ["--allow-env", "--allow-net"],
    imports: `import "velithon/register";\nimport { createServer } from "node:http";`,
    body: `
const server = createServer((_, response) => response.end("ok"));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const text = await (await fetch("http://127.0.0.1:" + server.address().port)).text();
server.closeAllConnections?.();
server.close();
if (text !== "ok") throw new Error("the program answered " + text);`,
    not: except(["node", "bun", "deno"], "loaded before a program, by a flag of its runtime"),
  },
  "velithon/app": {
    deno: ["--allow-env", "--allow-net"],
    imports: `import { getMemoryOptimizer } from "velithon";\nimport { createApp } from "velithon/app";`,
    body: `
const response = await createApp({ optimizer: getMemoryOptimizer() }).request("/health/live");
if (response.status !== 200) throw new Error("/health/live answered " + response.status);
await response.text();`,
    notes: each([...ON_PAGES, "workerd"], "bundle with prom-client external: it needs a server"),
  },
  "velithon/otel": {
    deno: ["--allow-env", "--allow-net"],
    imports: `import { getMemoryOptimizer } from "velithon";\nimport { observeWithOpenTelemetry } from "velithon/otel";`,
    body: `observeWithOpenTelemetry({ optimizer: getMemoryOptimizer() }).close();`,
  },
  "velithon/workers": {
    deno: ["--allow-env", "--allow-read", "--allow-write", "--allow-net"],
    imports: `import { getMemoryOptimizer } from "velithon";\nimport { joinWorkers } from "velithon/workers";\nimport { tmpdir } from "node:os";`,
    body: `
const workers = await joinWorkers(getMemoryOptimizer(), { directory: tmpdir() + "/vp-" + crypto.randomUUID().slice(0, 8) });
const snapshots = await workers.snapshots();
if (snapshots.length !== 1) throw new Error(snapshots.length + " workers");
await workers.close();`,
    not: onServersOnly("for servers: opens a socket"),
  },
  "velithon/core": {
    imports: `import { createCore, Histogram } from "velithon/core";`,
    body: `const histogram = new Histogram(createCore());${HISTOGRAM}`,
  },
  "velithon/core/governor": {
    imports: `import { createGovernorCore, Trend } from "velithon/core/governor";`,
    body: `
const trend = new Trend(createGovernorCore(), 3);
for (let x = 0; x < 3; x++) trend.add(x, 2 * x);
if (trend.fit().slope !== 2) throw new Error("the slope is " + trend.fit().slope);`,
  },
  "velithon/core.wasm": {
    deno: ["--allow-read"],
    imports: `import { readFileSync } from "node:fs";\nimport { createCore } from "velithon/core";`,
    body: `const module = new WebAssembly.Module(readFileSync(new URL(import.meta.resolve("velithon/core.wasm"))));${COMPILED}`,
    in: {
      esbuild: fromImport,
      rolldown: fromImport,
      page: fromImport,
      worker: fromImport,
      workerd: fromImport,
      "vite page": {
        imports: `import { createCore } from "velithon/core";\nimport url from "velithon/core.wasm?url";`,
        body: `const module = await WebAssembly.compileStreaming(fetch(url));${COMPILED}`,
      },
      webpack: {
        imports: `import { readFileSync } from "node:fs";\nimport { createCore } from "velithon/core";`,
        body: `const module = new WebAssembly.Module(${webpackFile("velithon/core.wasm")});${COMPILED}`,
      },
      "webpack page": {
        imports: `import { createCore } from "velithon/core";`,
        body: `const module = await WebAssembly.compileStreaming(fetch(new URL("velithon/core.wasm", import.meta.url)));${COMPILED}`,
      },
    },
    not: { "bun build": NO_WASM_LOADER, "deno bundle": NO_WASM_LOADER },
    notes: {
      esbuild: "loader: .wasm=binary",
      rolldown: "moduleTypes: .wasm=binary",
      page: "loader: .wasm=binary",
      worker: "loader: .wasm=binary",
      "vite page": "import of velithon/core.wasm?url",
      webpack: BY_URL,
      "webpack page": BY_URL,
    },
  },
  "velithon-core": {
    imports: `import { ${RAW_NAMES} } from "velithon-core";`,
    body: RAW,
    not: {
      page: "esbuild has no WebAssembly modules; use velithon-core/web",
      worker: "esbuild has no WebAssembly modules; use velithon-core/web",
      "deno bundle": "deno bundle has no WebAssembly modules; use velithon-core/web",
    },
    notes: {
      ...each(["esbuild", "rolldown", "bun build", "vite"], BESIDE),
      ...each(["webpack", "webpack page"], "experiments: asyncWebAssembly"),
    },
  },
  "velithon-core/web": {
    deno: ["--allow-read"],
    imports: `import { readFileSync } from "node:fs";\nimport { initSync, ${RAW_NAMES} } from "velithon-core/web";`,
    body: `initSync({ module: readFileSync(new URL(import.meta.resolve("velithon-core/velithon_core_bg.wasm"))) });${RAW}`,
    raw: true,
    in: {
      page: {
        imports: `import init, { ${RAW_NAMES} } from "/node_modules/velithon-core/velithon_core_web.js";`,
        body: `await init();${RAW}`,
      },
      worker: {
        imports: `import init, { ${RAW_NAMES} } from "/node_modules/velithon-core/velithon_core_web.js";`,
        body: `await init();${RAW}`,
      },
      "vite page": WEB_INIT,
      "webpack page": WEB_INIT,
      webpack: {
        imports: `import { readFileSync } from "node:fs";\nimport { initSync, ${RAW_NAMES} } from "velithon-core/web";`,
        body: `initSync({ module: ${webpackFile("velithon-core/velithon_core_bg.wasm")} });${RAW}`,
      },
      workerd: {
        imports: `import { initSync, ${RAW_NAMES} } from "velithon-core/web";\nimport module from "velithon-core/velithon_core_bg.wasm";`,
        body: `initSync({ module });${RAW}`,
      },
    },
    notes: { page: "no bundler", worker: "no bundler" },
  },
  "velithon-core/nodejs": {
    deno: ["--allow-read"],
    imports: `import { ${RAW_NAMES} } from "velithon-core/nodejs";`,
    body: RAW,
    not: onServersOnly("reads a file"),
    notes: each(["esbuild", "rolldown", "bun build", "deno bundle", "vite"], BESIDE),
  },
  "velithon-core/deno": {
    imports: `import { ${RAW_NAMES} } from "velithon-core/deno";`,
    body: RAW,
    not: except(["deno"], "for Deno, which imports WebAssembly modules"),
  },
  "velithon-core/bundler": {
    imports: `import { ${RAW_NAMES} } from "velithon-core/bundler";`,
    body: RAW,
    node: ["--experimental-wasm-modules"],
    not: except(
      ["node", "deno", "vite", "vite page", "webpack", "webpack page"],
      "for bundlers and hosts with WebAssembly modules: webpack, Vite 8, Node 24, Deno",
    ),
    notes: {
      node: "Node 20 and 22: --experimental-wasm-modules",
      vite: "build.ssrEmitAssets",
      ...each(["webpack", "webpack page"], "experiments: asyncWebAssembly"),
    },
  },
};
