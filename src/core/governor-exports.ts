/** What the compiled governor exports (assembly/governor.ts). Addresses and whole numbers are i32, the rest f64. */
export interface GovernorExports {
  readonly memory: WebAssembly.Memory;
  scratchAddress(): number;

  // pressure.ts
  pressureConfigure(elevated: number, high: number, critical: number, holdMs: number): void;
  pressureSample(
    now: number,
    workingSetBytes: number,
    limitBytes: number,
    heapUsedBytes: number,
    heapLimitBytes: number,
    stallRatio: number,
    lagMs: number,
  ): number;
  pressureTense(): number;
  pressureStats(): void;

  // relief.ts
  reliefConfigure(): void;
  reliefDrainAfter(ms: number): void;
  reliefCollected(at: number, tookMs: number): void;
  reliefDue(now: number): number;
  reliefDone(what: number, now: number, tookMs: number, freedBytes: number): void;
  reliefGiveRatio(level: number): number;
  reliefStats(): void;

  // shed.ts
  shedConfigure(): void;
  shedProbability(now: number, priority: number): number;
  shedFollow(now: number): void;
  shedAdmit(now: number, priority: number, bytes: number, random: number): number;
  shedLeave(bytes: number): void;
  shedStats(): void;
  // block.ts
  blockCopyAddress(): number;
  blockBegin(now: number, cpuMs: number, endsMs: number): void;
  /** 0 goes on, 1 has had its time, 2 memory has come near its limit. */
  blockState(now: number): number;
  blockMemory(now: number, inUse: number): void;
  blockCharge(pauseMs: number, waiting: number, usualUs: number, thresholdUs: number, capUs: number): void;
  blockEnd(now: number, cpuMs: number, thresholdUs: number, capUs: number): void;
  blockQuantile(quantile: number): number;

  // pace.ts
  paceSilent(now: number, started: number, inFlight: number, lastActivity: number): number;
  paceTakes(now: number): number;

  // decide.ts, look.ts
  governorCollected(at: number): void;
  governorConfigure(mask: number): void;
  /** What it needs: 1 `governorSense`, 2 `governorMarks`, 3 both. */
  governorLook(now: number, started: number, inFlight: number, lastActivity: number): number;
  governorSense(now: number, cpuMs: number, oldBytes: number): void;
  governorMarks(now: number, workingSet: number, heap: number, external: number): void;
  governorRestMs(now: number): number;
  governorNext(now: number): number;
  governorOpportunity(): number;
  governorConfirm(policy: number, now: number, started: number, inFlight: number): number;
  governorTrimStep(): number;
  governorHold(policy: number): void;
  governorPressed(): number;
  governorUnsupported(policy: number, now: number): void;
  governorDone(
    policy: number,
    now: number,
    pauseMs: number,
    costMs: number,
    freedBytes: number,
    inUse: number,
    oldBytes: number,
  ): void;
  governorResumed(now: number): void;
  governorAwake(now: number): number;
  governorWaited(policy: number, pauseMs: number, started: number, sinceMs: number): number;
  governorStats(): void;
  guardStats(policy: number): void;
  // seal.ts
  /** Asked again after each wait. ms to wait; 0: now; -1: it is too late for it. */
  sealWait(now: number, started: number): number;
  // budget.ts
  budgetCreate(capacity: number, total: number): number;
  budgetDestroy(table: number): void;
  budgetJoin(table: number, wanted: number, pinned: number): number;
  budgetLeave(table: number, index: number): number;
  budgetTell(
    table: number,
    index: number,
    held: number,
    wanted: number,
    saved: number,
    missed: number,
    marginBytes: number,
    seconds: number,
  ): number;
  budgetTotal(table: number, total: number): void;
  budgetStep(table: number): void;
  budgetMember(table: number, index: number): number;

  // break-even.ts
  breakEvenCreate(): number;
  breakEvenDestroy(at: number): void;
  breakEvenReset(at: number, ns: number): void;
  breakEvenMade(at: number, ns: number): number;
  breakEvenDecide(at: number, madeNs: number, cycleNs: number): number;
  breakEvenRested(at: number, ms: number): number;
  breakEvenStats(at: number): void;

  // counts.ts
  countsNamed(policies: number): number;
  countsCleanupsNamed(): void;
  countsCollect(): number;

  // cost.ts
  costSample(now: number, cpuMs: number, finished: number): void;
  costCollected(now: number, cpuMs: number, finished: number, tookMs: number): void;
  costPauses(): number;
  costStats(): void;

  // survivors.ts
  survivorsCreate(minSamples: number, drifts: number): number;
  survivorsDestroy(table: number): void;
  survivorsDue(table: number, now: number): number;
  survivorsLooked(table: number, beganAt: number, now: number): void;
  survivorsBegin(table: number, route: number): number;
  survivorsKept(table: number, route: number, bytes: number): void;
  survivorsRank(table: number): number;

  // suspicion.ts
  suspicionDue(now: number, growing: number, wanted: number, idle: number, searching: number): number;
  suspicionSearchMs(bytesPerHour: number): number;

  // trend.ts
  trendCreate(capacity: number): number;
  trendDestroy(trend: number): void;
  trendAdd(trend: number, x: number, y: number): void;
  trendReset(trend: number): void;
  trendFit(trend: number): void;

  // verdict.ts
  verdictReset(): void;
  verdictFloor(now: number, heapBytes: number, externalBytes: number): void;
  verdictSample(
    now: number,
    inUseBytes: number,
    restBytes: number,
    rssBytes: number,
    usedBytes: number,
    limitBytes: number,
    heapLimitBytes: number,
    inFlight: number,
    perSecond: number,
    requests: number,
  ): void;
  verdictWantsFloor(now: number): number;
  verdictCollects(now: number, idle: number): number;
  verdictDecide(now: number): number;
}
