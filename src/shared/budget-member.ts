/** What a pool or a cache tells the budget. Sums since it was made; the budget takes differences. */
export interface BudgetReading {
  /** Held now. */
  readonly heldBytes: number;
  /** The most that its own options let it hold. */
  readonly wantedBytes: number;
  /** What it saved by what it held: hits or reuses, times what one saves, in ns. */
  readonly savedNs: number;
  /** What `marginBytes` more would have saved, in ns. */
  readonly missedNs: number;
  /** The step that `missedNs` is about. */
  readonly marginBytes: number;
}

/** A pool or a cache under a budget. */
export interface BudgetMember {
  /** Left to it in any case. */
  readonly pinnedBytes: number;
  /** Called once, before the first reading: from now on it must know what more bytes would earn. */
  watchMargin(): void;
  /** Called about once a second. */
  readBudget(): BudgetReading;
  /** From now on it holds at most so many bytes, or what its own options allow, if that is less. */
  limitBytes(bytes: number): void;
}
