/** Each reading on each runtime beside what an observer outside of it saw. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

export type Runtime = "node" | "bun" | "deno";
export interface Row {
  reading: string;
  observer: string;
  /** How far they may lie apart, as a share of what was seen, plus so much. */
  toleranceRatio: number;
  slack: number;
  unit: "bytes" | "ms" | "ratio" | "count";
  told: number | undefined;
  seen: number | undefined;
}
export type Answer = "agrees" | "differs" | "undefined" | "not observed";

const MB = 1024 * 1024;
const LIMIT_BYTES = 400 * MB;
const child = fileURLToPath(new URL("./child.ts", import.meta.url));
const top = fileURLToPath(new URL("../..", import.meta.url));
const bin = `${top}node_modules/.bin`;

/** What Deno tells without any permission. */
export function denoUnpermitted(): Record<string, Pair> {
  const { stdout, stderr } = spawnSync(
    `${bin}/deno`,
    ["run", "--no-prompt", "--no-lock", child, "readings"],
    {
      cwd: top,
      encoding: "utf8",
    },
  );
  const line = stdout.match(/RESULT (.*)$/m)?.[1];
  if (!line) throw new Error(stderr);
  return JSON.parse(line);
}

/** Starts the child on a runtime; `flags` are those of its engine. */
function start(
  runtime: Runtime,
  what: string,
  flags: string[] = [],
  within?: string,
): { result: never; log: string } {
  const commands: Record<Runtime, string[]> = {
    node: [process.execPath, ...flags, "--import", "tsx"],
    bun: [`${bin}/bun`],
    deno: [`${bin}/deno`, "run", "-A", "--no-lock", ...flags.map((flag) => `--v8-flags=${flag}`)],
  };
  const command = [...commands[runtime], child, what];
  const env = {
    ...process.env,
    NO_COLOR: "1",
    DENO_NO_UPDATE_CHECK: "1",
    BUN_JSC_logGC: flags.length ? "1" : "0",
  };
  const joined = within
    ? ["sh", "-c", `echo $$ > ${within}/cgroup.procs && exec "$@"`, "sh", ...command]
    : command;
  const { stdout, stderr } = spawnSync(joined[0]!, joined.slice(1), {
    cwd: top,
    env,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const line = stdout.match(/RESULT (.*)$/m)?.[1];
  if (!line)
    throw new Error(`${joined.join(" ")} said no result\n${stdout.slice(-500)}\n${stderr.slice(-2000)}`);
  return { result: JSON.parse(line) as never, log: `${stdout}\n${stderr}` };
}

/** A memory cgroup with a limit, or `undefined` where none can be made. */
function withCgroup<T>(limitBytes: number, use: (folder: string) => T): T | undefined {
  const folder = `/sys/fs/cgroup/${existsSync("/sys/fs/cgroup/memory") ? "memory/" : ""}velithon-truth-${process.pid}`;
  try {
    mkdirSync(folder);
    const name = existsSync(`${folder}/memory.limit_in_bytes`) ? "memory.limit_in_bytes" : "memory.max";
    writeFileSync(`${folder}/${name}`, String(limitBytes));
  } catch {
    return undefined;
  }
  try {
    return use(folder);
  } finally {
    rmdirSync(folder);
  }
}

/** What the child knows of its own doing: times on its clock. */
interface Marks {
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
function traced(runtime: Runtime, log: string, { fromMs, toMs, inside, forced }: Marks): Traced {
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

type Pair = [number | null, number | null];

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

export function answerOf({ told, seen, toleranceRatio, slack }: Row): Answer {
  if (told === undefined) return "undefined";
  if (seen === undefined) return "not observed";
  return Math.abs(told - seen) <= Math.abs(seen) * toleranceRatio + slack ? "agrees" : "differs";
}

const amount = (value: number, unit: Row["unit"]): string =>
  unit === "bytes"
    ? `${(value / MB).toFixed(1)} MB`
    : unit === "ms"
      ? `${value.toFixed(0)} ms`
      : String(value);

export function tolerance({ toleranceRatio, slack, unit }: Row): string {
  const parts = [
    toleranceRatio > 0 ? `${Math.round(toleranceRatio * 100)} %` : "",
    slack > 0 ? amount(slack, unit) : "",
  ];
  return parts.filter(Boolean).join(" and ") || "exact";
}

export function describe(row: Row): string {
  const { reading, told, seen, unit } = row;
  const shown = [told, seen].map((value) => (value === undefined ? "undefined" : amount(value, unit)));
  return `${reading}: told ${shown[0]}, seen ${shown[1]}, tolerance ${tolerance(row)}: ${answerOf(row)}`;
}

const WORDS: Record<Answer, string> = {
  agrees: "yes",
  differs: "wrong",
  undefined: "`undefined`",
  "not observed": "told, not observed here",
};

/** The table for the docs. */
export function truthTable(rows: Record<Runtime, Row[]>): string {
  const lines = rows.node.map((row, i) => {
    const cells = (["node", "bun", "deno"] as const).map((runtime) => WORDS[answerOf(rows[runtime][i]!)]);
    return `| ${row.reading} | ${cells.join(" | ")} | ${row.observer} | ${tolerance(row)} |`;
  });
  return [
    "| reading | Node | Bun | Deno | checked against | within |",
    "| - | - | - | - | - | - |",
    ...lines,
  ].join("\n");
}
