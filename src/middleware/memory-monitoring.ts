/**
 * Statistics in the log. The guide's `MemoryMonitoringMiddleware`.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { GateKind } from "../core/schedule.ts";
import type { MemoryOptimizer } from "../optimizer/memory-optimizer.ts";
import type { MemoryStats } from "../optimizer/stats.ts";
import type { Gate } from "../requests/gates.ts";
import type { Logger } from "../shared/logger.ts";
import { having, integer, type OptionFields, optional, options, parseOptions } from "../shared/options.ts";
import { govern, optimizerField, optimizerFor, Rank, type VelithonVariables } from "./govern.ts";

/** Options of `memoryMonitoring`. */
export interface MemoryMonitoringOptions {
  /** Statistics are logged every so many requests, at least 1. Default 1000, but at most once a minute. */
  logInterval?: number | undefined;
  /** Default: the optimizer's. */
  logger?: Pick<Logger, "info"> | undefined;
  /** Default: the program's. */
  optimizer?: MemoryOptimizer | undefined;
}

const DEFAULT_INTERVAL = 1000;
/** By default: a busy server would fill its log. */
const AT_MOST_EVERY_MS = 60_000;

const fields = {
  logInterval: optional(integer(1, 1_000_000_000)),
  logger: optional(
    having<Pick<Logger, "info">>(
      "an object with info",
      (value) => typeof (value as Logger | null)?.info === "function",
    ),
  ),
};

/** @internal Checked, with defaults. */
interface MemoryMonitoringSettings {
  readonly logInterval?: number | undefined;
  readonly logger?: Pick<Logger, "info"> | undefined;
  readonly optimizer?: MemoryOptimizer | undefined;
}

/** @internal `also`: options besides its own. */
export function parseMemoryMonitoring(
  where: string,
  given: unknown,
  also: OptionFields = {},
): MemoryMonitoringSettings {
  return parseOptions(where, options({ ...fields, ...also }), given);
}

/** What fits into a line. */
function inShort({ systemMemory, requests, pressure, verdict }: MemoryStats): object {
  return {
    rssMb: systemMemory.rssMb,
    heapUsedMb: systemMemory.heapUsedMb,
    inFlight: requests.inFlight,
    requestsPerSecond: requests.requestsPerSecond60s,
    p99Ms: requests.lastMinute.p99Ms,
    pressure: pressure.level,
    verdict: verdict?.state,
  };
}

/** What goes to the optimizer's own logger, by interval: one line, however many apps are counted. */
const shared = new WeakMap<MemoryOptimizer, Map<number | undefined, Gate>>();

/** @internal */
export function monitoringGates(optimizer: MemoryOptimizer, given: MemoryMonitoringSettings): Gate[] {
  const { logInterval, logger } = given;
  if (logger !== undefined) return [gateOf(optimizer, logInterval, logger)];
  const gates = shared.get(optimizer) ?? new Map<number | undefined, Gate>();
  shared.set(optimizer, gates);
  const gate = gates.get(logInterval) ?? gateOf(optimizer, logInterval, optimizer.logger);
  gates.set(logInterval, gate);
  return [gate];
}

function gateOf(
  optimizer: MemoryOptimizer,
  logInterval: number | undefined,
  logger: Pick<Logger, "info">,
): Gate {
  const everyMs = logInterval === undefined ? AT_MOST_EVERY_MS : 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  const opened = (): void => {
    const nowMs = optimizer.port.now();
    if (nowMs - lastMs < everyMs) return;
    lastMs = nowMs;
    const stats = optimizer.getMemoryStats();
    logger.info({ ...inShort(stats), stats }, "memory statistics");
  };
  return { interval: logInterval ?? DEFAULT_INTERVAL, kind: GateKind.notify, opened };
}

/**
 * Logs the statistics every `logInterval` requests, behind the response: as `stats`, and the main figures beside it.
 *
 * @throws `INVALID_OPTION`, `TOO_MANY_GATES`
 * @example
 * ```ts
 * app.use(memoryMonitoring({ logInterval: 5000 }));
 * ```
 */
export function memoryMonitoring(
  given?: MemoryMonitoringOptions,
): MiddlewareHandler<{ Variables: VelithonVariables }> {
  const parsed = parseMemoryMonitoring("memoryMonitoring", given, optimizerField);
  const optimizer = optimizerFor(parsed.optimizer);
  const gates = optimizer.requests.createGates(monitoringGates(optimizer, parsed));
  const passage = { optimizer, rank: Rank.memoryMonitoring, gates };
  return function memoryMonitoring(c, next) {
    return govern(c, next, passage);
  };
}
