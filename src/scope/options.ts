import { show, VelithonError } from "../shared/errors.ts";
import { boolean, having, number, optional, options, parseOptions } from "../shared/options.ts";
import type { Departing } from "./signal.ts";

/** Options of `new RequestMemoryContext()`. */
export interface RequestMemoryContextOptions {
  /** Measure duration and heap growth between start and end. Default false. */
  enableMonitoring?: boolean | undefined;
  /** `signal` fires this long after the start, in ms: 1 to 86,400,000. Default: never. */
  deadlineMs?: number | undefined;
  /** The context's `signal` also fires when this one does. Pass the `signal` of the request that is served. */
  signal?: AbortSignal | undefined;
}

export const deadline: ReturnType<typeof number> = number(1, 86_400_000);

const schema = options({
  enableMonitoring: optional(boolean(), false),
  deadlineMs: optional(deadline),
  signal: optional(having<AbortSignal>("an AbortSignal", (value) => value instanceof AbortSignal)),
});

/** @internal @throws `INVALID_OPTION` */
export function parseContextOptions(given: RequestMemoryContextOptions | undefined): {
  readonly enableMonitoring: boolean;
  readonly deadlineMs: number | undefined;
  readonly signal: AbortSignal | undefined;
} {
  const { enableMonitoring, deadlineMs, signal } = parseOptions("RequestMemoryContext", schema, given);
  return { enableMonitoring, deadlineMs, signal };
}

/** @internal Options that were checked before, for a context on each request. */
export class CheckedContextOptions {
  readonly enableMonitoring: boolean;
  readonly deadlineMs: number | undefined;
  readonly startedAtMs: number | undefined;
  /** Asked for its signal when somebody asks for the context's. */
  readonly client: Departing | undefined;

  constructor(
    enableMonitoring: boolean,
    deadlineMs: number | undefined,
    startedAtMs?: number,
    client?: Departing,
  ) {
    this.enableMonitoring = enableMonitoring;
    this.deadlineMs = deadlineMs;
    this.startedAtMs = startedAtMs;
    this.client = client;
  }
}

/** @internal @throws `INVALID_OPTION` unless it can be leased from */
export function requirePool(pool: unknown): void {
  const { acquire, release } = (pool ?? {}) as { acquire?: unknown; release?: unknown };
  if (typeof acquire === "function" && typeof release === "function") return;
  throw new VelithonError(
    "INVALID_OPTION",
    `acquire: pool is ${show(pool)}; accepted: an object with acquire and release`,
  );
}
