import type { GovernorCore } from "../core/governor.ts";
import { BlockMeter } from "./block-meter.ts";
import { type Challenger, HORIZON_BLOCKS } from "./challenger.ts";
import { Experiment } from "./experiment.ts";
import type { ExperimentStats, Stage } from "./experiment-stats.ts";
import type { GovernorHost } from "./host.ts";
import type { GovernorObjective } from "./options.ts";
import type { ActingPolicy } from "./policies.ts";
import { QuantileBootstrap } from "./quantile-effects.ts";
import { reasonOf } from "./reason.ts";

/** Requests before anything is measured: code is being compiled. */
const WARM_UP_REQUESTS = 1000;
/** What the frozen p99 is taken from, at least. */
const P99_REQUESTS = 5000;
const P99_MS = 60_000;
const MIN_BLOCK_MS = 10_000;
const MAX_BLOCK_MS = 60_000;
/** Where no major collection of the engine's own was seen. */
const UNKNOWN_BLOCK_MS = 20_000;
/** A memory block goes on after traffic has stopped. */
const MEMORY_BLOCK_MS = 30_000;
/** A block spans at least so many majors that the engine runs by itself. */
const MAJORS_A_BLOCK = 2;
/** Between blocks nothing acts, for this share of one. */
const GAP_RATIO = 0.25;
/** A block with fewer says nothing about requests. */
const MIN_REQUESTS = 50;
/** What all trials of this process may make requests wait. Their CPU time is bounded by the guard's budget. */
export const HARM_BUDGET_MS = 60_000;
const REST_MS = 6 * 3_600_000;
/** Seconds with traffic after which a challenger that never came to act makes room for the next. */
const MOST_WITHOUT_OPPORTUNITY_S = 1800;

/**
 * The experiment inside the live process. Opportunities of a challenger are randomised by block (a
 * micro-randomised trial, Klasnja et al.): a block begins at an opportunity, so in the same state whatever its
 * arm, acts or holds at all of its opportunities, and ends after a time that does not depend on the arm.
 */
export class Trial {
  readonly #core: GovernorCore;
  readonly #host: GovernorHost;
  readonly #objective: GovernorObjective;
  readonly #experiment: Experiment;
  readonly #meter: BlockMeter;
  #stage: Stage = "warming up";
  #warmAt = 0;
  #frozenAt = Number.POSITIVE_INFINITY;
  #blockMs = UNKNOWN_BLOCK_MS;
  #block: { readonly policy: ActingPolicy; readonly acts: boolean } | undefined;
  #notBefore = 0;
  #restedMs: number | undefined;
  #discarded = 0;
  #pressed = 0;
  #quantiles: QuantileBootstrap;
  #quantilesOf: Challenger | undefined;
  /** Since the last opportunity of the one under trial: seconds in which requests came. */
  #activeS = 0;
  #countedAt = 0;
  #countedStarted = 0;
  #chargedMs = 0;
  #costMs = 0;

  constructor(core: GovernorCore, host: GovernorHost, objective: GovernorObjective) {
    this.#core = core;
    this.#host = host;
    this.#objective = objective;
    this.#experiment = new Experiment(objective, () => host.port.random());
    this.#quantiles = new QuantileBootstrap(() => host.port.random());
    this.#meter = new BlockMeter(core, host);
  }

  /** Whether `policy` acts at this opportunity. */
  acts(policy: ActingPolicy, now: number, underPressure: boolean): boolean {
    this.tick(now);
    // The safety mark is no experiment (what lies below it is: `early`), and the start comes once.
    if (policy === "watermark" || policy === "seal") return true;
    if (policy === this.#experiment.policy) this.#activeS = 0;
    if (this.#block) return this.#block.policy === policy ? this.#block.acts : this.#adopts(policy);
    if (this.#stage === "running" && policy === this.#experiment.policy && !underPressure) {
      if (now >= this.#notBefore) return this.#open(policy, now);
      // Between the blocks of a trial nothing acts; an adopted one goes on.
      return this.#experiment.resting;
    }
    return this.#adopts(policy);
  }

  #adopts(policy: ActingPolicy): boolean {
    return this.#experiment.isAdopted(policy);
  }

  #open(policy: ActingPolicy, now: number): boolean {
    const acts = this.#experiment.next();
    this.#block = { policy, acts };
    this.#meter.begin(now, now + this.#blockMs * this.#experiment.stretch);
    return acts;
  }

  /** What is being measured would take in the time until it goes on: it begins anew then. */
  stop(): void {
    this.#block = undefined;
    if (this.#stage === "freezing the p99") this.#stage = "warming up";
  }

  /** Once a second, at each look and at each opportunity. */
  tick(now: number): void {
    const { started } = this.#host.flight();
    if (this.#stage === "running") {
      this.#tickBlock(now);
    } else if (this.#stage === "warming up") {
      if (started < WARM_UP_REQUESTS) return;
      this.#stage = "freezing the p99";
      this.#warmAt = started;
      this.#frozenAt = now + P99_MS;
      this.#meter.begin(now, this.#frozenAt);
    } else if (
      this.#stage === "freezing the p99" &&
      now >= this.#frozenAt &&
      started - this.#warmAt >= P99_REQUESTS
    ) {
      this.#freeze();
      // Workers of one program do not experiment in step.
      this.#notBefore = now + this.#host.port.random() * MAX_BLOCK_MS;
    }
  }

  #freeze(): void {
    this.#meter.freeze();
    this.#core.exports.governorStats();
    const spacing = this.#core.scratch[5]! * MAJORS_A_BLOCK;
    const wanted = Number.isNaN(spacing) ? UNKNOWN_BLOCK_MS : spacing;
    this.#blockMs =
      this.#objective === "memory" ? MEMORY_BLOCK_MS : Math.min(MAX_BLOCK_MS, Math.max(MIN_BLOCK_MS, wanted));
    this.#stage = "running";
  }

  #tickBlock(now: number): void {
    if (this.#block) {
      this.#meter.sample(now);
      const state = this.#meter.state(now);
      if (state === "goes on") return;
      // It counts with what was measured until then: to leave it out would favour the arm that got there.
      if (state === "pressed") this.#pressed += 1;
      this.#close(this.#block.acts, now);
    } else if (!this.#experiment.resting) {
      this.#countIdle(now);
    } else {
      this.#restedMs ??= now;
      if (now - this.#restedMs >= REST_MS) {
        this.#restedMs = undefined;
        this.#experiment.again();
      }
    }
  }

