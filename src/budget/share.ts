import { Status } from "../core/exports.ts";
import type { BudgetMember, BudgetReading } from "../shared/budget-member.ts";

/** What one pool or cache has of the budget. */
export class Share {
  /** Kind and name, unique. */
  readonly key: string;
  readonly member: BudgetMember;
  /** Its place in the core's table; below 0 where it has none. */
  index: number = Status.none;
  limitBytes: number = Number.POSITIVE_INFINITY;
  /** As of the last reading, whose differences count. */
  last: BudgetReading;
  gaveBytes = 0;
  timesGiven = 0;

  constructor(key: string, member: BudgetMember) {
    this.key = key;
    this.member = member;
    this.last = member.readBudget();
  }

  /** Whether it found no place. */
  get leftOut(): boolean {
    return this.index === Status.full;
  }

  /** Tells it its limit; the bytes that it let go of for it. */
  limitTo(bytes: number): number {
    const before = this.member.readBudget().heldBytes;
    this.limitBytes = bytes;
    this.member.limitBytes(bytes);
    const gave = Math.max(0, before - this.member.readBudget().heldBytes);
    this.gaveBytes += gave;
    if (gave > 0) this.timesGiven += 1;
    return gave;
  }
}
