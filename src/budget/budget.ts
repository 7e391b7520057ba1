import { Status } from "../core/exports.ts";
import type { GovernorCore } from "../core/governor.ts";
import { addressOf } from "../core/table.ts";
import type { BudgetMember } from "../shared/budget-member.ts";
import { show, VelithonError } from "../shared/errors.ts";
import { number, options, parseOptions } from "../shared/options.ts";
import { MB } from "../shared/units.ts";
import { Share } from "./share.ts";
import type { BudgetShareStats, BudgetShrink, BudgetStats } from "./stats.ts";

const CAPACITY = 256;
const STEP_MS = 1000;
/** The sampler's ticks are a step apart, and one may come a little early. */
const EARLY_MS = 10;
/** The most that `shrinkTo` takes. */
const MAX_BYTES = 2 ** 50;

/**
 * One budget for all pools and caches of an optimizer. It shares out bytes by what the next byte would earn: the hits
 * that a cache missed for lack of bytes, or the reuses that a pool missed, times the time that one saves. If memory is
 * short, those that earn the least give back first, in steps, down to their pinned bytes.
 *
 * The governor core decides (assembly/governor/budget.ts); it is loaded when the first limit is needed. Cost: one `step`
 * a second reads each member, about 1 µs each; a cache under a budget remembers at most 4,096 keys that it removed, by
 * their hash.
 */
export class MemoryBudget {
  readonly #budgetBytes: number;
  readonly #now: () => number;
  readonly #loadCore: () => GovernorCore;
  readonly #shares = new Map<string, Share>();
  #governor: GovernorCore | undefined;
  #table = 0;
  #totalBytes: number;
  #lastMs = 0;
  #leftOut = 0;

  /** @param budgetBytes `undefined`: nothing is limited until `shrinkTo` or `giveBack` is called */
  constructor(budgetBytes: number | undefined, now: () => number, loadCore: () => GovernorCore) {
    this.#budgetBytes = budgetBytes ?? Number.POSITIVE_INFINITY;
    this.#totalBytes = this.#budgetBytes;
    this.#now = now;
    this.#loadCore = loadCore;
  }

  /** Whether there is a limit, or has been one. */
  get active(): boolean {
    return this.#governor !== undefined;
  }

