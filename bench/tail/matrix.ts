import type { Runtime } from "../runtimes.ts";
import type { ArmName } from "./arms.ts";
import type { WorkloadName } from "./workloads.ts";

/** Which arms are judged on which workload, and why these. Every cell has stock and stock again beside them. */
export interface Cell {
  readonly workload: WorkloadName;
  readonly arms: readonly ArmName[];
  readonly why: string;
  readonly runtimes: readonly Runtime[];
  readonly quick?: boolean;
}

const all = ["node", "bun", "deno"] as const;

export const matrix: readonly Cell[] = [
  {
    workload: "light",
    arms: ["stack", "auto", "interval"],
    why: "the cost of governing where there is nothing to win; the guide's counts hurt most here",
    runtimes: all,
    quick: true,
  },
  {
    workload: "on-off",
    arms: ["stack", "quiet", "auto"],
    why: "silences long enough for a major, and garbage in the old generation",
    runtimes: all,
    quick: true,
  },
  {
    workload: "stop",
    arms: ["stack", "trim", "auto"],
    why: "memory given back after traffic",
    runtimes: all,
    quick: true,
  },
  {
    workload: "heavy",
    arms: ["stack", "quiet", "seal", "auto"],
    why: "steady load over a large heap: nothing may get worse",
    runtimes: all,
  },
  {
    workload: "in-flight",
    arms: ["stack", "young", "auto"],
    why: "survivors of the young generation: only a start flag helps",
    runtimes: ["node"],
  },
  {
    workload: "heavy",
    arms: ["stack", "lean"],
    why: "steady load over a large heap: more majors, each of them dear, for a smaller heap",
    runtimes: ["node"],
  },
  {
    workload: "rows",
    arms: ["stack", "young"],
    why: "objects that are quick to make and as dear to copy as any: what the advisor's flag is for",
    runtimes: ["node"],
  },
  { workload: "in-flight", arms: ["auto"], why: "nothing may get worse", runtimes: ["bun", "deno"] },
  {
    workload: "churn",
    arms: ["quiet", "near", "early", "auto"],
    why: "garbage in the old generation, with room and near a limit",
    runtimes: ["node", "deno"],
  },
  {
    workload: "churn",
    arms: ["stack", "lean"],
    why: "what dies in the old generation: a smaller heap for more majors; Node alone takes the setting",
    runtimes: ["node"],
  },
  {
    workload: "buffers",
    arms: ["stack", "watermark", "near", "early", "auto"],
    why: "memory outside the heap, with room and near a limit",
    runtimes: all,
  },
  {
    workload: "uploads",
    arms: ["stack", "initial"],
    why: "a small heap beside buffers: whether V8 collects it several times a second hangs on a few MB",
    runtimes: ["node"],
  },
  { workload: "stream", arms: ["stack", "auto"], why: "answers that outlive their handlers", runtimes: all },
  { workload: "mix", arms: ["stack", "auto"], why: "everything at once", runtimes: all },
];
