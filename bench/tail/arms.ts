import type { MiddlewareHandler } from "hono";
import { library, type Runtime } from "../runtimes.ts";

export type ArmName =
  | "stock"
  | "again"
  | "stack"
  | "interval"
  | "quiet"
  | "watermark"
  | "trim"
  | "seal"
  | "auto"
  | "young";

/** What runs in front of the app, and how its runtime is started. */
export interface Arm {
  readonly what: string;
  /** The whole middleware stack, with this policy of the governor where one is named. */
  readonly governor?: { readonly policy: string; readonly objective?: string };
  readonly stack?: boolean;
  /** Start flags, by runtime; an arm is left out where its runtime has none. */
  readonly flags?: Partial<Record<Runtime, readonly string[]>>;
}

export const arms: Record<ArmName, Arm> = {
  stock: { what: "bare hono" },
  again: { what: "bare hono again: what lies between the two is noise" },
  stack: { what: "memoryGovernance() with its defaults", stack: true },
  interval: { what: "the guide's counts", stack: true, governor: { policy: "interval" } },
  quiet: { what: "a major in a long enough silence", stack: true, governor: { policy: "quiet" } },
  watermark: { what: "a major near the limit", stack: true, governor: { policy: "watermark" } },
  trim: { what: "memory given back after traffic", stack: true, governor: { policy: "trim" } },
  seal: { what: "one collection when started", stack: true, governor: { policy: "seal" } },
  auto: { what: "the live experiment decides", stack: true, governor: { policy: "auto" } },
  young: {
    what: "bare hono with a young generation of 64 MB semi-spaces",
    flags: { node: ["--max-semi-space-size=64", "--min-semi-space-size=16"] },
  },
};

const silent = { info: () => {}, warn: () => {}, error: () => {} };

/** The middlewares of an arm, and what its optimizer knows at the end. */
export async function mount(
  arm: Arm,
): Promise<{ middlewares: MiddlewareHandler[]; stats: () => unknown; started: () => void }> {
  if (!arm.stack) return { middlewares: [], stats: () => undefined, started: () => {} };
  const v = await library();
  const options = { logger: silent, ...(arm.governor ? { governor: arm.governor } : {}) };
  const optimizer = v.createMemoryOptimizer(options as Parameters<typeof v.createMemoryOptimizer>[0]);
  return {
    middlewares: [v.memoryGovernance({ optimizer, memoryMonitoring: { logger: silent } })],
    stats: () => optimizer.getMemoryStats(),
    started: () => {
      if (arm.governor?.policy === "seal") optimizer.seal();
    },
  };
}