  /** That so many pinned bytes fit beside those of the others. @throws `INVALID_OPTION` */
  requirePinned(where: string, pinnedBytes: unknown): void {
    if (typeof pinnedBytes !== "number" || !(pinnedBytes > 0)) return;
    let free = this.#budgetBytes;
    for (const { member } of this.#shares.values()) free -= member.pinnedBytes;
    if (pinnedBytes <= free) return;
    throw new VelithonError(
      "INVALID_OPTION",
      `${where}: pinnedBytes is ${show(pinnedBytes)}; accepted: up to ${free}, which other pools and caches leave of budgetBytes`,
    );
  }

  /** @param key kind and name, unique */
  join(key: string, member: BudgetMember): void {
    const share = new Share(key, member);
    this.#shares.set(key, share);
    if (this.active) this.#admit(share);
    else if (this.#budgetBytes !== Number.POSITIVE_INFINITY) this.#start();
    if (this.active) this.#apply();
  }

  leave(key: string): void {
    const share = this.#shares.get(key);
    if (share === undefined) return;
    this.#shares.delete(key);
    if (share.leftOut) this.#leftOut -= 1;
    if (share.index < 0) return;
    this.#governor!.exports.budgetLeave(this.#table, share.index);
    // Its place goes to the first that found none.
    const waiting = [...this.#shares.values()].find(({ leftOut }) => leftOut);
    if (waiting === undefined) return;
    this.#leftOut -= 1;
    this.#admit(waiting);
    this.#apply();
  }

  #start(): void {
    const governor = this.#loadCore();
    this.#table = addressOf("a budget", governor.exports.budgetCreate(CAPACITY, this.#totalBytes));
    this.#governor = governor;
    this.#lastMs = this.#now();
    for (const share of this.#shares.values()) this.#admit(share);
  }

  #admit(share: Share): void {
    const { member } = share;
    member.watchMargin();
    share.last = member.readBudget();
    const { exports } = this.#governor!;
    share.index = exports.budgetJoin(this.#table, share.last.wantedBytes, member.pinnedBytes);
    if (share.leftOut) this.#leftOut += 1;
  }

  /** Reads every member. */
  #tell(): void {
    const now = this.#now();
    const seconds = (now - this.#lastMs) / 1000;
    this.#lastMs = now;
    for (const share of this.#shares.values()) {
      if (share.index < 0) continue;
      const { last } = share;
      const reading = share.member.readBudget();
      share.last = reading;
      this.#governor!.exports.budgetTell(
        this.#table,
        share.index,
        reading.heldBytes,
        reading.wantedBytes,
        Math.max(0, reading.savedNs - last.savedNs),
        Math.max(0, reading.missedNs - last.missedNs),
        reading.marginBytes,
        seconds,
      );
    }
  }

  /** Tells every member its limit, where it changed; what each let go of. Lower limits first, so that the sum stays below the total. */
  #apply(): Record<string, number> {
    const changed: [Share, number][] = [];
    for (const share of this.#shares.values()) {
      if (share.index < 0) continue;
      this.#governor!.exports.budgetMember(this.#table, share.index);
      const limit = this.#governor!.scratch[0]!;
      if (limit !== share.limitBytes) changed.push([share, limit]);
    }
    changed.sort(([a, x], [b, y]) => x - a.limitBytes - (y - b.limitBytes));
    const gave: Record<string, number> = {};
    for (const [share, limit] of changed) {
      const bytes = share.limitTo(limit);
      if (bytes > 0) gave[share.key] = bytes;
    }
    return gave;
  }

  /** Makes a step where the last is a second ago; the optimizer's sampler calls it. */
  sample(): void {
    if (this.#governor !== undefined && this.#now() - this.#lastMs >= STEP_MS - EARLY_MS) this.step();
  }

  /** One step of sharing. Does nothing while nothing is limited. */
  step(): void {
    if (this.#governor === undefined) return;
    this.#tell();
    this.#governor.exports.budgetStep(this.#table);
    this.#apply();
  }

  /** What all hold now. Reads every member. */
  heldBytes(): number {
    let bytes = 0;
    for (const { member } of this.#shares.values()) bytes += member.readBudget().heldBytes;
    return bytes;
  }

  /**
   * Shares out no more than so many bytes from now on, until `restore` or another call: those who earn least
   * give way first. Pinned bytes stay. Never more than `budgetBytes`.
   *
   * @throws `INVALID_OPTION`
   */
  shrinkTo(bytes: number): BudgetShrink {
    parseOptions("shrinkTo", options({ bytes: number(0, MAX_BYTES) }), { bytes });
    return this.#shrink(bytes);
  }

  /** As `shrinkTo`, to what is held now less this share of it. @param ratio 0 to 1 @throws `INVALID_OPTION` */
  giveBack(ratio: number): BudgetShrink {
    parseOptions("giveBack", options({ ratio: number(0, 1) }), { ratio });
    return this.#shrink(this.heldBytes() * (1 - ratio));
  }

  #shrink(bytes: number): BudgetShrink {
    const heldBytesBefore = this.heldBytes();
    if (this.#governor === undefined) this.#start();
    else this.#tell();
    this.#setTotal(Math.min(bytes, this.#budgetBytes));
    const gave = this.#apply();
    return { heldBytesBefore, heldBytesAfter: this.heldBytes(), gave };
  }

  #setTotal(bytes: number): void {
    this.#totalBytes = bytes;
    this.#governor!.exports.budgetTotal(this.#table, bytes);
  }

  /** Shares out `budgetBytes` again. Limits go up by the steps that follow, the best earning first. */
  restore(): void {
    if (this.#governor !== undefined) this.#setTotal(this.#budgetBytes);
  }

  #shareStats(share: Share): BudgetShareStats {
    const { last, gaveBytes, timesGiven } = share;
    const { pinnedBytes } = share.member;
    const { heldBytes } = share.member.readBudget();
    const read =
      share.index >= 0 ? this.#governor?.exports.budgetMember(this.#table, share.index) : undefined;
    const s = read === Status.ok ? this.#governor!.scratch : undefined;
    return {
      heldBytes,
      limitBytes: Math.min(share.limitBytes, last.wantedBytes),
      wantedBytes: last.wantedBytes,
      pinnedBytes,
      nextMibSavesNsPerSecond: s && s[4]! * MB,
      lastMibSavesNsPerSecond: s && s[5]! * MB,
      gaveBytes,
      timesGiven,
    };
  }

  /** Returns the limits, and what each pool and cache holds under them. */
  getStats(): BudgetStats {
    const finite = (bytes: number) => (bytes === Number.POSITIVE_INFINITY ? undefined : bytes);
    const shares = Object.fromEntries(
      Array.from(this.#shares, ([key, share]) => [key, this.#shareStats(share)]),
    );
    return {
      totalBytes: finite(this.#totalBytes),
      budgetBytes: finite(this.#budgetBytes),
      heldBytes: Object.values(shares).reduce((sum, { heldBytes }) => sum + heldBytes, 0),
      shares,
      leftOut: this.#leftOut,
    };
  }
}