  /** Time with traffic that gave the one under trial no opportunity. */
  #countIdle(now: number): void {
    const { started } = this.#host.flight();
    if (now - this.#countedAt < 1000 || started === this.#countedStarted) return;
    this.#countedAt = now;
    this.#countedStarted = started;
    this.#activeS += 1;
    if (this.#activeS < MOST_WITHOUT_OPPORTUNITY_S) return;
    this.#activeS = 0;
    this.#experiment.pass();
  }

  #close(acted: boolean, now: number): void {
    this.#block = undefined;
    this.#notBefore = now + this.#blockMs * GAP_RATIO;
    const { requests, stallMs, cpuMsPerRequest, meanBytes } = this.#meter.end(now);
    const known = requests >= MIN_REQUESTS;
    // Whether requests come does not depend on the arm, so leaving a block out does not either.
    if (!known && this.#objective !== "memory") {
      this.#discarded += 1;
      return;
    }
    if (known) this.#describe(acted);
    this.#experiment.record(acted, {
      latency: known ? stallMs : Number.NaN,
      cpu: known ? cpuMsPerRequest : Number.NaN,
      memory: meanBytes,
    });
  }

  /** Before the block is recorded: that may end its challenger. */
  #describe(acted: boolean): void {
    const { challenger } = this.#experiment;
    if (!challenger || challenger.learning) return;
    if (challenger !== this.#quantilesOf) {
      this.#quantilesOf = challenger;
      this.#quantiles = new QuantileBootstrap(() => this.#host.port.random());
    }
    this.#quantiles.add(acted, (share) => this.#meter.quantileUs(share));
  }

  /** A collection of ours has taken CPU time, and so many requests waited for its end. */
  charge(pauseMs: number, waiting: number, costMs: number): void {
    if (!this.#block) return;
    this.#meter.charge(pauseMs, waiting);
    if (this.#experiment.resting) return;
    this.#chargedMs += (waiting * pauseMs) / 2;
    this.#costMs += costMs;
    if (this.#chargedMs > HARM_BUDGET_MS) {
      this.#stage = "stopped";
      this.#block = undefined;
    }
  }

  /** What an acting policy is, for the stats: adopted ones are at work. */
  get adopted(): readonly ActingPolicy[] {
    return this.#experiment.adopted;
  }

  getStats(): ExperimentStats {
    const experiment = this.#experiment;
    const challenger = experiment.challenger;
    return {
      stage: this.#stage,
      policy: experiment.policy,
      arm: this.#block && (this.#block.acts ? "acts" : "holds"),
      attempt: experiment.round,
      blocks: challenger?.blocks ?? 0,
      actedBlocks: challenger?.acted ?? 0,
      baselineBlocks: challenger?.baselineBlocks ?? 0,
      discardedBlocks: this.#discarded,
      pressedBlocks: this.#pressed,
      blockMs: this.#blockMs * experiment.stretch,
      horizonBlocks: HORIZON_BLOCKS,
      p99Ms: this.#meter.p99Ms,
      effect: challenger?.effect(),
      quantileEffects: challenger && challenger === this.#quantilesOf ? this.#quantiles.effects : undefined,
      adopted: this.adopted,
      concluded: [...experiment.concluded],
      chargedMs: this.#chargedMs,
      costMs: this.#costMs,
      reason: reasonOf(this.#stage, experiment, this.#core.exports.governorPressed() === 1),
    };
  }
}
