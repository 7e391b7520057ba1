/** Each reading on each runtime beside what an observer outside of it saw. */
import { type Marks, traced } from "./log.ts";
import type { Row, Runtime } from "./row.ts";
import { type Pair, start, withCgroup } from "./start.ts";

const MB = 1024 * 1024;
const LIMIT_BYTES = 400 * MB;

export function truthRows(runtime: Runtime): Row[] {
  const limited = withCgroup(LIMIT_BYTES, (folder) => start(runtime, "readings", [], folder));
  const { result: plain } = (limited ?? start(runtime, "readings")) as { result: Record<string, Pair> };
  const gc = start(runtime, "collections", ["--trace-gc", "--max-old-space-size=300"]) as {
    result: {
      engine?: Record<
        string,
        { count: number; totalPauseMs: number; freedBytes?: number; forced?: number; insideRequests?: number }
      >;
      majors: number;
      heapLimit?: number;
    } & Marks;
    log: string;
  };
  const seen = traced(runtime, gc.log, gc.result);
  const { engine, majors } = gc.result;
  const row = (
    reading: string,
    observer: string,
    pair: readonly [number | null | undefined, number | null | undefined] | undefined,
    toleranceRatio: number,
    unit: Row["unit"] = "bytes",
    slack = 0,
  ): Row => ({
    reading,
    observer,
    toleranceRatio,
    slack,
    unit,
    told: pair?.[0] ?? undefined,
    seen: pair?.[1] ?? undefined,
  });
  const inside = engine?.major?.insideRequests;
  const told = (value: number | undefined, by: number | undefined) =>
    [value, value === undefined ? undefined : by] as const;
  return [
    row("RSS", "`VmRSS`, read by another process", plain.rss, 0.05),
    row("virtual size", "`VmSize`, read by another process", plain.virtual, 0.05),
    row(
      "heap used",
      "60 MB of objects made and kept (on Bun its figure counts buffers too)",
      plain.heapUsed,
      0.15,
    ),
    row("heap total", "60 MB of objects made and kept", plain.heapTotal, 0.1, "bytes", 32 * MB),
    row("heap spaces", "their sum beside the heap in use", plain.heapSpaces, 0.05),
    row("heap limit", "a start with `--max-old-space-size=300`", told(gc.result.heapLimit, 300 * MB), 0.35),
    row("external memory", "64 MB of buffers made and kept", plain.external, 0.1),
    row("array buffers", "64 MB of buffers made and kept", plain.arrayBuffers, 0.1),
    row(
      "working set",
      "the cgroup's files, read by another process",
      plain.workingSet,
      0.1,
      "bytes",
      32 * MB,
    ),
    row("limit", "a cgroup of 400 MB", limited && [plain.limit?.[0], LIMIT_BYTES], 0),
    row("memory stalls", "`/proc/pressure/memory`, read by another process", plain.stalls, 0, "ratio", 0.05),
    row("CPU time", "`/proc/<pid>/stat`, read by another process", plain.cpu, 0.05, "ms", 60),
    row("open files", "20 files opened", plain.openFiles, 0, "count", 3),
    row(
      "time of a route",
      "a handler that takes 20 ms, and more on a busy machine, by its own clock",
      plain.routeMs,
      0.1,
      "ms",
      10,
    ),
    row("heap that a route takes", "a handler that makes 2 MB and keeps them", plain.routeBytes, 0.2),
    row(
      "loop lag",
      "another process that holds the loop up for 250 ms by its own timer",
      plain.loopLag,
      0.2,
      "ms",
      40,
    ),
    row(
      "major collections",
      "the engine's log (`--trace-gc`, `BUN_JSC_logGC`)",
      [majors, seen.majors],
      0.1,
      "count",
      1,
    ),
    row("minor collections", "the engine's log", told(engine?.minor?.count, seen.minors), 0.1, "count", 2),
    row(
      "forced ones among the major",
      "the engine's log, which names the reason",
      told(engine?.major?.forced, seen.forced),
      0,
      "count",
    ),
    row(
      "collections inside requests",
      "the engine's log, beside the times of the requests",
      told(inside === undefined ? undefined : inside + engine!.minor!.insideRequests!, seen.inside),
      0.1,
      "count",
      2,
    ),
    row(
      "pauses of major ones",
      "the engine's log",
      told(engine?.major?.totalPauseMs, seen.majorMs),
      0.35,
      "ms",
      10,
    ),
    row(
      "bytes freed by major ones",
      "the engine's log",
      told(engine?.major?.freedBytes, seen.freed),
      0.2,
      "bytes",
      8 * MB,
    ),
  ];
}
