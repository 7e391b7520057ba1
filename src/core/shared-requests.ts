/**
 * The requests of several workers, as if one optimizer had served them all.
 *
 * @module
 */
import { reading, requireFields, requireInteger, show, VelithonError } from "../shared/errors.ts";
import type { Core } from "./load.ts";
import type { Schedule } from "./schedule.ts";
import {
  DEFAULT_SHARDS,
  MAX_SHARDS,
  SharedCounters,
  type SharedCountersHandle,
  type SharedShard,
} from "./shared.ts";

const COUNTERS = ["started", "finished", "left"] as const;
const STARTED = 0;
const FINISHED = 1;
const LEFT = 2;

/** What a worker needs to take part: goes through `postMessage` and `workerData`. */
export type SharedRequestsHandle = SharedCountersHandle;

/** Options of `SharedRequests`. */
export interface SharedRequestsOptions {
  /** Workers at the same time, 1 to 256; 9 KB each. Default 32. */
  readonly shards?: number | undefined;
  /** A request that took longer was a stream and is no duration, in ms. Default 10,000, as `longLivedAfterMs`. */
  readonly longLivedAfterMs?: number | undefined;
}

/** All workers together, those that have left included. Durations in ms, `undefined` while there are none. */
export interface SharedRequestStats {
  /** Started so far. */
  readonly started: number;
  /** Finished so far. */
  readonly finished: number;
  /** Open in the workers that take part now. */
  readonly inFlight: number;
  readonly meanMs: number | undefined;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly p999Ms: number | undefined;
  readonly maxMs: number | undefined;
}

/** A worker that takes part. */
export interface SharedMember {
  /** For `release`, where the worker ends without `close`. */
  readonly index: number;
  /** Takes part no more: its totals stay, its open requests count as gone. Twice does no harm. */
  close(): void;
}

const ms = (us: number | undefined): number | undefined => (us === undefined ? undefined : us / 1000);

function requireLongLived(ms: unknown): void {
  if (typeof ms === "number" && ms >= 100 && ms <= 3_600_000) return;
  throw new VelithonError(
    "INVALID_OPTION",
    `SharedRequests: longLivedAfterMs is ${show(ms)}; accepted: a number from 100 to 3600000`,
  );
}

function requireSchedule(core: unknown): Schedule {
  const { schedule } = (core ?? {}) as Partial<Core>;
  if (typeof schedule?.observe === "function") return schedule;
  throw new VelithonError(
    "INVALID_OPTION",
    `SharedRequests: join: core is ${show(core)}; accepted: the core of an optimizer`,
  );
}

/**
 * Requests of all workers in one block of shared memory: each counts in a shard of its own, whoever reads adds them
 * up. Needs no message, no socket and no permission, and shows a worker that is too busy to answer.
 *
 * Cost: about 20 ns for a request, in each worker that joined.
 *
 * @example
 * ```ts
 * const requests = new SharedRequests();
 * const worker = new Worker(file, { workerData: requests.handle });
 * // in the worker
 * new SharedRequests(workerData).join(getMemoryOptimizer().core);
 * // anywhere, at any time
 * requests.read().inFlight;
 * ```
 */
export class SharedRequests {
  /** For the workers. */
  readonly handle: SharedRequestsHandle;
  readonly #counters: SharedCounters;
  readonly #longLivedAfterMs: number;

  /** @throws `INVALID_OPTION`; `CORE_NOT_LOADED` where the host has no shared memory */
  constructor(given: SharedRequestsOptions | SharedRequestsHandle = {}) {
    const { isHandle, longLivedAfterMs, shards } = reading("SharedRequests", () => {
      const isHandle = typeof given === "object" && given !== null && "memory" in given;
      if (!isHandle) requireFields("SharedRequests", given, ["shards", "longLivedAfterMs"]);
      const { longLivedAfterMs = 10_000, shards = DEFAULT_SHARDS } = given as SharedRequestsOptions;
      return { isHandle, longLivedAfterMs, shards };
    });
    requireLongLived(longLivedAfterMs);
    requireInteger("SharedRequests: shards", shards, 1, MAX_SHARDS);
    this.#longLivedAfterMs = longLivedAfterMs;
    this.#counters = new SharedCounters(
      isHandle ? (given as SharedRequestsHandle) : { counters: COUNTERS, shards },
    );
    this.handle = { ...this.#counters.handle, longLivedAfterMs } as SharedRequestsHandle;
  }

  /**
   * Counts the requests of an optimizer here too, by its `core`, from now on; those that are open by now included.
   *
   * @throws `POOL_EXHAUSTED` where every shard is taken; `INVALID_OPTION` where it takes part already
   */
  join(core: Core): SharedMember {
    const schedule = requireSchedule(core);
    const shard = this.#counters.claim();
    const longest = this.#longLivedAfterMs;
    const joined = schedule.observe({
      started: () => shard.add(STARTED),
      ended(durationMs) {
        if (durationMs < longest) shard.record(durationMs * 1000);
        shard.add(FINISHED);
      },
    });
    if (!joined) {
      shard.release();
      throw new VelithonError(
        "INVALID_OPTION",
        "SharedRequests: this optimizer takes part already; accepted: one that does not, or close its membership first",
      );
    }
    const { inFlight, longLived } = schedule.flightStats();
    shard.add(STARTED, inFlight + longLived);
    let open = true;
    const close = (): void => {
      if (!open) return;
      open = false;
      schedule.unobserve();
      this.#leave(shard);
      shard.release();
    };
    return { index: shard.index, close };
  }

  /** The shard's open requests will not be ended by anybody. */
  #leave(shard: SharedShard): void {
    shard.add(LEFT, this.#open(shard.index));
  }

  #open(index: number): number {
    return this.#counters.open(index, STARTED, FINISHED, LEFT);
  }

  /** For a worker that ended without `close`. False where its shard was free. */
  release(index: number): boolean {
    const shard = this.#counters.shardOf(index);
    this.#leave(shard);
    return this.#counters.releaseShard(index);
  }

  /** Adds up all shards. Cost: 10 µs each. */
  read(): SharedRequestStats {
    const { counters, histogram } = this.#counters.read();
    const { started, finished } = counters as Record<(typeof COUNTERS)[number], number>;
    let inFlight = 0;
    for (let index = 0; index < this.handle.shards; index++) inFlight += this.#open(index);
    const { mean, max } = histogram.summary();
    const [p50, p99, p999] = histogram.quantiles(0.5, 0.99, 0.999);
    return {
      started,
      finished,
      inFlight,
      meanMs: ms(mean),
      p50Ms: ms(p50),
      p99Ms: ms(p99),
      p999Ms: ms(p999),
      maxMs: ms(max),
    };
  }
}
