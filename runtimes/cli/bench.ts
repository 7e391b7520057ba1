import process from "node:process";
import { type BenchPlan, readPlan } from "./bench/plan.ts";
import { reportOf, textOf } from "./bench/report.ts";
import { ARMS, type Arm, measureWindow, type Window } from "./bench/window.ts";
import { commandFor } from "./command.ts";
import { factsWith, findFacts, loadPort } from "./facts.ts";
import { random, shuffled } from "./load/random.ts";
import { Progress, printError, printJson, printLine } from "./output.ts";
import { actionsFor } from "./rules/all.ts";

const HELP = `velithon bench [options] app.ts [arguments of the app]: your app with and without the governor, under load

  --path=/x        what is asked for; the app listens on the PORT that it gets. Default /
  --url=ADDRESS    the same with an address, for an app that listens where it likes: http://127.0.0.1:3000/x
  --policy=NAMES   what the governor may do, as in VELITHON_POLICY. Default auto
  --rate=N         requests a second, whether the earlier ones are answered or not. Default 100
  --bursts         400 ms at that rate, 600 ms of silence, by turns; without it requests come all the time
  --seconds=N      of load in each window, behind a warm-up. Default 10
  --rounds=N       each is a window without, one more without, and one with the governor. Default 5
  --seed=N         of arrivals and order. Default 1
  --flag=--x       one more flag for the runtime, in all windows; may be repeated
  --json           everything, for machines

Each window is a new process of the app, with the start flags of velithon run. Latencies count from the moment
at which a request was due. What lies between the two windows without the governor is noise.
Exit code: 0 measured, 1 worse with the governor, 2 wrong arguments, or an app that cannot be measured.`;

/** Start and stop of the app, about. */
const BESIDE_MS = 1500;

async function measure(
  plan: BenchPlan,
  commandOf: (arm: Arm) => ReturnType<typeof commandFor>,
): Promise<Record<Arm, Window[]>> {
  const windows: Record<Arm, Window[]> = { stock: [], again: [], governed: [] };
  const next = random(plan.seed);
  const progress = new Progress();
  const all = plan.rounds * ARMS.length;
  let done = 0;
  try {
    for (let round = 0; round < plan.rounds; round++) {
      for (const arm of shuffled(ARMS, next)) {
        const tell = () =>
          progress.show(`round ${round + 1} of ${plan.rounds}, ${arm}: window ${done + 1} of ${all}`);
        tell();
        const timer = setInterval(tell, 1000);
        try {
          windows[arm].push(await measureWindow(plan, commandOf(arm), arm, round));
        } finally {
          clearInterval(timer);
        }
        done += 1;
      }
    }
  } finally {
    progress.end();
  }
  return windows;
}

/** `velithon bench`. */
export async function bench(args: string[]): Promise<number> {
  const { plan, json } = await readPlan(args);
  if (plan === undefined) {
    printLine(HELP);
    return 0;
  }
  const facts = factsWith(await findFacts(await loadPort()), plan.flags);
  const actions = actionsFor(facts);
  const commandOf = (arm: Arm) =>
    commandFor(facts, process.execPath, actions, { ...plan, attach: arm === "governed" });
  const windows = plan.rounds * ARMS.length;
  const seconds = (windows * (plan.warmUpMs + plan.windowMs + BESIDE_MS)) / 1000;
  const long = seconds < 120 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} minutes`;
  printError(`velithon bench: ${windows} windows, about ${long}`);
  // The app goes with this process.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => process.exit(130));
  const report = reportOf(facts, plan, await measure(plan, commandOf));
  if (json) printJson(report);
  else printLine(textOf(report));
  return report.verdict === "worse" || report.verdict === "mixed" ? 1 : 0;
}
