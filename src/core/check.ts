import { show, VelithonError } from "../shared/errors.ts";

// What reaches the core is f64 and i32, and wrong values would become right ones on the way: undefined and NaN 0, 2^32 + 5
// 5, "5" 5. Each check is one or two comparisons of what the engine knows already.

function refuse(name: string, value: unknown, accepted: string): never {
  throw new VelithonError("INVALID_OPTION", `${name} is ${show(value)}; accepted: ${accepted}`);
}

/** A place or a mask. One that is too large or below 0 is the core's to refuse. */
export function checkIndex(name: string, value: unknown): void {
  if (typeof value === "number" && (value | 0) === value) return;
  refuse(name, value, "a whole number of 32 bits");
}

/** NaN and infinities are for the caller to know about. */
export function checkNumber(name: string, value: unknown): void {
  if (typeof value !== "number") refuse(name, value, "a number");
}

export function checkFlag(name: string, value: unknown): void {
  if (typeof value !== "boolean") refuse(name, value, "true or false");
}

/** Ms of a clock. */
export function checkTime(name: string, timeMs: unknown): void {
  if (typeof timeMs === "number" && timeMs >= 0 && timeMs < Number.POSITIVE_INFINITY) return;
  refuse(name, timeMs, "a number from 0 on, in ms");
}

/** Bytes that a reading told, or `undefined` where there was none; freed ones may be below 0. */
export function checkReading(name: string, value: unknown): void {
  if (value === undefined || Number.isFinite(value)) return;
  refuse(name, value, "a finite number, or undefined");
}

/** An instance of the module that has such a function. */
export function checkCore(where: string, core: unknown, has: string, accepted: string): void {
  const { exports } = (core ?? {}) as { exports?: Record<string, unknown> };
  if (typeof exports?.[has] !== "function") refuse(`${where}: core`, core, accepted);
}

/** Up to 64 numbers from 0 to 1, ascending. */
export function checkQuantiles(quantiles: readonly unknown[]): void {
  let last = 0;
  for (const q of quantiles) {
    if (!(typeof q === "number" && q >= last && q <= 1) || quantiles.length > 64) {
      refuse("quantiles", quantiles.map(show).join(", "), "up to 64 numbers from 0 to 1, ascending");
    }
    last = q;
  }
}
