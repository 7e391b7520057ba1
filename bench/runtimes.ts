import { execFileSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The repository; the compiled benchmark lies three folders below it. */
export const top: string = import.meta.url.endsWith(".ts")
  ? fileURLToPath(new URL("..", import.meta.url))
  : fileURLToPath(new URL("../../../..", import.meta.url));

/** The benchmark and the library as compiled for it. */
export const built: string = join(top, "node_modules/.cache/velithon-bench");

export type Runtime = "node" | "bun" | "deno";

export const runtimes: readonly Runtime[] = ["node", "bun", "deno"];

/** The runtime that this process runs on. Bun and Deno set `process.versions.node` too. */
export const here: Runtime = process.versions.bun ? "bun" : process.versions.deno ? "deno" : "node";

/** How to start a compiled file of the benchmark on a runtime; `gc`: with a collection function. */
export function command(runtime: Runtime, file: string, gc: boolean): { bin: string; args: string[] } {
  const script = join(built, "bench", file);
  const bins = join(top, "node_modules/.bin");
  switch (runtime) {
    case "node":
      return { bin: process.execPath, args: [...(gc ? ["--expose-gc"] : []), script] };
    case "bun":
      return { bin: join(bins, "bun"), args: [script] };
    case "deno": {
      const flag = gc ? "--v8-flags=--expose-gc" : "--v8-flags=--expose-gc-as=__vgc";
      return { bin: join(bins, "deno"), args: ["run", "-A", "--no-lock", flag, script] };
    }
  }
}

/** Node is the one that runs this: start it with another to measure another. */
export function versionOf(runtime: Runtime): string {
  if (runtime === "node") return process.versions.node;
  const print = runtime === "bun" ? "Bun.version" : "Deno.version.deno";
  const bin = join(top, "node_modules/.bin", runtime);
  const args = [runtime === "bun" ? "-e" : "eval", `console.log(${print})`];
  return execFileSync(bin, args, { encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } }).trim();
}

/** The library as a program on this runtime gets it. */
export function library(): Promise<typeof import("../src/index.ts")> {
  switch (here) {
    case "node":
      return import("../runtimes/node/index.ts");
    case "bun":
      return import("../runtimes/bun/index.ts");
    case "deno":
      return import("../runtimes/deno/index.ts");
  }
}
