import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bin, check, manifest, run, work } from "./command.mjs";

/** Fails to compile where a type is missing, or is `any`. */
export const types = `
import { getMemoryOptimizer } from "velithon";
import { createApp } from "velithon/app";
import { Histogram, loadCore } from "velithon/core";
import { createGovernorCore, Trend } from "velithon/core/governor";
import { memoryGovernance } from "velithon/hono";
import { getMemoryOptimizer as onNode } from "velithon/node";
import { getMemoryOptimizer as onWeb } from "velithon/web";
import { slotsCreate } from "velithon-core";
import init from "velithon-core/web";
const pool = getMemoryOptimizer().createObjectPool({ name: "maps", factory: () => new Map<string, number>() });
export const map: Map<string, number> = pool.acquire();
export const response: Response | Promise<Response> = createApp({ optimizer: getMemoryOptimizer() }).request("/");
export const count: number = new Histogram(loadCore()).summary().count;
export const slope: number | undefined = new Trend(createGovernorCore(), 3).fit().slope;
export const same: ReturnType<typeof onNode> = onWeb();
export const table: number = slotsCreate(1, 8);
export const ready: Promise<{ memory: WebAssembly.Memory }> = init();
// @ts-expect-error a pool hands out what its factory makes
export const wrongObject: Set<string> = pool.acquire();
// @ts-expect-error an application is no number
export const wrongApp: number = createApp({ optimizer: getMemoryOptimizer() });
// @ts-expect-error a count is no string
export const wrongCount: string = new Histogram(loadCore()).summary().count;
// @ts-expect-error a middleware takes options
export const wrongMiddleware: number = memoryGovernance(5);
// @ts-expect-error a table has a capacity
export const wrongTable: number = slotsCreate(1);
`;

/** Entry points that need an optional peer themselves: who imports them has it. */
const NEEDS_PEER = ["./otel"];

/** Every entry point by itself, without a peer that is optional and with every declaration looked at. */
export async function checkTypesAlone(folder) {
  const alone = join(work, "alone");
  const needed = Object.keys(manifest.peerDependencies).filter(
    (name) => !manifest.peerDependenciesMeta[name]?.optional,
  );
  for (const name of ["velithon", ...Object.keys(manifest.dependencies), ...needed])
    cpSync(join(folder, "node_modules", name), join(alone, "node_modules", name), { recursive: true });
  writeFileSync(join(alone, "package.json"), '{ "private": true, "type": "module" }\n');
  const entries = Object.entries(manifest.exports)
    .filter(([path, target]) => typeof target === "object" && !NEEDS_PEER.includes(path))
    .map(([path]) => path.replace(".", "velithon"));
  writeFileSync(join(alone, "alone.ts"), entries.map((name) => `import "${name}";\n`).join(""));
  const compiler = ["--noEmit", "--strict", "--skipLibCheck", "false", "--module", "nodenext"];
  const { problem } = await run(bin("tsc"), [...compiler, "--target", "es2022", "alone.ts"], alone);
  check("types without optional peers, every declaration looked at", problem);
}
