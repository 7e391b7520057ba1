/**
 * From the import of the core to its first call, each time in a fresh process, and the size of the core.
 * The files of the package on each runtime. The first import of a process costs the runtime something by itself: that of an
 * empty module is printed beside it, and comes first.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { coreBytes } from "../../src/core/bytes.ts";
import type { Plan } from "../plan.ts";
import type { Report } from "../report.ts";
import { command, top } from "../runtimes.ts";
import { median, spread } from "../statistics.ts";

const RUNS = 15;
const LIMIT_MS = 2.5;
const LIMIT_BYTES = 8192;

export async function run({ runtime, quick }: Plan): Promise<Report> {
  execFileSync("npm", ["run", "-s", "build:js"], { cwd: top, stdio: "inherit" });
  const { bin, args } = command(runtime, "servers/probe.js", false);
  const runs: [floor: number, imported: number, called: number][] = [];
  // The first run warms the disk cache and whatever the runtime keeps of compiled code.
  for (let i = 0; i <= (quick ? 10 : RUNS); i++) {
    const run = JSON.parse(execFileSync(bin, args, { cwd: top, encoding: "utf8" }));
    if (i > 0) runs.push(run);
  }
  const of = (step: number): number[] => runs.map((run) => run[step]!);
  const least = `least ${Math.min(...of(2)).toFixed(2)}`;
  const bytes = Buffer.from(coreBytes, "base64").length;
  return {
    sections: [
      {
        title: "start, fresh processes, the built package",
        unit: "ms",
        rows: [
          { name: "import of an empty module", value: median(of(0)) },
          { name: "import of the core", value: median(of(1)) },
          { name: "import, compile, first call", value: median(of(2)), note: least },
        ],
      },
    ],
    targets: [
      {
        name: "import of the core to its first call",
        unit: "ms",
        bound: "most",
        limit: LIMIT_MS,
        measured: spread(of(2)),
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
