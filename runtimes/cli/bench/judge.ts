import { TICK_MS } from "../load/observe.ts";
import { ascending, atQuantile } from "../load/quantiles.ts";
import { type MeanRatio, meanRatio, T995 } from "../load/ratios.ts";
import type { Arm, Window } from "./window.ts";

export type Verdict = "better" | "worse" | "no difference" | "cannot tell";

/** One thing that was measured, over all rounds. Less is better in each. */
export interface Judged {
  readonly name: string;
  readonly unit: "ms" | "bytes";
  /** Of latencies: over all requests; else the mean of the windows. */
  readonly stock: number;
  readonly again: number;
  readonly governed: number;
  /** Governed to stock, round by round: what of it is noise, its bounds say. */
  readonly ratio: MeanRatio;
  /** Stock again to stock, by the same test: the noise. */
  readonly noise: MeanRatio;
  readonly verdict: Verdict;
}

/** So many requests must lie above a quantile before it is one. */
const LEAST_ABOVE = 5;

/**
 * A difference is one whose bounds leave out 1 (99.5 % one-sided each: at most one in twenty benches without any
 * difference shows one in any of five figures), and that lies outside what stock differs from itself.
 */
function verdictOf({ ratio, low, high }: MeanRatio, noise: MeanRatio): Verdict {
  if (!(low > 0 && high > 0)) return "cannot tell";
  if (low <= 1 && high >= 1) return "no difference";
  if (ratio >= noise.low && ratio <= noise.high) return "no difference";
  return ratio < 1 ? "better" : "worse";
}

export type Windows = Readonly<Record<Arm, readonly Window[]>>;

function judge(
  name: string,
  unit: Judged["unit"],
  windows: Windows,
  of: (window: Window) => number | undefined,
  overall: (windows: readonly Window[]) => number,
  leastDeviation = 0,
): Judged | undefined {
  const values = (arm: Arm) => windows[arm].map((window) => of(window) ?? Number.NaN);
  const stock = values("stock");
  const to = (arm: Arm) => values(arm).map((value, round) => value / stock[round]!);
  if (![...stock, ...values("again"), ...values("governed")].every((value) => value > 0)) return undefined;
  const ratio = meanRatio(to("governed"), T995, leastDeviation);
  const noise = meanRatio(to("again"), T995, leastDeviation);
  return {
    name,
    unit,
    stock: overall(windows.stock),
    again: overall(windows.again),
    governed: overall(windows.governed),
    ratio,
    noise,
    verdict: verdictOf(ratio, noise),
  };
}

const latencies = (windows: readonly Window[]): Float64Array =>
  ascending(windows.map(({ latencyMs }) => latencyMs));

/** What could be measured: quantiles with enough requests above them, and what `/proc` tells. */
export function judgeAll(windows: Windows): Judged[] {
  const requests = Math.min(...Object.values(windows).map((arm) => latencies(arm).length));
  const quantiles = (
    [
      ["p50", 0.5],
      ["p99", 0.99],
      ["p99.9", 0.999],
    ] as const
  )
    .filter(([, q]) => requests * (1 - q) >= LEAST_ABOVE)
    .map(([name, q]) =>
      judge(
        name,
        "ms",
        windows,
        (window) => atQuantile(latencies([window]), q),
        (all) => atQuantile(latencies(all), q),
      ),
    );
  const mean = (of: (window: Window) => number | undefined) => (all: readonly Window[]) =>
    all.reduce((sum, window) => sum + (of(window) ?? Number.NaN), 0) / all.length;
  const answered = ({ latencyMs, failed }: Window) => latencyMs.length - failed;
  const cpu = (window: Window) => (window.cpuMs === undefined ? undefined : window.cpuMs / answered(window));
  const leastCpuMs = Math.min(...Object.values(windows).flatMap((arm) => arm.map(({ cpuMs }) => cpuMs ?? 0)));
  // Two differences of two readings, each cut to a whole tick.
  const cpuDeviation = (Math.SQRT2 * TICK_MS) / Math.sqrt(6) / leastCpuMs;
  const rss = (window: Window) => window.meanRssBytes;
  return [
    ...quantiles,
    judge("CPU per request", "ms", windows, cpu, mean(cpu), cpuDeviation),
    judge("RSS", "bytes", windows, rss, mean(rss)),
  ].filter((judged) => judged !== undefined);
}
