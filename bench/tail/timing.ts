/** How long the parts of a run take, in ms, and how many rounds there are. */
export interface Timing {
  readonly rounds: number;
  readonly windowMs: number;
  readonly warmUpMs: number;
  readonly calibrateMs: number;
  /** Closed-loop phase behind a window; 0: none. */
  readonly saturationMs: number;
}

/** `quick`: all its cells in under 5 minutes. `full`: all cells of one runtime in under 90. */
export const timings: Readonly<Record<"quick" | "full", Timing>> = {
  quick: { rounds: 2, windowMs: 4000, warmUpMs: 1500, calibrateMs: 1000, saturationMs: 0 },
  full: { rounds: 4, windowMs: 10_000, warmUpMs: 3000, calibrateMs: 2000, saturationMs: 3000 },
};

/** The start of a server, its questions, its end. */
const AROUND_MS = 1500;
/** Requests behind a silence, to see what they take. */
export const FIRST = { requests: 40, perSecond: 20 } as const;
/** Compiling the harness, once. */
const COMPILE_MS = 10_000;

interface Job {
  readonly arms: number;
  /** Behind each window; 0: none. */
  readonly silenceMs: number;
  /** Until the advisor has said what it says of the load; 0: nobody asks. */
  readonly watchedMs: number;
}

export function estimateMs(jobs: readonly Job[], timing: Timing): number {
  const { rounds, windowMs, warmUpMs, calibrateMs, saturationMs } = timing;
  return jobs.reduce((sum, { arms, silenceMs, watchedMs }) => {
    const firstMs = silenceMs > 0 ? (FIRST.requests / FIRST.perSecond) * 1000 : 0;
    const oneMs = warmUpMs + windowMs + saturationMs + silenceMs + firstMs + AROUND_MS;
    return sum + 2 * calibrateMs + AROUND_MS + watchedMs + arms * rounds * oneMs;
  }, COMPILE_MS);
}
