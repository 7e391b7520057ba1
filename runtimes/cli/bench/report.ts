import { ascending, atQuantile } from "../load/quantiles.ts";
import type { MeanRatio } from "../load/ratios.ts";
import { showBytes } from "../output.ts";
import { type Judged, judgeAll, type Verdict, type Windows } from "./judge.ts";
import type { BenchPlan } from "./plan.ts";
import type { Arm, Governed } from "./window.ts";

export interface Report {
  readonly runtime: string;
  readonly version: string;
  readonly url: string;
  readonly policy: string;
  readonly bursts: boolean;
  readonly perSecond: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly requests: Readonly<Record<Arm, number>>;
  readonly failed: Readonly<Record<Arm, number>>;
  readonly figures: readonly Judged[];
  readonly verdict: Exclude<Verdict, "cannot tell"> | "mixed";
  /** The verdict in words. */
  readonly sentence: string;
  /** 99th of 100: how late the load itself was; latencies of this size are partly its own. */
  readonly generatorLateMs: number;
  /** Over all windows; `undefined` where its statistics could not be asked for. */
  readonly governor: Governed | undefined;
}

const ratioOf = ({ ratio }: MeanRatio): string => ratio.toFixed(2);
const boundsOf = ({ low, high }: MeanRatio): string => `${low.toFixed(2)} to ${high.toFixed(2)}`;

function listOf(figures: readonly Judged[]): string {
  return figures.map(({ name, ratio }) => `${name} (times ${ratioOf(ratio)}, ${boundsOf(ratio)})`).join(", ");
}

function sentenceOf(figures: readonly Judged[]): string {
  const having = (verdict: Verdict) => figures.filter((figure) => figure.verdict === verdict);
  const [better, worse, same] = [having("better"), having("worse"), having("no difference")];
  const parts = [
    better.length > 0 ? `better in ${listOf(better)}` : "",
    worse.length > 0 ? `worse in ${listOf(worse)}` : "",
    same.length > 0 ? `no difference seen within noise in ${same.map(({ name }) => name).join(", ")}` : "",
  ].filter(Boolean);
  const text = parts.join("; ");
  return `Governed, the app is: ${text === "" ? "not judged, because too little was measured" : text}.`;
}

function governorOf(windows: Windows): Governed | undefined {
  const told = windows.governed.map(({ governed }) => governed);
  if (told.some((each) => each === undefined)) return undefined;
  const all = told as Governed[];
  const sum = (of: (each: Governed) => number) => all.reduce((total, each) => total + of(each), 0);
  return {
    requests: sum(({ requests }) => requests),
    performed: sum(({ performed }) => performed),
    reason: all.at(-1)!.reason,
  };
}

export function reportOf(
  { runtime, version }: { runtime: string; version: string },
  plan: BenchPlan,
  windows: Windows,
): Report {
  const figures = judgeAll(windows);
  const has = (verdict: Verdict) => figures.some((figure) => figure.verdict === verdict);
  const verdict = has("better")
    ? has("worse")
      ? "mixed"
      : "better"
    : has("worse")
      ? "worse"
      : "no difference";
  const perArm = (of: (window: Windows[Arm][number]) => number) =>
    Object.fromEntries(
      Object.entries(windows).map(([arm, all]) => [arm, all.reduce((sum, window) => sum + of(window), 0)]),
    ) as Record<Arm, number>;
  return {
    runtime,
    version,
    url: plan.url,
    policy: plan.policy,
    bursts: plan.arrivals.kind === "on-off",
    perSecond: plan.perSecond,
    seconds: plan.windowMs / 1000,
    rounds: plan.rounds,
    requests: perArm(({ latencyMs }) => latencyMs.length),
    failed: perArm(({ failed }) => failed),
    figures,
    verdict,
    sentence: sentenceOf(figures),
    generatorLateMs: atQuantile(
      ascending(Object.values(windows).flatMap((all) => all.map(({ lateMs }) => lateMs))),
      0.99,
    ),
    governor: governorOf(windows),
  };
}

const shown = ({ unit }: Judged, value: number): string =>
  unit === "bytes" ? showBytes(value) : `${value < 10 ? value.toFixed(2) : value.toFixed(1)} ms`;

function tableOf(figures: readonly Judged[]): string[] {
  const rows = [
    ["", "stock", "again", "governed", "governed to stock", "again to stock: noise"],
    ...figures.map((figure) => [
      figure.name,
      shown(figure, figure.stock),
      shown(figure, figure.again),
      shown(figure, figure.governed),
      `${ratioOf(figure.ratio)} (${boundsOf(figure.ratio)})`,
      `${ratioOf(figure.noise)} (${boundsOf(figure.noise)})`,
    ]),
  ];
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ")}`.trimEnd());
}

function governorLine({ governor, policy }: Report): string {
  if (governor === undefined)
    return `policy ${policy}; what the governor did is not known, because its statistics were not served`;
  if (governor.performed === 0) {
    return `policy ${policy}: the governor only watched, so this is what watching costs (${governor.reason})`;
  }
  return `policy ${policy}: ${governor.performed} collections of the governor (${governor.reason})`;
}

/** Later than this, the load had to wait for a core. */
const LATE_MS = 5;
const LATE =
  "this machine has no spare core for the load generator, so p99 and p99.9 partly measure the generator itself";

/** The report for people. */
export function textOf(report: Report): string {
  const { runtime, version, url, perSecond, seconds, rounds, requests, failed, figures } = report;
  const unseen = figures.filter(({ verdict }) => verdict === "no difference");
  const much = (value: number) =>
    value < 1 ? `${(value * 100).toFixed(value < 0.1 ? 1 : 0)} %` : `a factor of ${(1 + value).toFixed(1)}`;
  return [
    `velithon bench: ${url} on ${runtime} ${version}, ${perSecond} requests a second${report.bursts ? " in bursts" : ""}, ${rounds} rounds of ${seconds} s`,
    "",
    ...tableOf(figures),
    "",
    governorLine(report),
    `requests: ${requests.stock}, ${requests.again}, ${requests.governed}; failed: ${failed.stock}, ${failed.again}, ${failed.governed}; sent late by the load itself, 99th of 100: ${report.generatorLateMs.toFixed(1)} ms`,
    ...(report.generatorLateMs > LATE_MS ? [LATE] : []),
    ...(unseen.length === 0
      ? []
      : [
          `a worsening below this would not have been seen: ${unseen.map(({ name, ratio }) => `${name} ${much(ratio.detectable)}`).join(", ")}; more --rounds see more`,
        ]),
    "",
    report.sentence,
  ].join("\n");
}
