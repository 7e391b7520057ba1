// What a bundle carries that uses one part of the library.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

async function bundle(folder, name, source) {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, source);
  const result = await build({
    absWorkingDir: folder,
    entryPoints: [file],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    external: ["prom-client"],
    write: false,
    metafile: true,
  });
  const [output] = Object.values(result.metafile.outputs);
  const carried = Object.entries(output.inputs)
    .filter(([, part]) => part.bytesInOutput > 0)
    .map(([path]) => path.replace(/^.*node_modules\//, ""));
  const { contents } = result.outputFiles[0];
  return { carried, bytes: contents.length, gzipBytes: gzipSync(contents).length };
}

const programs = {
  core: `import { createCore, SlotTable } from "velithon/core";
console.log(new SlotTable(createCore(), { maxIdle: 1, capacity: 8 }));`,
  pool: `import { ObjectPool } from "velithon";
import { createCore } from "velithon/core";
console.log(new ObjectPool(createCore(), { name: "maps", factory: () => new Map() }));`,
  optimizer: `import { getMemoryOptimizer } from "velithon"; console.log(getMemoryOptimizer());`,
  app: `import { createApp } from "velithon/app"; import { getMemoryOptimizer } from "velithon";
console.log(createApp({ optimizer: getMemoryOptimizer() }));`,
};

/** A line of figures for each program, what the pool's bundle should not carry, and its size in KB, plain and zipped. */
export async function sizesOf(folder) {
  const lines = [];
  let problem = "";
  let poolKb = [];
  for (const [name, source] of Object.entries(programs)) {
    const { carried, bytes, gzipBytes } = await bundle(folder, `size-${name}`, source);
    const kb = (n) => `${(n / 1024).toFixed(1)} KB`;
    lines.push(
      `${`only ${name}`.padEnd(16)}${kb(bytes).padStart(10)}${kb(gzipBytes).padStart(10)} gzip, ${carried.length} files`,
    );
    const unwanted =
      /^(hono|prom-client)\/|velithon\/dist\/modules\/src\/(app|hono|middleware|cache|gc|monitor|pressure|governor|verdict|advisor|optimizer)\b/;
    if (name === "pool" || name === "core")
      problem += carried.filter((path) => unwanted.test(path)).join("\n");
    if (name === "pool") poolKb = [bytes / 1024, gzipBytes / 1024];
    if (name === "optimizer")
      problem += carried.filter((path) => /^(hono|prom-client)\/|\/src\/app/.test(path)).join("\n");
  }
  return { lines, problem, poolKb };
}

/** What the README says of it is true, and not too much of a bound. */
export function toldSize(readme, poolKb) {
  const told = /under (\d+) KB minified, (\d+) KB gzipped/.exec(readme)?.slice(1).map(Number) ?? [];
  const holds = told.length === 2 && told.every((kb, i) => poolKb[i] < kb && poolKb[i] > kb * 0.8);
  return holds
    ? ""
    : `README.md says ${told.join(" and ")} KB, it is ${poolKb.map((kb) => kb.toFixed(1)).join(" and ")}`;
}
