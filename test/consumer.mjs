// What a program that installed the package does with it: one script per entry point. Each prints "ok" last.

/** How each entry point is used. `deno`: the permissions that it needs there; none for the core. */
export const entryPoints = {
  velithon: {
    deno: ["--allow-env", "--allow-net"],
    script: `
import { getMemoryOptimizer } from "velithon";
const optimizer = getMemoryOptimizer();
const pool = optimizer.createObjectPool({ name: "maps", factory: () => new Map(), reset: (map) => map.clear() });
const first = pool.acquire();
first.set("key", "value");
pool.release(first);
const second = pool.acquire();
if (second !== first || second.size !== 0) throw new Error("the object was not reused, or not reset");`,
  },
  "velithon/app": {
    deno: ["--allow-env", "--allow-net"],
    script: `
import { getMemoryOptimizer } from "velithon";
import { createApp } from "velithon/app";
const response = await createApp({ optimizer: getMemoryOptimizer() }).request("/health/live");
if (response.status !== 200) throw new Error("/health/live answered " + response.status);`,
  },
  "velithon/core": {
    deno: [],
    script: `
import { Histogram, loadCore } from "velithon/core";
const histogram = new Histogram(loadCore());
for (let value = 1; value <= 100; value++) histogram.record(value);
const { count, max } = histogram.summary();
if (count !== 100 || max !== 100) throw new Error("count " + count + ", max " + max);`,
  },
  "velithon/core.wasm": {
    deno: ["--allow-read"],
    script: `
import { readFileSync } from "node:fs";
import { createCore } from "velithon/core";
const module = new WebAssembly.Module(readFileSync(new URL(import.meta.resolve("velithon/core.wasm"))));
if (WebAssembly.Module.imports(module).length > 0) throw new Error("the core imports something");
if (!(createCore(module).memoryBytes > 0)) throw new Error("the core has no memory");`,
  },
};

/** Fails to compile where a type is missing, or is \`any\`. */
export const types = `
import { getMemoryOptimizer } from "velithon";
import { createApp } from "velithon/app";
import { Histogram, loadCore } from "velithon/core";
const pool = getMemoryOptimizer().createObjectPool({ name: "maps", factory: () => new Map<string, number>() });
export const map: Map<string, number> = pool.acquire();
export const response: Response | Promise<Response> = createApp({ optimizer: getMemoryOptimizer() }).request("/");
export const count: number = new Histogram(loadCore()).summary().count;
// @ts-expect-error a pool hands out what its factory makes
export const wrongObject: Set<string> = pool.acquire();
// @ts-expect-error an application is no number
export const wrongApp: number = createApp({ optimizer: getMemoryOptimizer() });
// @ts-expect-error a count is no string
export const wrongCount: string = new Histogram(loadCore()).summary().count;
`;
