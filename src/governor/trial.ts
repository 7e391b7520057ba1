import type { GovernorCore } from "../core/governor.ts";
import { blockLengthMs } from "./block-length.ts";
import { BlockMeter } from "./block-meter.ts";
import { HORIZON_BLOCKS } from "./challenger.ts";
import { Experiment } from "./experiment.ts";
import type { ExperimentStats, Stage } from "./experiment-stats.ts";
import type { GovernorHost } from "./host.ts";
import type { Lean } from "./lean.ts";
import type { GovernorObjective } from "./options.ts";
import { Patience } from "./patience.ts";
import type { ActingPolicy, TriedPolicy } from "./policies.ts";
import { TrialQuantiles } from "./quantile-effects.ts";
import { reasonOf } from "./reason.ts";

/** Requests before anything is measured: code is being compiled. */
const WARM_UP_REQUESTS = 1000;
/** What the frozen p99 is taken from, at least. */
const P99_REQUESTS = 5000;
const P99_MS = 60_000;
/** Between blocks nothing acts, for this share of one. */
const GAP_RATIO = 0.25;
/** A lasting setting is in force for so much of a block, one major collection or more, before anything is measured. */
const BURN_IN_RATIO = 0.5;
/** A block with fewer says nothing about requests. */
const MIN_REQUESTS = 50;
/** The first block begins within so long. */
const STAGGER_MS = 60_000;
/** What all trials of this process may make requests wait. Their CPU time is bounded by the guard's budget. */
export const HARM_BUDGET_MS = 60_000;

