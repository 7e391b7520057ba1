import type { GovernorCore } from "../core/governor.ts";
import { requireFunction, VelithonError } from "../shared/errors.ts";
import type { Logger } from "../shared/logger.ts";
import type { Closable, RuntimePort } from "../shared/port.ts";
import type { Reading } from "../shared/reading.ts";
import { Admission, type Priority } from "./admission.ts";
import { LEVELS, type PressureInfo, type PressureLevel } from "./level.ts";
import { type LastCollection, Pressure, type Relief } from "./pressure.ts";
import type { PressureStats } from "./stats.ts";

/** What pressure control sees of the server, and what it may do: filled by the optimizer. */
export interface PressureHost {
  readonly port: RuntimePort;
  readonly logger: Logger;
  readonly monitor: {
    read(nowMs: number, maxAgeMs: number): Reading;
    setSampleInterval(ms: number): void;
  };
  readonly budget: {
    readonly active: boolean;
    heldBytes(): number;
    giveBack(ratio: number): void;
    restore(): void;
  };
  /** `all`: a major collection that gives back to the system what it can. */
  collect(reach: "major" | "all"): void;
  /** The last major collection that this library made, for whatever reason. */
  lastMajor(): LastCollection | undefined;
  /** 1: what pools and caches did not need; 2: all that is idle or cold. */
  trimStores(step: 1 | 2): void;
}

/** Called after the level has changed, in a later turn of the event loop. What it throws, or its promise rejects with, is logged. */
export type PressureHandler = (level: PressureLevel, info: PressureInfo) => void;

/** A reading that decides on a request is at most this old: 40 a second at 15 µs stay within the sampler's budget. */
const FRESH_MS = 25;
const CALM_INTERVAL_MS = 1000;
const TENSE_INTERVAL_MS = 100;

/** Made together: who is let in follows the level. */
interface Decisions {
  readonly pressure: Pressure;
  readonly admission: Admission;
}

/** Decides the pressure level from readings, and does what becomes due: handlers, clean-ups, collections, the drain. */
export class PressureControl {
  readonly #host: PressureHost;
  readonly #make: () => Decisions;
  #made: Decisions | undefined;
  readonly #handlers = new Set<PressureHandler>();
  #onDrain: (() => void) | undefined;
  #seen: Reading | undefined;
  #told: PressureLevel = "normal";
  /** Of high or critical: only what was said to begin is said to be over. */
  #warned = false;
  #deferred = false;
  #tense = false;

