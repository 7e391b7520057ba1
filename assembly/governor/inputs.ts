// Inputs of the pressure level, each against its own marks.
//
//   input       unit                       elevated / high / critical
//   0 memory    working set / limit        configured (0.7 / 0.8 / 0.9)
//   1 heap      heap used / heap limit     the same
//   2 stall     share of time, PSI "some"  0.1 / 0.4 / never alone
//   3 lag       ms, smoothed               100 / 400 / never alone
//
// Each enters a level at its mark and leaves it below a share of that mark. Strain
// is the same on one scale for all (1, 2, 3 at the marks, straight lines between):
// what load shedding follows (shed.ts).

export const NORMAL: i32 = 0;
export const ELEVATED: i32 = 1;
export const HIGH: i32 = 2;
export const CRITICAL: i32 = 3;

export const INPUTS: i32 = 4;
export const MEMORY: i32 = 0;
export const HEAP: i32 = 1;
const STALL: i32 = 2;
export const LAG: i32 = 3;

/** An input without a critical mark strains this much at most. */
const MOST_WITHOUT_CRITICAL: f64 = 2.9;
/** A level is left below this share of its mark: memory and heap; stall and lag, which jump. */
const LEAVE_MEMORY: f64 = 0.93;
const LEAVE_OTHERS: f64 = 0.7;

const marks: usize = memory.data(INPUTS * 3 * 8, 8);
const levels: usize = memory.data(INPUTS * 4, 4);

/** Where an input enters a level. */
@inline
export function mark(input: i32, at: i32): f64 {
  return load<f64>(marks + (<usize>(input * 3 + at - 1) << 3));
}
@inline
function setMark(input: i32, at: i32, value: f64): void {
  store<f64>(marks + (<usize>(input * 3 + at - 1) << 3), value);
}

/** Marks of memory and heap; those of stall and lag are fixed. No input is at any level. */
export function inputsConfigure(elevated: f64, high: f64, critical: f64): void {
  for (let input = MEMORY; input <= HEAP; input++) {
    setMark(input, ELEVATED, elevated);
    setMark(input, HIGH, high);
    setMark(input, CRITICAL, critical);
  }
  setMark(STALL, ELEVATED, 0.1);
  setMark(STALL, HIGH, 0.4);
  setMark(STALL, CRITICAL, Infinity);
  setMark(LAG, ELEVATED, 100);
  setMark(LAG, HIGH, 400);
  setMark(LAG, CRITICAL, Infinity);
  memory.fill(levels, 0, INPUTS * 4);
}

/** 0 at nothing, 1, 2, 3 at the marks, straight between them and beyond the last. */
export function strainOf(input: i32, value: f64): f64 {
  const one = mark(input, ELEVATED);
  if (value < one) return max(0, value / one);
  const two = mark(input, HIGH);
  const above = 1 + (value - one) / (two - one);
  const three = mark(input, CRITICAL);
  if (!(three < Infinity)) return min(above, MOST_WITHOUT_CRITICAL);
  return value < two ? above : 2 + (value - two) / (three - two);
}

/** The level of one input, which remembers the level it was at. */
export function levelOf(input: i32, value: f64): i32 {
  const at = levels + (<usize>input << 2);
  let now = load<i32>(at);
  if (!(value == value)) now = NORMAL;
  while (now < CRITICAL && value >= mark(input, now + 1)) now += 1;
  const leave = input <= HEAP ? LEAVE_MEMORY : LEAVE_OTHERS;
  while (now > NORMAL && value < mark(input, now) * leave) now -= 1;
  store<i32>(at, now);
  return now;
}