interface Block {
  readonly policy: TriedPolicy;
  readonly acts: boolean;
  /** Of the lasting setting: until then its effect builds up, and what is measured is thrown away. */
  burnsUntilMs: number | undefined;
}

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
  /** Between majors of the engine's own. */
  #spacingMs = Number.NaN;
  #block: Block | undefined;
  readonly #lean: Lean | undefined;
  /** Requests by the end of its last block. */
  #switchedStarted = 0;
  #notBefore = 0;
  #discarded = 0;
  #pressed = 0;
  readonly #quantiles: TrialQuantiles;
  readonly #patience = new Patience();
  #chargedMs = 0;
  #costMs = 0;

  /** @param lean where it is to be tried */
  constructor(core: GovernorCore, host: GovernorHost, objective: GovernorObjective, lean?: Lean) {
    this.#core = core;
    this.#host = host;
    this.#objective = objective;
    this.#experiment = new Experiment(objective, () => host.port.random(), lean?.available);
    this.#lean = lean;
    this.#quantiles = new TrialQuantiles(() => host.port.random());
    this.#meter = new BlockMeter(core, host);
  }

  /** Whether `policy` acts at this opportunity. */
  acts(policy: ActingPolicy, now: number, underPressure: boolean): boolean {
    this.tick(now);
    // The safety mark is no experiment (what lies below it is: `early`), and the start comes once.
    if (policy === "watermark" || policy === "seal") return true;
    if (policy === this.#experiment.policy) this.#patience.renew();
    if (this.#block) return this.#block.policy === policy ? this.#block.acts : this.#adopts(policy);
    if (this.#stage === "running" && policy === this.#experiment.policy && !underPressure) {
      if (now >= this.#notBefore) return this.#open(policy, now);
      // Between the blocks of a trial nothing acts; an adopted one goes on.
      return this.#experiment.resting;
    }
    return this.#adopts(policy);
  }

  #adopts(policy: TriedPolicy): boolean {
    return this.#experiment.isAdopted(policy);
  }

  #open(policy: TriedPolicy, now: number): boolean {
    // All blocks of a trial are of one length, known before its first coin.
    if (this.#experiment.challenger?.baselineBlocks === 0) this.#readSpacing();
    const acts = this.#experiment.next();
    const lasts = policy === "lean";
    this.#block = { policy, acts, burnsUntilMs: lasts ? now + this.#lengthMs * BURN_IN_RATIO : undefined };
    if (lasts) this.#lean?.set(acts);
    this.#meter.begin(now, lasts ? Number.POSITIVE_INFINITY : now + this.#lengthMs);
    return acts;
  }

  #readSpacing(): void {
    this.#core.exports.governorStats();
    this.#spacingMs = this.#core.scratch[5]!;
  }

  get #lengthMs(): number {
    return blockLengthMs(this.#objective, this.#spacingMs) * this.#experiment.stretch;
  }

  /** What is being measured would take in the time until it goes on: it begins anew then. */
  stop(): void {
    this.#block = undefined;
    this.#lean?.set(false);
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
      this.#meter.freeze();
      this.#stage = "running";
      // Workers of one program do not experiment in step.
      this.#notBefore = now + this.#host.port.random() * STAGGER_MS;
    } else if (this.#stage === "stopped") {
      this.#lean?.set(this.#adopts("lean"));
    }
  }

  #tickBlock(now: number): void {
    if (this.#block) {
      this.#tickOpen(this.#block, now);
      return;
    }
    // Before a block is opened: what it shows is of the round in which it was.
    this.#experiment.rest(now);
    const { policy } = this.#experiment;
    if (policy === "lean" && this.#lean?.held) this.#switchback(now);
    else if (policy === "lean" || this.#patience.isOver(now, this.#host.flight().started))
      this.#experiment.pass();
    // Behind the coin: two blocks that act are one stretch of it.
    if (!this.#block) this.#lean?.set(this.#adopts("lean"));
  }

  #tickOpen(block: Block, now: number): void {
    this.#meter.sample(now);
    const state = this.#meter.state(now);
    if (state === "pressed") {
      // It counts, however short: to leave it out would favour the arm that got there.
      this.#pressed += 1;
      this.#close(block.acts, now, 1);
    } else if (block.burnsUntilMs !== undefined) {
      if (now < block.burnsUntilMs) return;
      block.burnsUntilMs = undefined;
      this.#meter.begin(now, now + this.#lengthMs);
    } else if (state === "over") {
      this.#close(block.acts, now, MIN_REQUESTS);
    }
  }

  /** A lasting setting is switched by the clock, where requests come: no opportunity begins its blocks (Bojinov, Simchi-Levi, Zhao 2023). */
  #switchback(now: number): void {
    const { started } = this.#host.flight();
    if (now < this.#notBefore || started === this.#switchedStarted) return;
    if (this.#core.exports.governorPressed() === 1) return;
    this.#switchedStarted = started;
    this.#open("lean", now);
  }

  #close(acted: boolean, now: number, leastRequests: number): void {
    this.#block = undefined;
    this.#notBefore = now + (this.#experiment.policy === "lean" ? 0 : this.#lengthMs * GAP_RATIO);
    const { requests, exceedanceRatio, stallMs, cpuMsPerRequest, meanBytes } = this.#meter.end(now);
    const known = requests >= leastRequests;
    // Whether requests come does not depend on the arm, so leaving a block out does not either.
    if (!known && this.#objective !== "memory") {
      this.#discarded += 1;
      return;
    }
    // Before the block is recorded: that may end its challenger.
    const quantile = (share: number) => this.#meter.quantileUs(share);
    if (known) this.#quantiles.add(this.#experiment.challenger, acted, quantile, exceedanceRatio);
    this.#experiment.record(acted, {
      latency: known ? stallMs : Number.NaN,
      cpu: known ? cpuMsPerRequest : Number.NaN,
      memory: meanBytes,
    });
  }

  /** A collection of ours has taken CPU time, and so many requests waited for its end. */
  charge(pauseMs: number, waiting: number, costMs: number): void {
    if (!this.#block) return;
    this.#meter.charge(pauseMs, waiting);
    if (this.#experiment.resting) return;
    this.#chargedMs += (waiting * pauseMs) / 2;
    this.#costMs += costMs;
    if (this.#chargedMs > HARM_BUDGET_MS) {
      this.stop();
      this.#stage = "stopped";
    }
  }

  get adopted(): readonly TriedPolicy[] {
    return this.#experiment.adopted;
  }

  getStats(): ExperimentStats {
    const experiment = this.#experiment;
    const challenger = experiment.challenger;
    const described = this.#quantiles.effectsOf(challenger);
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
      blockMs: this.#lengthMs,
      horizonBlocks: challenger?.horizonBlocks ?? HORIZON_BLOCKS,
      p99Ms: this.#meter.p99Ms,
      effect: challenger?.effect(),
      quantileEffects: described?.quantiles,
      exceedanceEffect: described?.exceedances,
      adopted: this.adopted,
      concluded: [...experiment.concluded],
      chargedMs: this.#chargedMs,
      costMs: this.#costMs,
      reason: reasonOf(this.#stage, experiment, this.#core.exports.governorPressed() === 1),
    };
  }
}
