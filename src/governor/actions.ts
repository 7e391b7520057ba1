import type { GovernorCore } from "../core/governor.ts";
import { orNaN } from "../core/unknown.ts";
import { Aftermath } from "./aftermath.ts";
import { type Collected, type GovernorHost, oldBytes } from "./host.ts";
import { ACTING, AT_LIMITS } from "./policies.ts";
import type { Trial } from "./trial.ts";

const TRIM = ACTING.indexOf("trim");

/** What a policy does once it may: it collects, and tells the core what that took and gave. */
export class Actions {
  readonly #host: GovernorHost;
  readonly #core: GovernorCore | undefined;
  readonly #trial: Trial | undefined;
  readonly aftermath: Aftermath;
  /** While requests are told apart that waited for the end of a pause of ours. */
  counting = false;

  constructor(host: GovernorHost, core: GovernorCore | undefined, trial: Trial | undefined) {
    this.#host = host;
    this.#core = core;
    this.#trial = trial;
    this.aftermath = new Aftermath(host);
  }

  /** `policy`: its place in `ACTING`. */
  act(core: GovernorCore, policy: number): void {
    if (policy !== TRIM) return void this.collect(policy, "major");
    this.#host.trimStores(core.exports.governorTrimStep() === 1 ? 1 : 2);
    this.aftermath.trimmed();
    this.collect(policy, "all");
  }

  collect(policy: number, reach: "major" | "all"): Collected {
    const { port } = this.#host;
    const exports = this.#core?.exports;
    const cpuMs = orNaN(port.readCpuMs());
    const resides = policy === TRIM || AT_LIMITS.includes(ACTING[policy]!);
    const before = resides ? this.#host.read(port.now(), 0) : undefined;
    const result = this.#host.collect(reach);
    if (!result.performed) {
      exports?.governorUnsupported(policy, port.now());
      return result;
    }
    const after = before && this.#host.read(port.now(), 0);
    const resident = orNaN(before?.rssBytes) - orNaN(after?.rssBytes);
    const heap = orNaN(result.freedBytes);
    const freed = resident > heap || Number.isNaN(heap) ? resident : heap;
    const pauseMs = result.collectionTimeMs ?? 0;
    const costMs = orNaN(port.readCpuMs()) - cpuMs;
    const inUse = orNaN(before?.rssBytes);
    exports?.governorDone(policy, port.now(), pauseMs, costMs, freed, inUse, oldBytes(port));
    this.#countWaiting(policy, pauseMs, costMs);
    return result;
  }

  /**
   * What the kernel held while we collected comes within two turns: accepted in one, read in the next. These take
   * time in which others come: the core tells them apart.
   */
  #countWaiting(policy: number, pauseMs: number, costMs: number): void {
    const { port } = this.#host;
    const before = this.#host.flight().started;
    const endedMs = port.now();
    this.counting = true;
    port.defer(() =>
      port.defer(() => {
        this.counting = false;
        const started = this.#host.flight().started - before;
        const sinceMs = port.now() - endedMs;
        const waiting = this.#core?.exports.governorWaited(policy, pauseMs, started, sinceMs);
        if (waiting !== undefined) this.#trial?.charge(pauseMs, waiting, costMs);
      }),
    );
  }
}
