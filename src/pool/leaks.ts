import { finalizers } from "../shared/finalizers.ts";
import type { Logger } from "../shared/logger.ts";
import type { Mark } from "./mark.ts";

/** A lease that was not given back in time, told once. */
export interface LeakReport {
  /** The pool's name. */
  readonly pool: string;
  /** `held`: for longer than `leakThresholdMs`, and still held. `collected`: nobody had the object any more. */
  readonly reason: "held" | "collected";
  /** For how long it was held. */
  readonly heldMs: number;
  /** Where it was acquired; `undefined` where that was not recorded. */
  readonly stack: string | undefined;
}

/** Which leases are watched: none, one in 128, or all. */
export type LeakDetection = "off" | "sampled" | "full";

export interface LeakSettings {
  readonly level: "sampled" | "full";
  readonly thresholdMs: number;
  readonly onLeak: ((leak: LeakReport) => void) | undefined;
}

interface Watched {
  readonly index: number;
  readonly handle: number;
  readonly sinceMs: number;
  /** Its stack is only written out when somebody reads it. */
  readonly acquired: Error | undefined;
  reported: boolean;
}

/** Leases under watch. It holds no object: a leaked one can be collected, and is seen to be. */
export class LeakWatch {
  readonly #pool: string;
  readonly #settings: LeakSettings;
  readonly #now: () => number;
  readonly #logger: Logger | undefined;
  /** Gives up the place of a lease whose object is gone. */
  readonly #lost: (index: number, handle: number) => void;
  readonly #open = new Set<Watched>();
  readonly #byHandle = new Map<number, Watched>();
  #leaked = 0;

  constructor(
    pool: string,
    settings: LeakSettings,
    now: () => number,
    logger: Logger | undefined,
    lost: (index: number, handle: number) => void,
  ) {
    this.#pool = pool;
    this.#settings = settings;
    this.#now = now;
    this.#logger = logger;
    this.#lost = lost;
  }

  /** Whether every lease is watched. */
  get all(): boolean {
    return this.#settings.level === "full";
  }

  /** Leases that were reported. */
  get leaked(): number {
    return this.#leaked;
  }

  #watch(index: number, handle: number, withStack: boolean): Watched {
    const acquired = withStack ? new Error("acquired here") : undefined;
    const lease = { index, handle, sinceMs: this.#now(), acquired, reported: false };
    this.#open.add(lease);
    return lease;
  }

  /** A lease by object: it ends with `end`. */
  begin(object: object, mark: Mark, handle: number, withStack: boolean): void {
    const lease = this.#watch(mark.index, handle, withStack);
    mark.lease = lease;
    finalizers.register(object, () => this.#collected(lease), lease);
  }

  end(mark: Mark): void {
    const lease = mark.lease as Watched | undefined;
    if (lease === undefined) return;
    mark.lease = undefined;
    this.#open.delete(lease);
    finalizers.unregister(lease);
  }

  /** A lease by handle, whose object the pool itself holds: only its time can be told. */
  beginHandle(index: number, handle: number, withStack: boolean): void {
    this.#byHandle.set(handle, this.#watch(index, handle, withStack));
  }

  /** From now on that lease's object is held by its holder alone: whether it is collected can be told. */
  lend(handle: number, object: object, mark: Mark): void {
    const lease = this.#byHandle.get(handle);
    if (lease === undefined) return;
    this.#byHandle.delete(handle);
    mark.lease = lease;
    finalizers.register(object, () => this.#collected(lease), lease);
  }

  endHandle(handle: number): void {
    const lease = this.#byHandle.get(handle);
    if (lease === undefined) return;
    this.#byHandle.delete(handle);
    this.#open.delete(lease);
  }

  /** Reports what has been held for too long, each once. */
  check(nowMs: number): void {
    for (const lease of this.#open) {
      if (!lease.reported && nowMs - lease.sinceMs > this.#settings.thresholdMs) this.#report(lease, "held");
    }
  }

  #collected(lease: Watched): void {
    if (!this.#open.delete(lease)) return;
    if (!lease.reported) this.#report(lease, "collected");
    this.#lost(lease.index, lease.handle);
  }

  #report(lease: Watched, reason: LeakReport["reason"]): void {
    lease.reported = true;
    this.#leaked += 1;
    const heldMs = this.#now() - lease.sinceMs;
    const leak = { pool: this.#pool, reason, heldMs, stack: lease.acquired?.stack };
    this.#logger?.warn(leak, `pool ${this.#pool}: an object was not given back`);
    try {
      this.#settings.onLeak?.(leak);
    } catch (error) {
      this.#logger?.error({ err: error }, `pool ${this.#pool}: onLeak failed`);
    }
  }

  close(): void {
    for (const lease of this.#open) finalizers.unregister(lease);
    this.#open.clear();
    this.#byHandle.clear();
  }
}