  constructor(host: PressureHost, ratios: readonly [number, number, number], loadCore: () => GovernorCore) {
    this.#host = host;
    this.#make = () => {
      const core = loadCore();
      return { pressure: new Pressure(core, ratios), admission: new Admission(core) };
    };
  }

  get #decisions(): Decisions {
    this.#made ??= this.#make();
    return this.#made;
  }

  get #pressure(): Pressure {
    return this.#decisions.pressure;
  }

  get #admission(): Admission {
    return this.#decisions.admission;
  }

  /** The level now. */
  get level(): PressureLevel {
    return this.#pressure.level;
  }

  /** A reading of the sampler, or one taken for a request. The same one twice counts once. */
  sample(reading: Reading): void {
    if (reading === this.#seen) return;
    this.#seen = reading;
    this.#pressure.sample(reading.atMs, {
      usedBytes: reading.usedBytes,
      limitBytes: reading.limitBytes,
      heapUsedBytes: reading.heapUsedBytes,
      heapLimitBytes:
        reading.heapLimitBytes && reading.heapLimitBytes - (this.#host.port.heapReserveBytes ?? 0),
      stallRatio: reading.psiSomeAvg10Ratio,
      lagMs: reading.loopLagMs?.max,
    });
    if (this.#deferred) return;
    // What is due may take long: never within a request, nor before the response that is being made.
    this.#deferred = true;
    this.#host.port.defer(() => this.#act());
  }

  #act(): void {
    this.#deferred = false;
    this.#pace();
    this.#tell();
    const last = this.#host.lastMajor();
    if (last) this.#pressure.collected(last);
    const due = this.#pressure.due(this.#host.port.now());
    if (due.cleanup !== undefined) this.#relieve("cleanup", due);
    if (due.collection) this.#relieve("collection", due);
    if (due.drain) this.#onDrain?.();
  }

  #pace(): void {
    const { tense } = this.#pressure;
    if (tense === this.#tense) return;
    this.#tense = tense;
    this.#host.monitor.setSampleInterval(tense ? TENSE_INTERVAL_MS : CALM_INTERVAL_MS);
  }

  #tell(): void {
    const { level } = this;
    if (level === this.#told) return;
    const rose = LEVELS.indexOf(level) > LEVELS.indexOf(this.#told);
    this.#told = level;
    const info = this.#pressure.info();
    if (rose && level !== "elevated") {
      this.#warned = true;
      this.#host.logger.warn({ pressure: info }, `pressure ${info.reason}`);
    }
    if (level === "normal" && this.#host.budget.active) this.#host.budget.restore();
    if (level === "normal" && this.#warned) {
      this.#warned = false;
      this.#host.logger.info({ pressure: info }, "pressure is over");
    }
    for (const handler of this.#handlers) void this.#call(handler, level, info);
  }

  /** A promise that rejects with nobody waiting for it would end the process, just when memory is short. */
  async #call(handler: PressureHandler, level: PressureLevel, info: PressureInfo): Promise<void> {
    try {
      await handler(level, info);
    } catch (error) {
      this.#host.logger.error({ err: error }, "a handler of memory pressure failed");
    }
  }

  /** Whatever fell most counts: freed pages go back to the system later than the heap says that they are free. */
  #relieve(what: "cleanup" | "collection", { cleanup, collection }: Relief): void {
    const before = this.#host.monitor.read(this.#host.port.now(), 0);
    try {
      if (what === "collection") this.#host.collect(collection!);
      else this.#letGo(cleanup!);
    } catch (error) {
      this.#host.logger.error({ err: error }, `a ${what} under memory pressure failed`);
    }
    const after = this.#host.monitor.read(this.#host.port.now(), 0);
    const now = this.#host.port.now();
    this.#pressure.relieved(what, now, now - before.atMs, fell(before, after));
    this.sample(after);
  }

  #letGo(level: PressureLevel): void {
    this.#host.trimStores(level === "elevated" ? 1 : 2);
    // Of nothing, giving back would only forbid to hold anything.
    if (this.#host.budget.heldBytes() > 0) this.#host.budget.giveBack(this.#pressure.giveRatio(level));
  }

  /** @returns what ends the calls */
  onPressure(handler: PressureHandler): Closable {
    requireFunction("onPressure: handler", handler);
    // A function of its own each time: the same handler may be added twice.
    const own: PressureHandler = (level, info) => handler(level, info);
    this.#handlers.add(own);
    return { close: () => this.#handlers.delete(own) };
  }

  /** `act` is called once an episode that stays critical for `afterMs`. @throws `ALREADY_ARMED` */
  onDrain(afterMs: number, act: () => void): Closable {
    if (this.#onDrain) {
      throw new VelithonError(
        "ALREADY_ARMED",
        "drainAndExit: this optimizer has a drain already; accepted: one at a time, close() the first",
      );
    }
    this.#pressure.drainAfter(afterMs);
    this.#onDrain = act;
    return {
      close: () => {
        if (this.#onDrain !== act) return;
        this.#onDrain = undefined;
        this.#pressure.drainAfter(0);
      },
    };
  }

  /** Whether a request is let in, on a reading at most 25 ms old. Cost: a clock reading, two calls into the core; at most 40 readings a second. */
  admit(priority: Priority, bytes: number): boolean {
    const now = this.#host.port.now();
    if (this.#seen === undefined || now - this.#seen.atMs > FRESH_MS)
      this.sample(this.#host.monitor.read(now, FRESH_MS));
    return this.#admission.admit(now, priority, bytes, this.#host.port.random());
  }

  /** An admitted request is over. */
  leave(bytes: number): void {
    this.#admission.leave(bytes);
  }

  /** Returns the level, and the readings that decided it. */
  info(): PressureInfo {
    return this.#pressure.info();
  }

  /** Returns the statistics. */
  stats(): PressureStats {
    const info = this.#pressure.info();
    const { entries, durationMs } = this.#pressure.counts();
    // Field by field: spreading into an object costs V8 several µs.
    return {
      level: info.level,
      enteredAtMs: info.enteredAtMs,
      cause: info.cause,
      reason: info.reason,
      inputs: info.inputs,
      timeToLimitMs: info.timeToLimitMs,
      strain: info.strain,
      entries,
      durationMs,
      relief: this.#pressure.relief(),
      shedding: this.#admission.stats(this.#host.port.now()),
    };
  }
}

function fell(before: Reading, after: Reading): number | undefined {
  const less = (a: number | undefined, b: number | undefined) =>
    a === undefined || b === undefined ? undefined : a - b;
  const used = less(before.usedBytes, after.usedBytes);
  const held = less(inside(before), inside(after));
  return used === undefined ? held : held === undefined ? used : Math.max(used, held);
}

/** What the engine holds; on some runtimes only parts of it can be read. */
function inside({ heapUsedBytes, externalBytes }: Reading): number | undefined {
  return heapUsedBytes === undefined ? undefined : heapUsedBytes + (externalBytes ?? 0);
}
