import { setTimeout as sleep } from "node:timers/promises";
import type { Suggestion } from "../../src/index.ts";
import type { Runtime } from "../runtimes.ts";
import { type LoadGenerator, Server } from "./processes.ts";
import type { Workload } from "./workloads.ts";

/** The advisor looks on for a minute before it speaks, from its first sample a second after the start. */
const WATCHED_MS = 63_000;
/** Until it has sampled once more. */
const SAMPLED_MS = 1500;
export const ADVICE_MS: number = WATCHED_MS + SAMPLED_MS;

/** What the advisor says of this server under this load. */
export async function advice(
  generator: LoadGenerator,
  runtime: Runtime,
  name: string,
  workload: Workload,
  perSecond: number,
  seed: number,
): Promise<readonly Suggestion[]> {
  const server = await Server.start(runtime, name, workload, "stack");
  try {
    await generator.run({
      mode: "open",
      url: server.url(workload.path),
      bodyBytes: workload.bodyBytes,
      arrivals: workload.arrivals,
      perSecond,
      lengthMs: WATCHED_MS,
      seed,
    });
    await sleep(SAMPLED_MS);
    return await server.advice();
  } finally {
    server.close();
  }
}

/** The start flags that one of its rules names. */
export function flagsOf(suggestions: readonly Suggestion[], rule: string | undefined): readonly string[] {
  return suggestions.flatMap((said) => (said.rule === rule && said.flag ? [said.flag] : []));
}
