import type { Plan } from "./plan.ts";
import type { Report } from "./report.ts";

export interface Subject {
  readonly run: (plan: Plan) => Promise<Report>;
  /** True where it runs on Node and starts processes of the runtime; else it runs on the runtime itself. */
  readonly outside?: boolean;
}

/** Each is loaded by a process of its own, so that no call site sees what another subject brings along. */
export const subjects: Readonly<Record<string, () => Promise<Subject>>> = {
  request: () => import("./subjects/request.ts"),
  pool: () => import("./subjects/pool.ts"),
  heavy: () => import("./subjects/heavy.ts"),
  buffer: () => import("./subjects/buffer.ts"),
  cache: () => import("./subjects/cache.ts"),
  tiers: () => import("./subjects/tiers.ts"),
  weak: () => import("./subjects/weak.ts"),
  histogram: () => import("./subjects/histogram.ts"),
  stats: () => import("./subjects/stats.ts"),
  dispatch: () => import("./subjects/dispatch.ts"),
  settings: () => import("./subjects/settings.ts"),
  startup: () => import("./subjects/startup.ts"),
  server: () => import("./subjects/server.ts"),
};

/** What one name stands for: subjects that belong together, each still in a process of its own. */
export const groups: Readonly<Record<string, readonly string[]>> = {
  pool: ["pool", "heavy"],
  cache: ["cache", "tiers", "weak"],
};

/** Subjects that start processes by themselves. */
export const outside: readonly string[] = ["startup", "server"];
