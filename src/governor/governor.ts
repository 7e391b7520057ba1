import { createGovernorCore, type GovernorCore } from "../core/governor.ts";
import type { Closable, RuntimePort } from "../shared/port.ts";
import type { GovernorPolicy, GovernorSettings } from "./options.ts";
import {
  ACTING,
  type ActingPolicy,
  type GovernorStats,
  readPolicy,
  readReadings,
  type TrimAftermath,
} from "./stats.ts";

/** How a collection went, as the GC optimizer tells it. */
export interface Collected {
  readonly performed: boolean;
  readonly reason: string | undefined;
  readonly collectionTimeMs: number | undefined;
  readonly freedBytes: number | undefined;
}

/** What the monitor reads, as far as it matters here. */
export interface GovernorReading {
  readonly rssBytes: number | undefined;
  readonly heapUsedBytes: number | undefined;
  readonly externalBytes: number | undefined;
  /** What is compared with the limit. */
  readonly usedBytes: number | undefined;
  readonly limitBytes: number | undefined;
  readonly heapLimitBytes: number | undefined;
}

/** What the governor sees of the server, and what it may do: filled by the optimizer. */
export interface GovernorHost {
  readonly port: RuntimePort;
  /** When a request last started or ended, and whom to tell about the next start, once. */
  readonly traffic: { lastMs: number; onActivity: (() => void) | undefined };
  flight(): { readonly inFlight: number; readonly started: number };
  /** Requests that finished, and their mean duration. */
  latency(): { readonly count: number; readonly mean: number | undefined };
  read(nowMs: number, maxAgeMs: number): GovernorReading;
  /** `all`: a major collection that gives back to the system what it can. */
  collect(reach: "major" | "all"): Collected;
  /** 1: what pools and caches did not need; 2: all that is idle. */
  trimStores(step: 1 | 2): void;
  collectByCount(): void;
  countsCollect(): boolean;
}

/** The first look after a silence. */
const FIRST_LOOK_MS = 50;
/** How long after a trim the requests that come count as its aftermath. */
const AFTERMATH_MS = 250;
const WATERMARK = ACTING.indexOf("watermark");
const TRIM = ACTING.indexOf("trim");
const SEAL = ACTING.indexOf("seal");
/** A program that has started nothing for this long, and got no request, has started. */
const STARTED_MS = 1000;

function bytes(value: number | undefined): number {
  return value ?? Number.NaN;
}

/**
 * Carries out what the governor's core decides: looks after a request has come, until nothing is left to
 * wait for. A silent process has no timer of it.
 */
export class Governor {
  readonly #host: GovernorHost;
  readonly #settings: GovernorSettings;
  readonly #acting: readonly ActingPolicy[];
  readonly #core: GovernorCore | undefined;
  readonly #wake: () => void;
  #running = false;
  #timer: Closable | undefined;
  #sealed: Collected | undefined;
  #trimmed: { readonly count: number; readonly mean: number | undefined } | undefined;
  #aftermath: Closable | undefined;
  #afterTrim: TrimAftermath | undefined;

