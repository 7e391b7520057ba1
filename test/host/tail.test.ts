import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Runtime } from "../../bench/runtimes.ts";
import { ADVICE_MS, flagsOf } from "../../bench/tail/advice.ts";
import { backAfterMs, exceedance, nonInferior, quantileInterval } from "../../bench/tail/analyse.ts";
import { createWorkloads } from "../../bench/tail/apps.ts";
import { type ArmName, arms } from "../../bench/tail/arms.ts";
import { aroundPauses } from "../../bench/tail/charges.ts";
import { matrix } from "../../bench/tail/matrix.ts";
import { formatCell, formatNeverWorse } from "../../bench/tail/print.ts";
import { summarize } from "../../bench/tail/summary.ts";
import { estimateMs, timings } from "../../bench/tail/timing.ts";
import type { Measured } from "../../bench/tail/window.ts";
import { type Workload, workloads } from "../../bench/tail/workloads.ts";
import { arrivalTimes } from "../../runtimes/cli/load/arrivals.ts";
import { ascending, atQuantile } from "../../runtimes/cli/load/quantiles.ts";
import { random } from "../../runtimes/cli/load/random.ts";
import { youngGeneration } from "../../src/advisor/rules/young-generation.ts";
import { oneWindow } from "../support/one-window.ts";

const poisson = { kind: "poisson" } as const;

/** Normal by Box and Muller. */
function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

test("Poisson arrivals: repeatable, ascending, at their rate, gaps as irregular as they must be", () => {
  const times = arrivalTimes(poisson, 500, 60_000, 1);
  assert.equal(times, arrivalTimes(poisson, 500, 60_000, 1));
  assert.not.equal(times, arrivalTimes(poisson, 500, 60_000, 2));
  const gaps = times.slice(1).map((time, i) => time - times[i]!);
  assert.ok(gaps.every((gap) => gap >= 0));
  // 30,000 expected: five standard deviations are 866.
  assert.ok(Math.abs(times.length - 30_000) < 866, `${times.length}`);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
  assert.ok(Math.abs(deviation / mean - 1) < 0.05, "of an exponential gap the deviation is the mean");
});

test("on-off arrivals: none while off, the rate while on", () => {
  const times = arrivalTimes({ kind: "on-off", onMs: 400, offMs: 600 }, 1000, 50_000, 3);
  assert.ok(times.every((time) => time % 1000 < 400));
  assert.ok(Math.abs(times.length - 20_000) < 710, `${times.length}`);
});

test("requests around pauses: who arrived in one, what was left of it, and what they took beyond the usual", () => {
  const pauses = [
    { fromMs: 1000, toMs: 1040 },
    { fromMs: 2000, toMs: 2020 },
  ];
  const requests: readonly (readonly [number, number])[] = [
    [500, 2],
    [900, 4],
    [1000, 43],
    [1030, 14],
    [1040, 30],
    [1100, 9],
    [1500, 3],
    [2005, 18],
    [2010, Number.NaN],
    [2500, 3],
  ];
  const seen = aroundPauses(
    pauses,
    Float64Array.from(requests, ([at]) => at),
    Float64Array.from(requests, ([, latency]) => latency),
  );
  // Calm: 2, 4, 3, 3; what came within 100 ms behind a pause is neither.
  assert.equal(seen, { arrivedRequests: 3, residualMs: 40 + 10 + 15, usualMs: 3, excessMs: 40 + 11 + 15 });
});

test("quantiles, exceedances and the way back of a series", () => {
  const values = ascending([Float64Array.of(3, Number.NaN, 1), Float64Array.of(2, 4)]);
  assert.equal([...values], [1, 2, 3, 4]);
  assert.is(atQuantile(values, 0.5), 2);
  assert.is(atQuantile(values, 0.51), 3);
  assert.is(atQuantile(values, 1), 4);
  assert.ok(Number.isNaN(atQuantile(new Float64Array(0), 0.5)));
  assert.is(exceedance(Float64Array.of(1, 2, 3, Number.NaN), 1.5), 2 / 3);
  const series = [100, 90, 60, 40, 30].map((bytes, i) => ({ ms: i * 10, bytes }));
  assert.is(backAfterMs(series, 20, 0.75), 30);
  assert.is(backAfterMs(series, 20, 0.99), undefined);
});

