/** One pool or cache under the budget. */
export interface BudgetShareStats {
  /** Held at the last reading. */
  readonly heldBytes: number;
  /** What it may hold now: `pinnedBytes` to `wantedBytes`. */
  readonly limitBytes: number;
  /** What its own options allow. */
  readonly wantedBytes: number;
  readonly pinnedBytes: number;
  /** The time that its next MiB would save, and that its last one saves, in ns a second, smoothed; `undefined` if nobody measures it. */
  readonly nextMibSavesNsPerSecond: number | undefined;
  readonly lastMibSavesNsPerSecond: number | undefined;
  /** Bytes that it gave back so far because its limit was lowered, and how often. */
  readonly gaveBytes: number;
  readonly timesGiven: number;
}

export interface BudgetStats {
  /** Bytes that are shared out now; `undefined` while there is no limit. */
  readonly totalBytes: number | undefined;
  /** The option `budgetBytes`. */
  readonly budgetBytes: number | undefined;
  readonly heldBytes: number;
  /** By kind and name, such as `cache users`. */
  readonly shares: Readonly<Record<string, BudgetShareStats>>;
  /** Pools and caches beyond the 256 that a budget has room for: they hold what their own options allow. */
  readonly leftOut: number;
}

/** The result of a shrink. */
export interface BudgetShrink {
  readonly heldBytesBefore: number;
  readonly heldBytesAfter: number;
  /** Bytes that each gave back, by kind and name; those that gave nothing are left out. */
  readonly gave: Readonly<Record<string, number>>;
}
