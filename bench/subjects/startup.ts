/**
 * From the import of the core to its first call, each time in a fresh process, and the size of the core.
 * The same built JavaScript on each runtime.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { coreBytes } from "../../src/core/bytes.ts";
import type { Report } from "../report.ts";
import { command } from "../runtimes.ts";
import { median, spread } from "../statistics.ts";
import type { Plan } from "../subjects.ts";

const RUNS = 15;
const LIMIT_MS = 2.5;
const LIMIT_BYTES = 8192;

export async function run({ runtime, quick }: Plan): Promise<Report> {
  const { bin, args } = command(runtime, "servers/probe.js", false);
  const imports: number[] = [];
  const totals: number[] = [];
  // The first run warms the disk cache and whatever the runtime keeps of compiled code.
  for (let i = 0; i <= (quick ? 5 : RUNS); i++) {
    const [imported, total] = JSON.parse(execFileSync(bin, args, { encoding: "utf8" })) as [number, number];
    if (i === 0) continue;
    imports.push(imported);
    totals.push(total);
  }
  const bytes = Buffer.from(coreBytes, "base64").length;
  return {
    sections: [
      {
        title: "start, fresh processes, built JavaScript",
        unit: "ms",
        rows: [
          { name: "import", value: median(imports) },
          { name: "import, compile, first call", value: median(totals) },
        ],
      },
    ],
    targets: [
      {
        name: "import of the core to its first call",
        unit: "ms",
        bound: "most",
        limit: LIMIT_MS,
        measured: spread(totals),
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
