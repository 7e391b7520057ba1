import { ascending, atQuantile } from "../../runtimes/cli/load/quantiles.ts";
import { type MeanRatio, meanRatio, T95 } from "../../runtimes/cli/load/ratios.ts";
import type { Suggestion } from "../../src/index.ts";
import { median, type Spread, spread } from "../statistics.ts";
import {
  backAfterMs,
  exceedance,
  type Interval,
  type NonInferiority,
  nonInferior,
  quantileInterval,
} from "./analyse.ts";
import { type ArmName, arms } from "./arms.ts";
import type { Cell } from "./matrix.ts";
import type { Measured } from "./window.ts";

/** One arm on one workload, over all rounds. Times in ms; ratios are to stock, round by round. */
export interface ArmSummary {
  readonly arm: ArmName;
  readonly what: string;
  readonly requests: number;
  readonly failed: number;
  readonly p50: Interval;
  readonly p99: Interval;
  readonly p999: Interval;
  readonly p50Ratio: NonInferiority;
  readonly p999Ratio: NonInferiority;
  readonly cpuRatio: NonInferiority;
  /** Share of requests above the pooled p99 of stock, to the share of stock. */
  readonly exceedanceRatio: NonInferiority;
  readonly cpuMsPerRequest: Spread;
  readonly collections: number | undefined;
  readonly majors: number | undefined;
  readonly youngMsPer1000: number | undefined;
  readonly oldMsPer1000: number | undefined;
  /** While a request was at work, by `v8.GCProfiler` and by the performance observer. */
  readonly insideMsPer1000: number | undefined;
  readonly insideObservedMsPer1000: number | undefined;
  readonly longestCollectionMs: number | undefined;
  readonly allocatedBytesPerRequest: number | undefined;
  readonly freedBytesPerRequest: number | undefined;
  readonly meanRssMb: Spread;
  /** Bounds are one-sided 95 % each. */
  readonly rssRatio: MeanRatio;
  readonly saturationPerSecond: number | undefined;
  readonly saturationCpuRatio: NonInferiority | undefined;
  readonly serverWaitRatio: number;
  readonly silence:
    | {
        readonly backAfterMs: Spread | undefined;
        /** The median of the first requests behind the silence, to p50 under load. */
        readonly firstRatio: number;
        /** The same median to that of stock, behind the same silence in the same round. */
        readonly firstToStock: NonInferiority;
      }
    | undefined;
  /** Pooled latencies at these quantiles, for the plot. */
  readonly curve: readonly { readonly q: number; readonly ms: number }[];
  readonly rss: readonly { readonly ms: number; readonly bytes: number }[];
  readonly governor: unknown;
}

export interface CellSummary {
  readonly runtime: string;
  readonly workload: string;
  readonly why: string;
  readonly perSecond: number;
  readonly rounds: number;
  /** What the advisor said of it, where an arm is started with that. */
  readonly advice: readonly Suggestion[] | undefined;
  readonly arms: readonly ArmSummary[];
}

const MB = 1024 * 1024;
export const MARGINS = { p50: 0.02, cpu: 0.02, exceedance: 0.1, first: 0.2 } as const;
const BACK_SHARE = 0.75;
const CURVE = [0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999];

