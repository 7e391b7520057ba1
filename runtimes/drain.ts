import process from "node:process";
import type { MemoryOptimizer } from "../src/optimizer/memory-optimizer.ts";
import { drainAndExit } from "../src/pressure/drain.ts";
import { show, VelithonError } from "../src/shared/errors.ts";
import { environmentVariable } from "./shared.ts";

const NAME = "VELITHON_DRAIN_AFTER_SECONDS";

/** How long memory may stay critical before a server drains and exits; `undefined` where that is not wanted. @throws `INVALID_ENVIRONMENT` */
export function readDrainAfterMs(): number | undefined {
  const text = environmentVariable(NAME)?.trim();
  if (!text) return undefined;
  const seconds = Number(text);
  if (!/^\d+$/.test(text) || seconds < 1 || seconds > 86_400) {
    throw new VelithonError(
      "INVALID_ENVIRONMENT",
      `${NAME} is ${show(text)}; accepted: a whole number from 1 to 86400`,
    );
  }
  return seconds * 1000;
}

/** `stop` ends what is still open by itself, in its own time. */
export function drainServer(optimizer: MemoryOptimizer, afterMs: number, stop: () => Promise<void>): void {
  drainAndExit(optimizer, { afterMs, stop, exit: (code) => process.exit(code), drainTimeoutMs: 60_000 });
}
