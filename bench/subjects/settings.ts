/**
 * Whether a setting of the heap that V8 lets a program change does anything at run time: blocks of the same work, the
 * flag switched back and forth between two values. Node only.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import process from "node:process";
import { setImmediate as turn } from "node:timers/promises";
import v8 from "node:v8";
import type { Plan } from "../plan.ts";
import type { Report, Row, Section } from "../report.ts";
import { here } from "../runtimes.ts";
import { spread } from "../statistics.ts";

const MB = 1024 * 1024;
/** Values as far apart as the flag allows: an effect that there is must show. */
const FLAGS: Readonly<Record<string, readonly [number, number]>> = {
  "semi-space-growth-factor": [1, 20],
  "scavenger-max-new-space-capacity-mb": [4, 128],
  "max-semi-space-size": [2, 64],
  // 0: the engine works it out.
  "heap-growing-percent": [50, 0],
};
/** About 10 MB that live while the ring turns: they pass through the young generation. */
const IN_FLIGHT = 100;
/** About 100 MB: they grow old, and leave garbage there. */
const OLD = 1000;
/** Flags of the old generation. */
const OF_OLD: readonly string[] = ["heap-growing-percent"];
/** Pieces between two looks at the young generation. */
const PIECES = 20;

let ring: unknown[] = [];
let made = 0;

function piece(): void {
  made += 1;
  ring[made % ring.length] = Array.from({ length: 100 }, (_, i) => ({
    i,
    numbers: Array.from({ length: 100 }, (_, k) => k + i),
  }));
}

function youngMb(): number {
  const spaces = v8.getHeapSpaceStatistics();
  return spaces.find(({ space_name }) => space_name === "new_space")!.space_size / MB;
}

interface Block {
  readonly cpuUs: number;
  readonly leastMb: number;
  readonly mostMb: number;
  readonly heapMb: number;
}

async function block(ms: number): Promise<Block> {
  const cpu = process.cpuUsage();
  const end = performance.now() + ms;
  let pieces = 0;
  let leastMb = Number.POSITIVE_INFINITY;
  let mostMb = 0;
  let sumMb = 0;
  while (performance.now() < end) {
    for (let i = 0; i < PIECES; i++) piece();
    pieces += PIECES;
    await turn();
    const mb = youngMb();
    leastMb = Math.min(leastMb, mb);
    mostMb = Math.max(mostMb, mb);
    sumMb += process.memoryUsage().heapUsed / MB;
  }
  const { user, system } = process.cpuUsage(cpu);
  return { cpuUs: (user + system) / pieces, leastMb, mostMb, heapMb: (sumMb * PIECES) / pieces };
}

async function alternate(flag: string, values: readonly [number, number], plan: Plan): Promise<Section> {
  const old = OF_OLD.includes(flag);
  const [shortMs, pairs] = plan.quick ? [500, 3] : [1500, 8];
  // Major collections are seldom.
  const blockMs = old ? 4 * shortMs : shortMs;
  ring = new Array(old ? OLD : IN_FLIGHT).fill(undefined);
  await block(2 * blockMs);
  const blocks: [Block[], Block[]] = [[], []];
  for (let pair = 0; pair < pairs; pair++) {
    for (const which of [0, 1] as const) {
      v8.setFlagsFromString(`--${flag}=${values[which]}`);
      // What the setting before left is not judged.
      await block(blockMs / 2);
      blocks[which].push(await block(blockMs));
    }
  }
  const row = (which: 0 | 1): Row => {
    const of = blocks[which];
    const range = `${Math.min(...of.map(({ leastMb }) => leastMb))} to ${Math.max(...of.map(({ mostMb }) => mostMb))} MB`;
    const heap = of.reduce((sum, { heapMb }) => sum + heapMb, 0) / of.length;
    const note = `young ${range}, in use ${heap.toFixed(0)} MB on the mean`;
    const name = `${flag}=${values[which]}`;
    const value = of.reduce((sum, { cpuUs }) => sum + cpuUs, 0) / of.length;
    if (which === 0) return { name, value, note };
    return { name, value, ratio: spread(of.map(({ cpuUs }, i) => cpuUs / blocks[0][i]!.cpuUs)), note };
  };
  return {
    title: `${flag} switched at run time: CPU time, and the heap`,
    unit: "µs a piece",
    reference: `${flag}=${values[0]}`,
    rows: [row(0), row(1)],
  };
}

export async function run(plan: Plan): Promise<Report> {
  if (here !== "node") return { sections: [], targets: [] };
  const known = execFileSync(process.execPath, ["--v8-options"], { encoding: "utf8" });
  const sections: Section[] = [];
  for (const [flag, values] of Object.entries(FLAGS)) {
    if (known.includes(`--${flag} `)) sections.push(await alternate(flag, values, plan));
  }
  return { sections, targets: [] };
}