test("the bootstrap's 95 % interval covers the true quantile of a sequence in bursts as often as it says", () => {
  const next = random(5);
  const rounds = 100;
  let covered = 0;
  for (let round = 0; round < rounds; round++) {
    let state = 0;
    // Autoregressive of order one with coefficient 0.8: its variance is 1 / (1 - 0.64).
    const values = Float64Array.from({ length: 1500 }, () => {
      state = state * 0.8 + normal(next);
      return state;
    });
    const { low, high } = quantileInterval([values], 0.5, 50, round + 1);
    if (low <= 0 && 0 <= high) covered += 1;
  }
  assert.ok(covered >= 86 && covered <= 100, `${covered} of ${rounds}`);
});

test("non-inferiority: right with planted ratios, undecided where the rounds cannot tell", () => {
  const next = random(9);
  const judge = (effect: number, sd: number, rounds = 8) => {
    const seen = new Map<string, number>();
    for (let i = 0; i < 400; i++) {
      const ratios = Array.from({ length: rounds }, () => effect * Math.exp(sd * normal(next)));
      const { judgement } = nonInferior(ratios, 0.02);
      seen.set(judgement, (seen.get(judgement) ?? 0) + 1);
    }
    return (name: string) => (seen.get(name) ?? 0) / 400;
  };
  assert.ok(judge(1, 0.005)("not worse") > 0.95, "no effect, little noise");
  assert.ok(judge(1.1, 0.005)("worse") > 0.95, "an effect, little noise");
  assert.ok(judge(1.02, 0.01)("not worse") < 0.09, "at the margin it errs in 5 % at most");
  assert.ok(judge(1, 0.3)("undecided") > 0.8, "much noise");
  assert.is(nonInferior([1], 0.02).judgement, "too few rounds");
  const { detectable } = nonInferior([0.99, 1, 1.01, 1, 0.99, 1.01], 0.02);
  assert.ok(detectable > 0.005 && detectable < 0.02, `${detectable}`);
});

test("a cell's report has each figure in text and in JSON: times, CPU, collections, bytes made and freed, waits for a core", () => {
  const [cell] = matrix;
  const measured = new Map<ArmName, Measured[]>([
    ["stock", [oneWindow("stock", 1, 20_480), oneWindow("stock", 1, 20_480)]],
    ["again", [oneWindow("again", 1.5), oneWindow("again", 1.5)]],
  ]);
  const summary = summarize(cell!, "node", 100, undefined, measured);
  const [stock, again] = summary.arms;
  assert.equal([stock!.allocatedBytesPerRequest, stock!.freedBytesPerRequest], [20_480, 10_240]);
  assert.equal([again!.allocatedBytesPerRequest, again!.freedBytesPerRequest], [undefined, undefined]);
  assert.equal([stock!.majors, stock!.longestCollectionMs], [4, 5]);
  assert.equal([stock!.youngMsPer1000, stock!.oldMsPer1000], [2, 6]);
  assert.equal([stock!.insideMsPer1000, stock!.insideObservedMsPer1000], [3, 3.5]);
  assert.is(again!.p50Ratio.ratio, 1.5);
  assert.equal([again!.p50Ratio.judgement, again!.cpuRatio.judgement], ["worse", "not worse"]);
  const text = formatCell(summary);
  for (const figure of [
    "20.0, 10.0",
    "2.00, 6.00",
    "3.00, 3.50",
    "cannot tell, cannot tell",
    "0.25",
    "4321",
    "1.50 [1.50..1.50]",
  ])
    assert.ok(text.includes(figure), `${figure}\n${text}`);
  assert.match(formatNeverWorse([summary]), "A/A");
});

test("a cell in whose windows stock made fewer than ten major collections says so", () => {
  const told = (majors: number | undefined): boolean => {
    const window = oneWindow("stock", 1);
    const server = { ...window.server, majors };
    const measured = new Map<ArmName, Measured[]>([["stock", [{ ...window, server }]]]);
    return formatCell(summarize(matrix[0]!, "node", 100, undefined, measured)).includes("no claim");
  };
  assert.equal([told(undefined), told(9), told(10)], [false, true, false]);
});

