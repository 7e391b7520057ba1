/**
 * Candidates side by side: warm-up, then rounds in which each candidate has one turn, in rotating order,
 * each turn behind a collection of its own. What slows the machine for a while slows a whole round, so the
 * ratio within a round says more than the time.
 *
 * @module
 */
import process from "node:process";
import type { Row, Section } from "./report.ts";
import { median, ratios, spread } from "./statistics.ts";

export interface Candidate {
  readonly name: string;
  /** Does the operation `n` times, in a loop of its own (in a shared one nothing would be inlined), and answers with something that depends on all of it. */
  run(n: number): number | Promise<number>;
  /** Beside its figures. */
  note?(): string;
}

export interface Settings {
  readonly rounds: number;
  readonly turnMs: number;
}

/** ns per operation, by candidate and round. */
export type Measured = ReadonlyMap<string, readonly number[]>;

export const full: Settings = { rounds: 15, turnMs: 40 };
export const quick: Settings = { rounds: 5, turnMs: 20 };
const WARM_UP_MS = 250;
/** Share of a turn that is run once more, before it, behind its collection. */
const RELEARN = 0.5;

let sink = 0;

/** Keeps a result in use. */
export function consume(result: number): void {
  sink = (sink + result) % 1_000_003;
}

/** A number that depends on every result so far. */
export function checksum(): number {
  return sink;
}

/** A whole collection, where the runtime lets a program ask for one. */
export function collect(): void {
  if (typeof Bun !== "undefined") Bun.gc(true);
  else (globalThis as { gc?: () => void }).gc?.();
}

/** The process's own work in ms, its threads included: on a shared machine steadier than the time that passes. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

type Clock = () => number;

async function time(candidate: Candidate, n: number, now: Clock): Promise<number> {
  const start = now();
  const result = candidate.run(n);
  // A synchronous candidate must not pay for a turn of the microtask queue.
  const settled = typeof result === "number" ? result : await result;
  const ms = now() - start;
  consume(settled);
  return ms;
}

/** How often a candidate's operation fits into one turn, found out in turns with the others. */
async function warmUp(candidates: readonly Candidate[], turnMs: number, now: Clock): Promise<number[]> {
  const counts = candidates.map(() => 64);
  const spentMs = candidates.map(() => 0);
  while (Math.min(...spentMs) < WARM_UP_MS) {
    for (const [i, candidate] of candidates.entries()) {
      const ms = await time(candidate, counts[i]!, now);
      spentMs[i]! += ms;
      const scale = ms < turnMs / 8 ? 4 : turnMs / ms;
      counts[i] = Math.max(64, Math.ceil(counts[i]! * scale));
    }
  }
  return counts;
}

export async function measure(
  candidates: readonly Candidate[],
  settings: Settings,
  now: Clock = () => performance.now(),
): Promise<Measured> {
  const counts = await warmUp(candidates, settings.turnMs, now);
  const measured = new Map<string, number[]>(candidates.map(({ name }) => [name, []]));
  for (let round = 0; round < settings.rounds; round++) {
    for (let turn = 0; turn < candidates.length; turn++) {
      const i = (round + turn) % candidates.length;
      collect();
      // A collection also throws away what the engine had learnt about code: untimed, it learns again.
      await time(candidates[i]!, Math.ceil(counts[i]! * RELEARN), now);
      const ms = await time(candidates[i]!, counts[i]!, now);
      measured.get(candidates[i]!.name)!.push((ms * 1e6) / counts[i]!);
    }
  }
  return measured;
}

/** The figures of one comparison, ready to print. */
export function section(
  title: string,
  candidates: readonly Candidate[],
  measured: Measured,
  reference: string,
): Section {
  const base = measured.get(reference)!;
  const rows = candidates.map(({ name, note }): Row => {
    const values = measured.get(name)!;
    return {
      name,
      value: median(values),
      ...(name === reference ? {} : { ratio: spread(ratios(values, base)) }),
      ...(note ? { note: note() } : {}),
    };
  });
  return { title, unit: "ns/op", reference, rows };
}
