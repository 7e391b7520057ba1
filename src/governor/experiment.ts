import { Challenger, type Outcomes, type Verdict } from "./challenger.ts";
import type { GovernorObjective } from "./options.ts";
import { ACTING, type ActingPolicy, type TriedPolicy } from "./policies.ts";

/** How often anything without a gain may be adopted, over all challengers and all repetitions. */
export const ALPHA = 0.01;
/** Share of blocks in which an adopted policy holds, so that it is seen when it stops to gain. */
const HOLD_OUT = 0.1;
/** Before what was not adopted is tried again. */
const REST_MS = 6 * 3_600_000;

/** Policies that an objective tries, one after the other. */
export const CHALLENGERS: Readonly<Record<GovernorObjective, readonly ActingPolicy[]>> = {
  latency: ["quiet"],
  cpu: ["quiet"],
  memory: ["trim", "quiet", "early"],
};

/** A trial that is over. */
export interface Concluded {
  /** What was tried. */
  readonly policy: TriedPolicy;
  /** `revoked`: adopted earlier, and found to gain no more. `no opportunity`: it never came to act. */
  readonly verdict: Verdict | "revoked" | "no opportunity";
  /** Blocks that it took, baseline not counted. */
  readonly blocks: number;
  /** The round in which it was tried, from 1 on. */
  readonly attempt: number;
}

/**
 * The share of α that one challenger of a round may use. The k-th round spends α / (k (k + 1)), so all rounds together
 * spend α; Bonferroni over the challengers of a round.
 */
export function alphaOf(challengers: number, round: number): number {
  return ALPHA / (challengers * round * (round + 1));
}

/** Challengers one at a time against holding, round after round. */
export class Experiment {
  readonly #objective: GovernorObjective;
  readonly #policies: readonly TriedPolicy[];
  readonly #random: () => number;
  readonly #adopted = new Map<TriedPolicy, Challenger>();
  #round = 1;
  #index = 0;
  #current: Challenger | undefined;
  /** Adopted ones are watched by turns. */
  #turn = 0;
  /** Oldest first, the last 20. */
  readonly concluded: Concluded[] = [];
  /** All of a round are decided: nothing is tried until `again`. */
  resting = false;
  #restsSinceMs: number | undefined;
  /** Blocks take this many times their length: effects outlasted them. */
  stretch = 1;

  /** @param lean whether the lasting setting is tried too, last of all */
  constructor(objective: GovernorObjective, random: () => number, lean = false) {
    this.#objective = objective;
    this.#policies = lean ? [...CHALLENGERS[objective], "lean"] : CHALLENGERS[objective];
    this.#random = random;
    this.#current = this.#challenger();
  }

  #challenger(): Challenger {
    return new Challenger(this.#objective, alphaOf(this.#policies.length, this.#round));
  }

  /** Whose blocks come next: the challenger under trial, or an adopted one that is watched. */
  get policy(): TriedPolicy | undefined {
    return this.resting ? this.#watched?.[0] : this.#policies[this.#index];
  }

  /** Of the adopted ones, whose turn it is. */
  get #watched(): readonly [TriedPolicy, Challenger] | undefined {
    return [...this.#adopted][this.#turn % this.#adopted.size];
  }

  get round(): number {
    return this.#round;
  }

  /** The one under trial, or, while resting, the one that is watched. */
  get challenger(): Challenger | undefined {
    return this.resting ? this.#watched?.[1] : this.#current;
  }

  get adopted(): readonly TriedPolicy[] {
    return [...ACTING, "lean" as const].filter((policy) => this.#adopted.has(policy));
  }

  isAdopted(policy: TriedPolicy): boolean {
    return this.#adopted.has(policy);
  }

  /** Whether the next block acts: by a fair coin in a trial, in nine of ten of an adopted policy. */
  next(): boolean {
    if (this.resting) return this.#random() >= HOLD_OUT;
    return this.#current?.learning === false && this.#random() < 0.5;
  }

  /** The block that `next` answered for has ended. */
  record(acted: boolean, outcomes: Outcomes): void {
    if (this.resting) this.#watch(acted, outcomes);
    else this.#try(acted, outcomes);
  }

  #try(acted: boolean, outcomes: Outcomes): void {
    const challenger = this.#current;
    const policy = this.policy;
    if (!challenger || !policy) return;
    if (challenger.learning) challenger.learn(outcomes);
    else challenger.record(acted, outcomes);
    if (challenger.verdict === "running") return;
    this.#conclude(policy, challenger.verdict, challenger.blocks);
    if (challenger.verdict === "adopted") this.#adopted.set(policy, challenger);
    if (challenger.verdict === "carry-over" && this.stretch < 4) {
      // The same one again, with longer blocks, at the next round's price.
      this.stretch *= 2;
      this.#round += 1;
      this.#current = this.#challenger();
    } else {
      this.#advance();
    }
  }

  /** The next one of this round. */
  #advance(): void {
    do this.#index += 1;
    while (this.#index < this.#policies.length && this.#adopted.has(this.#policies[this.#index]!));
    this.resting = this.#index >= this.#policies.length;
    this.#current = this.resting ? undefined : this.#challenger();
  }

  /** This server gives the one whose blocks come next nothing to do: another one's turn. */
  pass(): void {
    this.#turn += 1;
    if (!this.#current || !this.policy) return;
    this.#conclude(this.policy, "no opportunity", this.#current.blocks);
    this.#advance();
  }

  #watch(acted: boolean, outcomes: Outcomes): void {
    const watched = this.#watched;
    this.#turn += 1;
    if (!watched?.[1].watch(acted, outcomes, HOLD_OUT)) return;
    this.#adopted.delete(watched[0]);
    this.#conclude(watched[0], "revoked", watched[1].blocks);
  }

  #conclude(policy: TriedPolicy, verdict: Concluded["verdict"], blocks: number): void {
    this.concluded.push({ policy, verdict, blocks, attempt: this.#round });
    if (this.concluded.length > 20) this.concluded.shift();
  }

  /** Asked between blocks: whether it has rested for long enough. */
  rest(nowMs: number): void {
    if (!this.resting) return;
    this.#restsSinceMs ??= nowMs;
    if (nowMs - this.#restsSinceMs < REST_MS) return;
    this.#restsSinceMs = undefined;
    this.again();
  }

  /** Another round over all that is not adopted, at a smaller share of α. */
  again(): void {
    const open = this.#policies.findIndex((policy) => !this.#adopted.has(policy));
    if (!this.resting || open < 0) return;
    this.#round += 1;
    this.#index = open;
    this.resting = false;
    this.#current = this.#challenger();
  }
}
