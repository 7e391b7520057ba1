/** What the engine's own log tells of collections. */
import type { Runtime } from "./row.ts";

const MB = 1024 * 1024;

/** What the child knows of its own doing: times on its clock. */
export interface Marks {
  fromMs: number;
  toMs: number;
  /** Requests, and the ends of collections that it forced. */
  inside: [number, number][];
  forced: number[];
}

interface Traced {
  majors: number;
  majorMs?: number;
  minors?: number;
  freed?: number;
  forced?: number;
  inside?: number;
}

/** Collections as the engine's own log tells of them. */
export function traced(runtime: Runtime, log: string, { fromMs, toMs, inside, forced }: Marks): Traced {
  if (runtime === "bun")
    return { majors: /BEGIN([\s\S]*)END/.exec(log)?.[1]?.match(/=> FullCollection/g)?.length ?? 0 };
  const all = [
    ...log.matchAll(
      /:(\w+)\] +(\d+) ms: (?:Incremental )?(Scavenge|Mark-Compact)[^\n]*? ([\d.]+) \([\d.]+\) -> ([\d.]+) \([\d.]+\) MB, (?:pooled: [\d.]+ MB, )?([\d.]+) \/ [\d.]+ ms([^\n]*)/g,
    ),
  ].map(([, isolate, at, kind, before, after, ms, why]) => ({
    isolate,
    at: Number(at),
    forced: /testing|low memory notification/.test(why!),
    kind,
    freed: (Number(before) - Number(after)) * MB,
    ms: Number(ms),
  }));
  // The log's clock and the child's begin apart: by the last collection that both know.
  const last = all.findLast((line) => line.forced);
  const apart = (last?.at ?? Number.NaN) - forced.at(-1)!;
  const between = (began: number, ended: number) => (line: { at: number }) =>
    line.at - apart >= began && line.at - apart <= ended;
  // Other threads, such as that of a loader, log in the same place.
  const lines = all.filter((line) => line.isolate === last?.isolate).filter(between(fromMs, toMs));
  const majors = lines.filter(({ kind }) => kind === "Mark-Compact");
  const sum = (of: typeof lines, field: "freed" | "ms") => of.reduce((total, each) => total + each[field], 0);
  return {
    forced: lines.filter((line) => line.forced).length,
    inside: lines.filter((line) => inside.some(([began, ended]) => between(began, ended)(line))).length,
    majors: majors.length,
    majorMs: sum(majors, "ms"),
    minors: lines.length - majors.length,
    freed: sum(majors, "freed"),
  };
}