test("the quick run takes under 5 minutes, the full one under 90 for each runtime", () => {
  const jobs = (runtime: Runtime, mode: "quick" | "full") =>
    matrix
      .filter((cell) => cell.runtimes.includes(runtime) && (mode === "full" || cell.quick))
      .map((cell) => {
        const { silenceMs }: Workload = workloads[cell.workload];
        const watchedMs = cell.arms.some((arm) => arms[arm].advisedBy) ? ADVICE_MS : 0;
        return { arms: cell.arms.length + 2, silenceMs: silenceMs?.[mode] ?? 0, watchedMs };
      });
  for (const runtime of ["node", "bun", "deno"] as const) {
    const minutes = (mode: "quick" | "full") => estimateMs(jobs(runtime, mode), timings[mode]) / 60_000;
    assert.ok(minutes("quick") < 5, `quick on ${runtime}: ${minutes("quick")}`);
    assert.ok(minutes("full") < 90, `full on ${runtime}: ${minutes("full")}`);
  }
  const one = { rounds: 3, windowMs: 10_000, warmUpMs: 1000, calibrateMs: 500, saturationMs: 2000 };
  assert.is(estimateMs([{ arms: 2, silenceMs: 0, watchedMs: 70_000 }], one), 80_000 + 2500 + 6 * 14_500);
  assert.is(estimateMs([{ arms: 2, silenceMs: 5000, watchedMs: 0 }], one), 10_000 + 2500 + 6 * 21_500);
});

test("first requests behind a silence are judged by those of stock in the same round", () => {
  const behind = (arm: ArmName, firstMs: number): Measured => ({
    ...oneWindow(arm, 2),
    silence: { peakRssBytes: 2, lastRssBytes: 1, rss: [], firstLatencyMs: [firstMs, firstMs, 90] },
  });
  const measured = new Map<ArmName, Measured[]>([
    ["stock", [behind("stock", 3), behind("stock", 6)]],
    ["trim", [behind("trim", 3.3), behind("trim", 6.6)]],
  ]);
  const { arms: seen } = summarize(matrix[0]!, "node", 100, undefined, measured);
  const { firstRatio, firstToStock } = seen[1]!.silence!;
  assert.ok(Math.abs(firstRatio - (1.65 + 3.3) / 2) < 1e-9, `${firstRatio}`);
  assert.ok(Math.abs(firstToStock.ratio - 1.1) < 1e-9, `${firstToStock.ratio}`);
  assert.is(firstToStock.judgement, "not worse");
  assert.is(seen[0]!.silence!.firstToStock.ratio, 1);
});

test("every workload is in the matrix, and so is every arm", () => {
  assert.equal([...new Set(matrix.map((cell) => cell.workload))].sort(), Object.keys(workloads).sort());
  // `pressed` is what --validate-charges runs.
  const used = new Set(["stock", "again", "pressed", ...matrix.flatMap((cell) => cell.arms)]);
  assert.equal([...used].sort(), Object.keys(arms).sort());
  for (const cell of matrix) assert.ok(cell.why.length > 10 && cell.runtimes.length > 0);
});

test("a workload's routes answer, and an arm that is advised is so by a rule that speaks", async () => {
  const names = Object.keys(workloads) as (keyof typeof workloads)[];
  for (const name of names.filter((one) => workloads[one].bodyBytes === 0)) {
    const answer = await createWorkloads(name).request(workloads[name].path);
    assert.is(answer.status, 200, name);
    assert.ok((await answer.text()).length > 10, name);
  }
  const { advisedBy } = arms.young;
  const said = { what: "", evidence: "", variable: undefined, verify: "" };
  const suggestions = [
    { ...said, rule: youngGeneration.name, flag: "--max-semi-space-size=64", instead: undefined },
    { ...said, rule: "runtime-version", flag: undefined, instead: "run another" },
  ];
  assert.equal(flagsOf(suggestions, advisedBy), ["--max-semi-space-size=64"]);
  assert.equal(flagsOf(suggestions, "runtime-version"), []);
  assert.equal(flagsOf(suggestions, undefined), []);
});

test.run();
