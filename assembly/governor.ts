// The governor's exports: what is decided about once a second or more rarely,
// in a module of its own so that the core stays small. Same rules as the core
// (index.ts): plain functions over f64 and i32, statuses, no imports, own memory.

import { scratch } from "./memory";

export {
  breakEvenCreate,
  breakEvenDecide,
  breakEvenDestroy,
  breakEvenMade,
  breakEvenReset,
  breakEvenRested,
  breakEvenStats,
} from "./governor/break-even";
export { pressureConfigure, pressureSample, pressureStats, pressureTense } from "./governor/pressure";
export { reliefCollected, reliefConfigure, reliefDone, reliefDrainAfter, reliefDue, reliefGiveRatio, reliefStats } from "./governor/relief";
export { shedAdmit, shedConfigure, shedFollow, shedLeave, shedProbability, shedStats } from "./governor/shed";
export { blockBegin, blockCharge, blockCopyAddress, blockEnd, blockMemory, blockQuantile, blockState } from "./governor/block";
export {
  governorCollected,
  governorConfirm,
  governorDone,
  governorHold,
  governorNext,
  governorOpportunity,
  governorPressed,
  governorRestMs,
  governorResumed,
  governorStats,
  governorTrimStep,
  governorUnsupported,
  governorWaited,
  guardStats,
} from "./governor/decide";
export { governorAwake, governorConfigure, governorLook, governorMarks, governorSense } from "./governor/look";
export { countsCleanupsNamed, countsCollect, countsNamed } from "./governor/counts";
export { costCollected, costPauses, costSample, costStats } from "./governor/cost";
export { budgetJoin, budgetStep, budgetTotal } from "./governor/budget";
export { budgetCreate, budgetDestroy, budgetLeave, budgetMember, budgetTell } from "./governor/members";
export {
  survivorsBegin,
  survivorsCreate,
  survivorsDestroy,
  survivorsDue,
  survivorsKept,
  survivorsLooked,
  survivorsRank,
} from "./governor/survivors";
export { sealWait } from "./governor/seal";
export { paceSilent, paceTakes } from "./governor/pace";
export { suspicionDue, suspicionSearchMs } from "./governor/suspicion";
export { trendAdd, trendCreate, trendDestroy, trendFit, trendReset } from "./governor/trend";
export { verdictCollects, verdictDecide, verdictFloor, verdictReset, verdictSample, verdictWantsFloor } from "./governor/verdict";

/** Address of the scratch area: 64 f64. */
export function scratchAddress(): usize {
  return scratch;
}