function total(rounds: readonly Measured[], of: (m: Measured) => number | undefined): number | undefined {
  const values = rounds.map(of).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

function per(sum: number | undefined, count: number): number | undefined {
  return sum === undefined || count === 0 ? undefined : sum / count;
}

const firstMs = ({ silence }: Measured): number => median(silence!.firstLatencyMs);

function summarizeSilence(
  rounds: readonly Measured[],
  stock: readonly Measured[],
  floorBytes: number,
): ArmSummary["silence"] {
  if (rounds.some(({ silence }) => silence === undefined)) return undefined;
  const back = rounds.map(({ silence }) => backAfterMs(silence!.rss, floorBytes, BACK_SHARE));
  return {
    backAfterMs: back.every((ms) => ms !== undefined) ? spread(back as number[]) : undefined,
    firstRatio: median(rounds.map((m) => firstMs(m) / atQuantile(ascending([m.latencyMs]), 0.5))),
    firstToStock: nonInferior(
      rounds.map((m, round) => firstMs(m) / firstMs(stock[round]!)),
      MARGINS.first,
    ),
  };
}

/** @param measured the windows of each arm, in the order of the rounds */
export function summarize(
  cell: Cell,
  runtime: string,
  perSecond: number,
  advice: readonly Suggestion[] | undefined,
  measured: ReadonlyMap<ArmName, readonly Measured[]>,
): CellSummary {
  const stock = measured.get("stock")!;
  const limit = atQuantile(ascending(stock.map(({ latencyMs }) => latencyMs)), 0.99);
  const floorBytes = Math.min(
    ...[...measured.values()].flat().map(({ silence }) => silence?.lastRssBytes ?? Number.POSITIVE_INFINITY),
  );
  const perRound = (rounds: readonly Measured[], of: (m: Measured) => number): number[] =>
    rounds.map((m, round) => of(m) / of(stock[round]!));
  const quantile = (q: number) => (m: Measured) => atQuantile(ascending([m.latencyMs]), q);

  const summaries = [...measured].map(([arm, rounds]): ArmSummary => {
    const latencies = rounds.map(({ latencyMs }) => latencyMs);
    const sorted = ascending(latencies);
    const interval = (q: number) => quantileInterval(latencies, q, perSecond, 11);
    const requests = sorted.length;
    const per1000 = (of: (m: Measured) => number | undefined) =>
      rounds.every((m) => of(m) !== undefined) ? per(total(rounds, of), requests / 1000) : undefined;
    const saturated = rounds.every((m) => m.saturation !== undefined);
    return {
      arm,
      what: arms[arm].what,
      requests,
      failed: total(rounds, ({ failed }) => failed)!,
      p50: interval(0.5),
      p99: interval(0.99),
      p999: interval(0.999),
      p50Ratio: nonInferior(perRound(rounds, quantile(0.5)), MARGINS.p50),
      p999Ratio: nonInferior(perRound(rounds, quantile(0.999)), MARGINS.exceedance),
      cpuRatio: nonInferior(
        perRound(rounds, (m) => m.cpuMsPerRequest),
        MARGINS.cpu,
      ),
      exceedanceRatio: nonInferior(
        perRound(rounds, (m) => exceedance(m.latencyMs, limit)),
        MARGINS.exceedance,
      ),
      cpuMsPerRequest: spread(rounds.map((m) => m.cpuMsPerRequest)),
      collections: total(rounds, (m) => m.server.collections),
      majors: total(rounds, (m) => m.server.majors),
      youngMsPer1000: per1000(({ server }) => server.youngMs),
      oldMsPer1000: per1000(({ server }) => server.oldMs),
      insideMsPer1000: per1000(({ server }) => server.insideMs),
      insideObservedMsPer1000: per1000(({ server }) => server.insideObservedMs),
      longestCollectionMs:
        total(rounds, (m) => m.server.longestMs) === undefined
          ? undefined
          : Math.max(...rounds.map((m) => m.server.longestMs ?? 0)),
      allocatedBytesPerRequest: per(
        total(rounds, (m) => m.server.allocatedBytes),
        requests,
      ),
      freedBytesPerRequest: per(
        total(rounds, (m) => m.server.freedBytes),
        requests,
      ),
      meanRssMb: spread(rounds.map((m) => m.meanRssBytes / MB)),
      rssRatio: meanRatio(
        perRound(rounds, (m) => m.meanRssBytes),
        T95,
      ),
      saturationPerSecond: saturated ? median(rounds.map((m) => m.saturation!.perSecond)) : undefined,
      saturationCpuRatio: saturated
        ? nonInferior(
            perRound(rounds, (m) => m.saturation!.cpuMsPerRequest),
            MARGINS.cpu,
          )
        : undefined,
      serverWaitRatio: median(rounds.map((m) => m.serverWaitRatio)),
      silence: summarizeSilence(rounds, stock, floorBytes),
      curve: CURVE.filter((q) => requests * (1 - q) >= 5).map((q) => ({ q, ms: atQuantile(sorted, q) })),
      rss: (rounds[0]!.silence ?? rounds[0]!).rss,
      governor: (rounds.at(-1)!.stats as { governor?: unknown }).governor,
    };
  });
  return {
    runtime,
    workload: cell.workload,
    why: cell.why,
    perSecond,
    rounds: stock.length,
    advice,
    arms: summaries,
  };
}
