/** One pool or cache under the budget. */
export interface BudgetShareStats {
  /** Held at the last reading. */
  readonly heldBytes: number;
  /** What it may hold now: `pinnedBytes` to `wantedBytes`. */
  readonly limitBytes: number;
  /** What its own options allow. */
  readonly wantedBytes: number;
  /** The option `pinnedBytes`: never taken from it. */
  readonly pinnedBytes: number;
  /** The time that one more MiB would save, in ns a second, smoothed; `undefined` while it is not measured. */
  readonly nextMibSavesNsPerSecond: number | undefined;
  /** The time that its last MiB saves, likewise. */
  readonly lastMibSavesNsPerSecond: number | undefined;
  /** Bytes that it has given back because its limit was lowered. */
  readonly gaveBytes: number;
  /** How often it gave back. */
  readonly timesGiven: number;
}

/** What all pools and caches of an optimizer may hold together, and what each of them holds. */
export interface BudgetStats {
  /** Bytes that are shared out now; `undefined` while there is no limit. */
  readonly totalBytes: number | undefined;
  /** The option `budgetBytes`. */
  readonly budgetBytes: number | undefined;
  /** Held by all together now. */
  readonly heldBytes: number;
  /** By kind and name, such as `cache users`. */
  readonly shares: Readonly<Record<string, BudgetShareStats>>;
  /** Pools and caches beyond the 256 that a budget has room for: they hold what their own options allow. */
  readonly leftOut: number;
}

/** The result of a shrink. */
export interface BudgetShrink {
  /** Held by all together before the shrink. */
  readonly heldBytesBefore: number;
  /** Held by all together after it. */
  readonly heldBytesAfter: number;
  /** Bytes that each gave back, by kind and name; those that gave nothing are left out. */
  readonly gave: Readonly<Record<string, number>>;
}
