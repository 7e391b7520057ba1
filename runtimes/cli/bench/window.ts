import { attempt } from "../../shared.ts";
import { UsageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { meanRssBytes, sample, watch } from "../load/observe.ts";
import { Client, type OpenAnswers, openLoop } from "../load/open-loop.ts";
import { App } from "./app.ts";
import { type BenchPlan, variablesOf } from "./plan.ts";

/** Stock, stock again, and governed. What lies between the first two is noise. */
export const ARMS = ["stock", "again", "governed"] as const;
export type Arm = (typeof ARMS)[number];

/** What the governor did while it was attached. */
export interface Governed {
  /** Requests that it saw, those of the warm-up among them. */
  readonly requests: number;
  /** Of all policies. */
  readonly performed: number;
  readonly reason: string;
}

/** One process of the app under load. What cannot be read from `/proc` is `undefined`. */
export interface Window {
  readonly latencyMs: Float64Array;
  readonly lateMs: Float64Array;
  readonly failed: number;
  readonly cpuMs: number | undefined;
  readonly meanRssBytes: number | undefined;
  /** `undefined` without a governor, and where its statistics cannot be asked for. */
  readonly governed: Governed | undefined;
}

const SAMPLE_MS = 100;
/** With more failures than this the figures would be those of something else. */
const MOST_FAILED_RATIO = 0.01;

function checkFailures({ latencyMs, failures }: OpenAnswers, arm: Arm, perSecond: number): number {
  const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
  if (latencyMs.length === 0)
    throw new UsageError("bench: no request in a window; raise --rate or --seconds");
  if (failed / latencyMs.length <= MOST_FAILED_RATIO) return failed;
  const kinds = [...failures].map(
    ([status, count]) => `${count} ${status === 0 ? "without an answer" : `with status ${status}`}`,
  );
  throw new UsageError(
    `bench: ${failed} of ${latencyMs.length} requests failed (${kinds.join(", ")}), ${arm === "governed" ? "governed" : "without the governor"}; at ${perSecond} requests a second the app answers errors: lower --rate, or name another path`,
  );
}

/** Of the requests of a page that `velithon/register` serves. */
async function ask(admin: string | undefined): Promise<Governed | undefined> {
  if (admin === undefined) return undefined;
  try {
    const response = await fetch(`${admin}/stats`);
    const { requests, governor } = (await response.json()) as {
      requests: { finished: number };
      governor: { reason: string; actions: Record<string, { performed: number }> };
    };
    const performed = Object.values(governor.actions).reduce((sum, action) => sum + action.performed, 0);
    return { requests: requests.finished, performed, reason: governor.reason };
  } catch {
    return undefined;
  }
}

/** Starts the app, warms it up, loads it, stops it. @throws `UsageError` */
export async function measureWindow(
  plan: BenchPlan,
  command: Command,
  arm: Arm,
  round: number,
): Promise<Window> {
  const client = new Client();
  const load = {
    url: plan.url,
    body: undefined,
    arrivals: plan.arrivals,
    perSecond: plan.perSecond,
    succeeds: (status: number) => status < 400,
  } as const;
  // One round, one sequence of arrivals: alike for all its arms.
  const seed = plan.seed + round * 1000;
  let app: App | undefined;
  try {
    app = await App.start(command, variablesOf(plan, arm === "governed"), plan.url, client);
    await openLoop(client, { ...load, lengthMs: plan.warmUpMs, seed: seed + 1 });
    app.check();
    const { pid } = app;
    const watched = attempt(() => watch(pid, SAMPLE_MS));
    const before = attempt(() => sample(pid));
    const answers = await openLoop(client, { ...load, lengthMs: plan.windowMs, seed });
    const after = attempt(() => sample(pid));
    watched?.stop();
    app.check();
    const failed = checkFailures(answers, arm, plan.perSecond);
    return {
      latencyMs: answers.latencyMs,
      lateMs: answers.lateMs,
      failed,
      cpuMs: before && after && after.cpuMs - before.cpuMs,
      meanRssBytes: watched && meanRssBytes(watched.samples),
      governed: arm === "governed" ? await ask(app.admin) : undefined,
    };
  } finally {
    client.close();
    await app?.stop();
  }
}
