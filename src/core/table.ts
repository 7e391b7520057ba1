import { requireInteger, VelithonError } from "../shared/errors.ts";
import { Status } from "./exports.ts";

/** Most places a table may have. */
export const MAX_CAPACITY: number = 1_048_576;

/** The address that a creator answered, or the error that it means. */
export function addressOf(what: string, answer: number): number {
  if (answer === Status.outOfMemory) {
    throw new VelithonError("OUT_OF_MEMORY", `the host refused memory for ${what}`);
  }
  return answer;
}

export function requireCapacity(name: string, value: unknown, min = 1): number {
  return requireInteger(name, value, min, MAX_CAPACITY);
}
