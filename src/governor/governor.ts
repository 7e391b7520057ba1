import type { GovernorCore } from "../core/governor.ts";
import { orNaN } from "../core/unknown.ts";
import type { Closable } from "../shared/port.ts";
import { Actions } from "./actions.ts";
import { CHALLENGERS } from "./experiment.ts";
import { type Collected, type GovernorHost, oldBytes } from "./host.ts";
import { Lean } from "./lean.ts";
import { type GovernorPolicy, type GovernorSettings, POLICIES } from "./options.ts";
import { ACTING, type ActingPolicy, AT_LIMITS, bitsOf } from "./policies.ts";
import { type GovernorStats, readPolicy, readReadings } from "./stats.ts";
import { Trial } from "./trial.ts";

const SEAL = ACTING.indexOf("seal");
const LEAN_TAKEN = "another optimizer of this process has its setting";

/** The policies that may act. `auto` keeps the safety mark, and tries what its objective may gain from. */
function actingOf({ policies = [], objective }: GovernorSettings): readonly ActingPolicy[] {
  const tried = policies.includes("auto") ? ["watermark", ...CHALLENGERS[objective]] : [];
  return ACTING.filter((policy) => policies.includes(policy) || tried.includes(policy));
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
  readonly #trial: Trial | undefined;
  readonly #actions: Actions;
  readonly #lean: Lean;
  readonly #wake: () => void;
  #running = false;
  #timer: Closable | undefined;
  #sealed: Collected | undefined;

  /** @param loadCore called where a policy acts */
  constructor(host: GovernorHost, settings: GovernorSettings, loadCore: () => GovernorCore) {
    this.#host = host;
    this.#settings = settings;
    this.#acting = actingOf(settings);
    this.#lean = new Lean(host.port);
    this.#wake = () => this.#woken();
    if (this.#acting.length > 0) {
      this.#core = loadCore();
      this.#core.exports.governorConfigure(bitsOf(this.#acting, ACTING));
      if (settings.policies?.includes("auto")) {
        this.#trial = new Trial(this.#core, host, settings.objective, this.#leans ? this.#lean : undefined);
      }
    }
    this.#actions = new Actions(host, this.#core, this.#trial);
  }

  /** The policies that the options name, one bit each. */
  get namedBits(): number {
    return bitsOf(this.#settings.policies ?? [], POLICIES);
  }

  /** Begins. Called by `enable`. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    if (this.#settings.policies?.includes("interval")) this.#host.collectByCount();
    if (this.#leans) this.#takeLean();
    if (!this.#core) return;
    if (this.#acting.includes("seal") && !this.#sealed) this.#awaitStart(this.#core);
    if (this.#looks) this.#host.traffic.onActivity = this.#wake;
  }

  /** Ends what it does by itself. Called by `disable`. */
  stop(): void {
    this.#running = false;
    this.#timer?.close();
    this.#timer = undefined;
    this.#trial?.stop();
    this.#lean.release();
    this.#actions.aftermath.close();
    this.#host.traffic.onActivity = undefined;
  }

  get #leans(): boolean {
    return this.#settings.policies?.includes("lean") === true;
  }

  #takeLean(): void {
    this.#lean.take();
    if (this.#lean.available && !this.#lean.held) {
      this.#host.logger.warn({ code: "LEAN_TAKEN" }, `lean is not in force: ${LEAN_TAKEN}`);
    }
    // Beside `auto` its experiment decides.
    if (!this.#trial) this.#lean.set(true);
  }

  /** Whether any policy needs looks of its own. */
  get #looks(): boolean {
    return this.#acting.some((policy) => policy !== "seal");
  }

  get #watchesLimits(): boolean {
    return this.#acting.some((policy) => AT_LIMITS.includes(policy));
  }

  /** From the monitor, once a second: near a limit a process without requests is looked at too. */
  sample(): void {
    if (!this.#running) return;
    this.#trial?.tick(this.#host.port.now());
    if (this.#watchesLimits) this.#look();
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
    return this.#actions.collect(SEAL, "major");
  }

  #awaitStart(core: GovernorCore): void {
    const { port } = this.#host;
    const wait = this.#sealed ? -1 : core.exports.sealWait(port.now(), this.#host.flight().started);
    if (wait > 0) {
      this.#timer = port.after(wait, () => this.#awaitStart(core));
      return;
    }
    this.#timer = undefined;
    if (wait === 0) this.seal();
    if (this.#looks) this.#look();
  }

  /** Inside the start of the first request after a silence: it only takes the time and arms timers. */
  #woken(): void {
    const exports = this.#core?.exports;
    const now = this.#host.traffic.lastMs;
    // What waited for the end of a pause of ours is told apart.
    if (!this.#actions.counting) exports?.governorResumed(now);
    if (exports) this.#arm(exports.governorAwake(now));
    this.#actions.aftermath.woken();
  }

  #arm(ms: number): void {
    this.#timer?.close();
    this.#timer = this.#host.port.after(ms, () => this.#look());
  }

  /** Reads what the core asks for; how many requests are in flight. Cost: some µs, cold 30 to 200. */
  #sense(core: GovernorCore, now: number): number {
    const { exports } = core;
    const { port, traffic } = this.#host;
    const { started, inFlight } = this.#host.flight();
    const needs = exports.governorLook(now, started, inFlight, traffic.lastMs);
    if ((needs & 1) !== 0) exports.governorSense(now, orNaN(port.readCpuMs()), oldBytes(port));
    this.#tellCollected(core);
    if ((needs & 2) === 0) return inFlight;
    const reading = this.#host.read(now, 20);
    exports.governorMarks(
      now,
      orNaN(reading.usedBytes) / orNaN(reading.limitBytes),
      orNaN(reading.heapUsedBytes) / orNaN(reading.heapLimitBytes),
      orNaN(reading.externalBytes) / orNaN(reading.limitBytes),
    );
    return inFlight;
  }

  /** Who else collects near a limit, relief under pressure above all, and this governor keep their distance. */
  #tellCollected({ exports }: GovernorCore): void {
    exports.governorCollected(this.#host.lastMajorMs() ?? Number.NEGATIVE_INFINITY);
  }

  #look(): void {
    const core = this.#core;
    this.#timer?.close();
    this.#timer = undefined;
    if (!this.#running || !core) return;
    const now = this.#host.port.now();
    if (this.#sense(core, now) === 0) this.#host.traffic.onActivity = this.#wake;
    this.#trial?.tick(now);
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
    const now = this.#host.port.now();
    const { exports } = core;
    this.#tellCollected(core);
    if (this.#trial && !this.#trial.acts(ACTING[policy]!, now, exports.governorPressed() === 1)) {
      exports.governorHold(policy);
    } else {
      const { started, inFlight } = this.#host.flight();
      if (exports.governorConfirm(policy, now, started, inFlight) === 0) this.#actions.act(core, policy);
    }
    this.#look();
  }

  /** Returns what it does, and why. */
  getStats(): GovernorStats {
    const core = this.#core;
    const tells = this.#host.port.capabilities.heapUsed.available;
    const actions: GovernorStats["actions"] = core
      ? Object.fromEntries(this.#acting.map((policy) => [policy, readPolicy(core, policy, tells)]))
      : {};
    const experiment = this.#trial?.getStats();
    return {
      policies: this.#policies(),
      objective: this.#settings.objective,
      reason: experiment ? experiment.reason + this.#lacks() : this.#reason(),
      actions,
      readings: core && readReadings(core),
      afterTrim: this.#actions.aftermath.last,
      experiment,
    };
  }

  #policies(): readonly GovernorPolicy[] {
    return this.#settings.policies ?? [this.#host.countsCollect() ? "interval" : "observe"];
  }

  #reason(): string {
    const policies = this.#policies();
    const what = policies.includes("observe") ? "only measures" : `acts by ${policies.join(", ")}`;
    const why = this.#settings.policies
      ? "its options say"
      : "the default and the mounted middlewares have it";
    return `it ${what}, as ${why}${this.#lacks()}`;
  }

  #lacks(): string {
    if (!this.#leans) return "";
    if (!this.#lean.available) return "; this runtime has no setting for lean";
    return this.#running && !this.#lean.held ? `; lean is not in force: ${LEAN_TAKEN}` : "";
  }
}