  constructor(host: GovernorHost, settings: GovernorSettings) {
    this.#host = host;
    this.#settings = settings;
    const named = settings.policies ?? [];
    this.#acting = ACTING.filter((policy) => named.includes(policy));
    this.#wake = () => this.#woken();
    if (this.#acting.length === 0) return;
    this.#core = createGovernorCore();
    const mask = this.#acting.reduce((bits, policy) => bits | (1 << ACTING.indexOf(policy)), 0);
    this.#core.exports.governorConfigure(mask);
  }

  /** Whether a middleware that counts collections selects `interval`: not where a policy was named. */
  get takesCounts(): boolean {
    return this.#settings.policies === undefined || this.#settings.policies.includes("interval");
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    if (this.#settings.policies?.includes("interval")) this.#host.collectByCount();
    if (!this.#core) return;
    if (this.#acting.includes("seal") && !this.#sealed) this.#awaitStart(this.#host.port.now());
    if (this.#looks) this.#host.traffic.onActivity = this.#wake;
  }

  stop(): void {
    this.#running = false;
    this.#timer?.close();
    this.#aftermath?.close();
    this.#timer = undefined;
    this.#host.traffic.onActivity = undefined;
  }

  /** Whether any policy needs looks of its own. */
  get #looks(): boolean {
    return this.#acting.some((policy) => policy !== "seal");
  }

  /** From the monitor, once a second: near a limit a process without requests is looked at too. */
  sample(): void {
    if (this.#running && this.#acting.includes("watermark")) this.#look();
  }

  /** One full collection at the end of the start-up, before the first request. Later calls answer as the first. */
  seal(): Collected {
    this.#sealed ??= this.#seal();
    return this.#sealed;
  }

  #seal(): Collected {
    if (this.#host.flight().started > 0) {
      const reason = "requests have come already";
      return { performed: false, reason, collectionTimeMs: undefined, freedBytes: undefined };
    }
    this.#core?.exports.governorConfirm(SEAL, this.#host.port.now(), 0, 0);
    return this.#collect(SEAL, "major");
  }

  /** The start-up is over when a second has passed without a request and with the loop free. */
  #awaitStart(sinceMs: number): void {
    const { port } = this.#host;
    this.#timer = port.after(STARTED_MS, () => {
      this.#timer = undefined;
      // A loop that was held up is still starting.
      if (port.now() - sinceMs > STARTED_MS * 1.2 && !this.#sealed) return this.#awaitStart(port.now());
      if (this.#host.flight().started === 0) this.seal();
      if (this.#looks) this.#look();
    });
  }

  #arm(ms: number): void {
    this.#timer?.close();
    this.#timer = this.#host.port.after(ms, () => this.#look());
  }

  /** Reads what the core needs to know. Cost: 5 to 20 µs. */
  #sense(core: GovernorCore, now: number): void {
    const { port, traffic } = this.#host;
    const { started, inFlight } = this.#host.flight();
    core.exports.governorSense(
      now,
      started,
      inFlight,
      traffic.lastMs,
      bytes(port.readCpuMs()),
      bytes(this.#oldBytes()),
    );
    if (!this.#acting.includes("watermark")) return;
    const reading = this.#host.read(now, 20);
    core.exports.governorMarks(
      now,
      bytes(reading.usedBytes) / bytes(reading.limitBytes),
      bytes(reading.heapUsedBytes) / bytes(reading.heapLimitBytes),
      bytes(reading.externalBytes) / bytes(reading.limitBytes),
    );
  }

  #oldBytes(): number | undefined {
    const spaces = this.#host.port.readHeapSpaces();
    if (!spaces) return undefined;
    let old = 0;
    for (const space of spaces) if (!space.name.includes("new_")) old += space.usedBytes;
    return old;
  }

  #look(): void {
    const core = this.#core;
    this.#timer?.close();
    this.#timer = undefined;
    if (!this.#running || !core) return;
    const now = this.#host.port.now();
    this.#sense(core, now);
    const wait = core.exports.governorNext(now);
    if (wait === 0) {
      const policy = core.exports.governorOpportunity();
      // Behind the requests that are ready: they come first.
      this.#host.port.defer(() => this.#attempt(core, policy));
    } else if (wait > 0) {
      this.#arm(wait);
    } else {
      this.#host.traffic.onActivity = this.#wake;
    }
  }

  #attempt(core: GovernorCore, policy: number): void {
    if (!this.#running) return;
    const { started, inFlight } = this.#host.flight();
    const verdict = core.exports.governorConfirm(policy, this.#host.port.now(), started, inFlight);
    if (verdict === 0) this.#act(core, policy);
    this.#look();
  }

  #act(core: GovernorCore, policy: number): void {
    if (policy !== TRIM) return void this.#collect(policy, "major");
    this.#host.trimStores(core.exports.governorTrimStep() === 1 ? 1 : 2);
    this.#trimmed = this.#host.latency();
    this.#collect(policy, "all");
    this.#host.traffic.onActivity = this.#wake;
  }

  /** Inside the start of a request: it only arms timers. */
  #woken(): void {
    if (!this.#timer) this.#arm(FIRST_LOOK_MS);
    if (this.#trimmed) this.#measureAftermath(this.#trimmed);
    this.#trimmed = undefined;
  }

  /** The first requests after a trim: what they took. */
  #measureAftermath(before: { readonly count: number; readonly mean: number | undefined }): void {
    this.#aftermath?.close();
    this.#aftermath = this.#host.port.after(AFTERMATH_MS, () => {
      const after = this.#host.latency();
      const requests = after.count - before.count;
      if (requests <= 0 || after.mean === undefined) return;
      const sum = after.count * after.mean - before.count * (before.mean ?? 0);
      this.#afterTrim = {
        requests,
        meanMs: sum / requests / 1000,
        usualMeanMs: before.mean && before.mean / 1000,
      };
    });
  }

  #collect(policy: number, reach: "major" | "all"): Collected {
    const { port } = this.#host;
    const exports = this.#core?.exports;
    const cpuMs = port.readCpuMs();
    const before = policy === WATERMARK || policy === TRIM ? this.#host.read(port.now(), 0) : undefined;
    const result = this.#host.collect(reach);
    if (!result.performed) {
      exports?.governorUnsupported(policy);
      return result;
    }
    const after = before && this.#host.read(port.now(), 0);
    const resident = bytes(before?.rssBytes) - bytes(after?.rssBytes);
    const heap = bytes(result.freedBytes);
    const freed = resident > heap || Number.isNaN(heap) ? resident : heap;
    exports?.governorDone(
      policy,
      port.now(),
      result.collectionTimeMs ?? 0,
      bytes(port.readCpuMs()) - bytes(cpuMs),
      freed,
      bytes(before?.rssBytes),
      bytes(this.#oldBytes()),
    );
    this.#countWaiting(result.collectionTimeMs ?? 0);
    return result;
  }

  /** What the kernel held while we collected comes within two turns: accepted in one, read in the next. */
  #countWaiting(pauseMs: number): void {
    const { port } = this.#host;
    const before = this.#host.flight().started;
    port.defer(() =>
      port.defer(() => this.#core?.exports.governorWaited(pauseMs, this.#host.flight().started - before)),
    );
  }

  getStats(): GovernorStats {
    const core = this.#core;
    const tells = this.#host.port.capabilities.heapUsed.available;
    const actions: GovernorStats["actions"] = core
      ? Object.fromEntries(this.#acting.map((policy) => [policy, readPolicy(core, policy, tells)]))
      : {};
    const policies = this.#policies();
    return {
      policies,
      objective: this.#settings.objective,
      reason: `it ${policies.includes("observe") ? "only measures" : `acts by ${policies.join(", ")}`}, as ${this.#settings.policies ? "its options say" : "the default and the mounted middlewares have it"}`,
      actions,
      readings: core && readReadings(core),
      afterTrim: this.#afterTrim,
    };
  }

  #policies(): readonly GovernorPolicy[] {
    return this.#settings.policies ?? [this.#host.countsCollect() ? "interval" : "observe"];
  }
}
