import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { judgeAll, type Verdict } from "../../runtimes/cli/bench/judge.ts";
import { readPlan } from "../../runtimes/cli/bench/plan.ts";
import { reportOf, textOf } from "../../runtimes/cli/bench/report.ts";
import { ARMS, type Arm, type Window } from "../../runtimes/cli/bench/window.ts";
import { random } from "../../runtimes/cli/load/random.ts";

const file = fileURLToPath(import.meta.url);
/** Normal by Box and Muller. */
const normal = (next: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

/** Windows of rounds that deviate by `deviation`; with the governor, everything takes `effect` times as much. */
function planted(
  next: () => number,
  effect: number,
  deviation: number,
  rounds: number,
  requests = 1000,
): Record<Arm, Window[]> {
  const windows: Record<Arm, Window[]> = { stock: [], again: [], governed: [] };
  for (let round = 0; round < rounds; round++) {
    const slow = Math.exp(0.3 * normal(next));
    for (const arm of ARMS) {
      const much = () => (arm === "governed" ? effect : 1) * Math.exp(deviation * normal(next));
      const scale = slow * much();
      windows[arm].push({
        latencyMs: Float64Array.from({ length: requests }, (_, i) => scale * (1 + i / requests)),
        lateMs: new Float64Array(requests),
        failed: 0,
        cpuMs: 1000 * slow * much(),
        meanRssBytes: 5e7 * much(),
        governed: undefined,
      });
    }
  }
  return windows;
}

/** The share of benches in which any figure has this verdict. */
function share(verdict: Verdict, effect: number, deviation: number, rounds: number): number {
  const next = random(5);
  const benches = 200;
  let count = 0;
  for (let i = 0; i < benches; i++) {
    if (judgeAll(planted(next, effect, deviation, rounds, 200)).some((figure) => figure.verdict === verdict))
      count++;
  }
  return count / benches;
}

test("without a difference, hardly a bench shows one in any figure", () => {
  for (const rounds of [3, 5, 10]) {
    const wrong = share("better", 1, 0.05, rounds) + share("worse", 1, 0.05, rounds);
    assert.ok(wrong <= 0.06, `${wrong} with ${rounds} rounds`);
  }
});

test("a difference well above the noise is seen, and on its right side", () => {
  assert.ok(share("worse", 1.3, 0.03, 5) > 0.95);
  assert.ok(share("better", 1 / 1.3, 0.03, 5) > 0.95);
  assert.is(share("better", 1.3, 0.03, 5), 0);
  assert.ok(share("worse", 1.3, 0.3, 5) < 0.2, "it drowns in noise that is larger than it");
});

test("CPU times that agree to the tick by chance are no certainty", () => {
  const windows = planted(random(1), 1, 0, 5);
  const exact = (arm: Arm, cpuMs: number) => {
    windows[arm] = windows[arm].map((window) => ({ ...window, cpuMs }));
  };
  exact("stock", 20);
  exact("again", 20);
  exact("governed", 30);
  const cpu = judgeAll(windows).find(({ name }) => name === "CPU per request")!;
  assert.is(cpu.ratio.ratio.toFixed(2), "1.50");
  assert.ok(cpu.ratio.low < 1, `${cpu.ratio.low}`);
});

test("what was not measured is not judged: no /proc, too few requests above a quantile", () => {
  const windows = planted(random(1), 2, 0.01, 3);
  for (const arm of ARMS) {
    windows[arm] = windows[arm].map((window) => ({ ...window, cpuMs: undefined, meanRssBytes: undefined }));
  }
  assert.equal(
    judgeAll(windows).map(({ name }) => name),
    ["p50", "p99"],
  );
});

const planOf = async (...args: string[]) => (await readPlan([...args, file, "--of", "its own"])).plan!;

test("the plan: defaults, a port for the app, or an address of its own", async () => {
  const plan = await planOf();
  assert.equal([plan.file, ...plan.args], [file, "--of", "its own"]);
  assert.equal([plan.perSecond, plan.windowMs, plan.rounds, plan.policy], [100, 10_000, 5, "auto"]);
  assert.is(plan.url, `http://127.0.0.1:${plan.port}/`);
  const other = await planOf("--url=http://localhost:3000/x?y=1", "--policy=quiet,trim", "--bursts");
  assert.equal(
    [other.url, other.port, other.policy],
    ["http://localhost:3000/x?y=1", undefined, "quiet,trim"],
  );
  assert.is(other.arrivals.kind, "on-off");
});

test("bad arguments: one line each, with the option, the value and what is accepted", async () => {
  const bad: [string[], RegExp][] = [
    [["--rate=0"], /^bench: --rate is "0"; accepted: a number from 1 to 100000$/],
    [["--rate="], /^bench: --rate is ""; accepted/],
    [["--seconds=0.5"], /^bench: --seconds is "0.5"; accepted: a number from 1 to 3600$/],
    [["--rounds=2"], /^bench: --rounds is "2"; accepted: a whole number from 3 to 100$/],
    [["--rounds=3.5"], /^bench: --rounds is "3.5"; accepted: a whole number/],
    [["--policy=fast"], /^bench: --policy is "fast"; accepted: observe, interval, quiet/],
    [["--policy=auto,trim"], /^bench: --policy is "auto,trim"; accepted/],
    [["--url=localhost"], /^bench: --url is "localhost"; accepted: an address such as http/],
    [["--url=https://localhost/"], /^bench: --url is "https:\/\/localhost\/"; accepted/],
    [["--url=http://localhost/", "--path=/x"], /^bench: --url and --path; accepted: one of them/],
    [["--path=x"], /^bench: --path is "x"; accepted: one that begins with \/$/],
    [["--fast"], /^bench: .*--fast.*; accepted: --url, --path, --policy/],
  ];
  for (const [args, expected] of bad) {
    let message = "";
    try {
      await planOf(...args);
    } catch (error) {
      message = (error as Error).message;
    }
    assert.match(message, expected);
  }
});

test("the report says in one sentence what is better, worse, or not seen", async () => {
  const plan = { ...(await planOf()), rounds: 5 };
  const reportWith = (effect: number) =>
    reportOf({ runtime: "node", version: "24" }, plan, planted(random(3), effect, 0.01, 5));
  assert.match(
    reportWith(1).sentence,
    /^Governed, the app is: no difference seen within noise in p50, p99, .*RSS\.$/,
  );
  assert.is(reportWith(1).verdict, "no difference");
  assert.match(
    reportWith(2).sentence,
    /^Governed, the app is: worse in p50 \(times 2\.\d\d, \S+ to \S+\), p99/,
  );
  assert.is(reportWith(2).verdict, "worse");
  assert.is(reportWith(0.5).verdict, "better");
  const text = textOf(reportWith(1));
  for (const part of ["p99.9", "CPU per request", "again to stock: noise", "would not have been seen"]) {
    assert.match(text, part);
  }
  assert.not.match(text, "no spare core");
  const late = textOf({ ...reportWith(1), generatorLateMs: 20 });
  assert.match(late, "no spare core for the load generator");
});

test.run();
