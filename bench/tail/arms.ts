import process from "node:process";
import type { MiddlewareHandler } from "hono";
import type { Suggestion } from "../../src/index.ts";
import type { RuntimePort } from "../../src/shared/port.ts";
import { runtime } from "../../src/shared/runtime.ts";
import { library, type Runtime } from "../runtimes.ts";
import type { Pause } from "./server-report.ts";

export type ArmName =
  | "stock"
  | "again"
  | "stack"
  | "interval"
  | "quiet"
  | "watermark"
  | "near"
  | "early"
  | "trim"
  | "seal"
  | "auto"
  | "lean"
  | "young"
  | "initial"
  | "pressed";

/** What runs in front of the app, and with which flags it is started. */
export interface Arm {
  readonly what: string;
  /** The whole middleware stack, with this policy of the governor where one is named. */
  readonly governor?: { readonly policy: string; readonly objective?: string };
  readonly stack?: boolean;
  /** Its limit: so many times what the process holds when it starts to listen. */
  readonly roomRatio?: number;
  /** Its readings say that memory is above the mark of `watermark`, always. */
  readonly pressed?: boolean;
  /** Start flags, by runtime. */
  readonly flags?: Partial<Record<Runtime, readonly string[]>>;
  /** Started with the flags that this rule of the advisor names on this load; left out where it names none. */
  readonly advisedBy?: string;
}

export const arms: Record<ArmName, Arm> = {
  stock: { what: "bare hono" },
  again: { what: "bare hono again: what lies between the two is noise" },
  stack: { what: "memoryGovernance() with its defaults", stack: true },
  interval: { what: "the guide's counts", stack: true, governor: { policy: "interval" } },
  quiet: { what: "a major in a long enough silence", stack: true, governor: { policy: "quiet" } },
  watermark: { what: "a major near the limit", stack: true, governor: { policy: "watermark" } },
  near: {
    what: "memoryGovernance() where the limit is twice what the server holds at its start",
    stack: true,
    roomRatio: 2,
  },
  early: {
    what: "a major on the way to that limit",
    stack: true,
    governor: { policy: "early" },
    roomRatio: 2,
  },
  trim: { what: "memory given back after traffic", stack: true, governor: { policy: "trim" } },
  seal: { what: "one collection when started", stack: true, governor: { policy: "seal" } },
  auto: { what: "the live experiment decides", stack: true, governor: { policy: "auto" } },
  lean: {
    what: "half the growth of the old generation between two majors",
    stack: true,
    governor: { policy: "lean" },
  },
  young: {
    what: "bare hono with the young generation that the advisor names",
    advisedBy: "young-generation",
  },
  initial: {
    what: "bare hono with 128 MB for the old generation before its first major collection",
    flags: { node: ["--initial-old-space-size=128"] },
  },
  pressed: {
    what: "a major as often as watermark ever collects, to check what it charges for that",
    stack: true,
    governor: { policy: "watermark" },
    pressed: true,
  },
};

const silent = { info: () => {}, warn: () => {}, error: () => {} };

/** So far from what the process uses that nothing else sees pressure. */
const LIMIT_BYTES = 2 ** 40;
const PRESSED_RATIO = 0.8;

/** A port that always reads external memory above the mark, and notes the pauses on the clock of the wall. */
function pressed(port: RuntimePort, pauses: Pause[]): RuntimePort {
  return {
    ...port,
    readMemory: () => ({ ...port.readMemory(), externalBytes: LIMIT_BYTES * PRESSED_RATIO }),
    collect(kind) {
      const fromMs = Date.now();
      port.collect(kind);
      pauses.push({ fromMs, toMs: Date.now() });
    },
  };
}

/** The middlewares of an arm, made once what the app keeps alive is there, and what its optimizer knows at the end. */
export async function mount(arm: Arm): Promise<{
  middlewares: MiddlewareHandler[];
  stats: () => unknown;
  advice: () => readonly Suggestion[];
  pauses: () => readonly Pause[];
  started: () => void;
}> {
  if (!arm.stack) {
    const none = () => [];
    return { middlewares: [], stats: () => undefined, advice: none, pauses: none, started: () => {} };
  }
  const v = await library();
  const pauses: Pause[] = [];
  const room = arm.roomRatio && { limitBytes: Math.round(process.memoryUsage().rss * arm.roomRatio) };
  const near = arm.pressed ? { port: pressed(runtime(), pauses), limitBytes: LIMIT_BYTES } : room;
  const options = { logger: silent, ...near, ...(arm.governor ? { governor: arm.governor } : {}) };
  const optimizer = v.createMemoryOptimizer(options as Parameters<typeof v.createMemoryOptimizer>[0]);
  return {
    middlewares: [v.memoryGovernance({ optimizer, memoryMonitoring: { logger: silent } })],
    stats: () => optimizer.getMemoryStats(),
    advice: () => optimizer.getAdvice(),
    pauses: () => pauses,
    started: () => {
      if (arm.governor?.policy === "seal") optimizer.seal();
    },
  };
}
