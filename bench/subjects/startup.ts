/**
 * From the import of the core to its first call, each time in a fresh process, and the size of the core; from the import of
 * `velithon` to its first governed request.
 * The files of the package on each runtime. The first import of a process costs the runtime something by itself: that of an
 * empty module is printed beside it, and comes first.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { coreBytes } from "../../src/core/bytes.ts";
import type { Plan } from "../plan.ts";
import type { Report } from "../report.ts";
import { command, type Runtime, top } from "../runtimes.ts";
import { median, spread } from "../statistics.ts";

const RUNS = 15;
const LIMIT_MS = 2.5;
const LIMIT_BYTES = 8192;

/** What a probe prints, of fresh processes. The first run warms the disk cache and what the runtime keeps of compiled code. */
function probe(runtime: Runtime, script: string, urls: readonly string[], runs: number): number[][] {
  const { bin, args } = command(runtime, `servers/${script}.js`, false);
  const once = (): number[] =>
    JSON.parse(execFileSync(bin, [...args, ...urls], { cwd: top, encoding: "utf8" }));
  once();
  return Array.from({ length: runs }, once);
}

export async function run({ runtime, quick }: Plan): Promise<Report> {
  execFileSync("npm", ["run", "-s", "build:js"], { cwd: top, stdio: "inherit" });
  const folder = mkdtempSync(join(tmpdir(), "velithon-probe-"));
  const empty = join(folder, "empty.mjs");
  writeFileSync(empty, "export const nothing = 0;\n");
  const urlsOf = (file: string): string[] =>
    [empty, join(top, "dist", file)].map((path) => pathToFileURL(path).href);
  const runs = quick ? 10 : RUNS;
  const core = probe(runtime, "probe", urlsOf("src/core/index.mjs"), runs);
  const library = probe(runtime, "governed-probe", urlsOf(`runtimes/${runtime}/index.js`), runs);
  rmSync(folder, { recursive: true });
  const of = (all: number[][], step: number): number[] => all.map((run) => run[step]!);
  const least = (all: number[][], step: number): string => `least ${Math.min(...of(all, step)).toFixed(2)}`;
  const called = of(core, 2);
  const bytes = Buffer.from(coreBytes, "base64").length;
  return {
    sections: [
      {
        title: "start, fresh processes, the built package",
        unit: "ms",
        rows: [
          { name: "import of an empty module", value: median(of(core, 0)) },
          { name: "import of the core", value: median(of(core, 1)) },
          { name: "import, compile, first call", value: median(called), note: least(core, 2) },
          { name: "import of velithon", value: median(of(library, 0)) },
          {
            name: "import to its first governed request",
            value: median(of(library, 1)),
            note: least(library, 1),
          },
        ],
      },
    ],
    targets: [
      {
        name: "import of the core to its first call",
        unit: "ms",
        bound: "most",
        limit: LIMIT_MS,
        measured: spread(called),
      },
      {
        name: "size of the core",
        unit: "bytes",
        bound: "most",
        limit: LIMIT_BYTES,
        measured: spread([bytes]),
      },
    ],
  };
}
