/** A request's scope as plain lists: what was deferred, what is out, what a signal should say. */
export interface NaiveScope {
  readonly deferred: { id: number; fails: boolean }[];
  readonly startMs: number;
  readonly deadlineMs: number | undefined;
  closed: boolean;
  leases: number;
  /** Whether the signal was asked for, and what it fired with. */
  asked: boolean;
  fired: "TimeoutError" | "AbortError" | undefined;
}

export function naiveScope(startMs: number, deadlineMs: number | undefined): NaiveScope {
  return { deferred: [], startMs, deadlineMs, closed: false, leases: 0, asked: false, fired: undefined };
}

/** Ids in the order in which the end runs them, and those that fail, the last failure first. */
export function endOf(scope: NaiveScope): { order: number[]; failures: number[] } {
  const order = [...scope.deferred].reverse();
  return {
    order: order.filter(({ id }) => id >= 0).map(({ id }) => id),
    failures: order
      .filter(({ fails }) => fails)
      .map(({ id }) => id)
      .reverse(),
  };
}
