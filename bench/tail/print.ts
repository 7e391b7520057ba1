import type { MeanRatio } from "../../runtimes/cli/load/ratios.ts";
import { table } from "../report.ts";
import type { Interval } from "./analyse.ts";
import type { ArmSummary, CellSummary } from "./summary.ts";
import { MARGINS } from "./summary.ts";

function short(value: number | undefined): string {
  if (value === undefined) return "cannot tell";
  if (Number.isNaN(value)) return "-";
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}

const kilobytes = (bytes: number | undefined): string => short(bytes && bytes / 1024);

const ms = ({ value, low, high }: Interval): string => `${short(value)} [${short(low)}..${short(high)}]`;

const ratio = ({ ratio, low, high }: MeanRatio): string =>
  Number.isNaN(low) ? short(ratio) : `${short(ratio)} [${short(low)}..${short(high)}]`;

function row(arm: ArmSummary): string[] {
  const isStock = arm.arm === "stock";
  return [
    arm.arm,
    ms(arm.p50),
    ms(arm.p99),
    ms(arm.p999),
    isStock ? "1" : ratio(arm.p999Ratio),
    isStock ? "1" : ratio(arm.exceedanceRatio),
    isStock ? `1 (${short(arm.cpuMsPerRequest.median)} ms)` : ratio(arm.cpuRatio),
    short(arm.majors),
    `${short(arm.youngMsPer1000)}, ${short(arm.oldMsPer1000)}`,
    `${short(arm.insideMsPer1000)}, ${short(arm.insideObservedMsPer1000)}`,
    short(arm.longestCollectionMs),
    `${kilobytes(arm.allocatedBytesPerRequest)}, ${kilobytes(arm.freedBytesPerRequest)}`,
    isStock ? `1 (${short(arm.meanRssMb.median)} MB)` : ratio(arm.rssRatio),
    short(arm.saturationPerSecond),
    isStock || !arm.saturationCpuRatio ? "-" : ratio(arm.saturationCpuRatio),
    short(arm.serverWaitRatio),
    String(arm.failed),
  ];
}

const head = [
  "arm",
  "p50 ms",
  "p99 ms",
  "p99.9 ms",
  "p99.9 to stock",
  "over stock's p99",
  "CPU to stock",
  "majors",
  "GC ms/1000: young, old",
  "inside: profiler, observer",
  "longest GC ms",
  "KB made, freed",
  "mean RSS to stock",
  "saturated /s",
  "CPU to stock then",
  "waits for a core",
  "failed",
];

const MAJORS_OF_A_CLAIM = 10;

export function formatCell(cell: CellSummary): string {
  const lines = [
    `${cell.workload} on ${cell.runtime}: ${cell.why}; ${short(cell.perSecond)} requests a second, ${cell.rounds} rounds`,
    table([head, ...cell.arms.map(row)]),
  ];
  const majors = cell.arms.find(({ arm }) => arm === "stock")?.majors;
  if (majors !== undefined && majors < MAJORS_OF_A_CLAIM) {
    lines.push(
      `  stock made ${majors} major collections in these windows: no claim about any rests on fewer than ${MAJORS_OF_A_CLAIM}, see --window`,
    );
  }
  if (cell.advice?.length === 0) lines.push("  the advisor, of this load on stack: nothing");
  for (const { rule, evidence, flag, instead } of cell.advice ?? []) {
    lines.push(`  the advisor, of this load on stack: ${rule}: ${flag ?? instead} (${evidence})`);
  }
  for (const arm of cell.arms) {
    if (!arm.silence) continue;
    const back = arm.silence.backAfterMs;
    const when = back
      ? `${short(back.median)} ms (${short(back.low)}..${short(back.high)})`
      : "not in this time";
    const { firstRatio, firstToStock } = arm.silence;
    const toStock =
      arm.arm === "stock" ? "" : `, ${ratio(firstToStock)} times those of stock: ${firstToStock.judgement}`;
    lines.push(
      `  ${arm.arm}: three quarters of the memory back after ${when}; first requests then ${short(firstRatio)} times the p50 under load${toStock}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/** Whether anything got worse, cell by cell, beside what the same test says of stock against itself. */
export function formatNeverWorse(cells: readonly CellSummary[]): string {
  const head = ["never worse", "arm", "p50", "CPU", "over stock's p99", "could have shown (p50, CPU, over)"];
  const percent = (value: number) => (Number.isNaN(value) ? "-" : `${(value * 100).toFixed(0)} %`);
  const rows = cells.flatMap((cell) =>
    cell.arms
      .filter(({ arm }) => arm !== "stock")
      .map((arm) => [
        `${cell.workload} on ${cell.runtime}`,
        arm.arm === "again" ? "A/A" : arm.arm,
        arm.p50Ratio.judgement,
        arm.cpuRatio.judgement,
        arm.exceedanceRatio.judgement,
        [arm.p50Ratio, arm.cpuRatio, arm.exceedanceRatio].map((r) => percent(r.detectable)).join(", "),
      ]),
  );
  const margins = `p50 ${percent(MARGINS.p50)}, CPU ${percent(MARGINS.cpu)}, requests over stock's p99 ${percent(MARGINS.exceedance)}`;
  return `Never worse, at these margins: ${margins}; one-sided 95 %\n${table([head, ...rows])}\n`;
}
