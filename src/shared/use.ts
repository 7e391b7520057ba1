import { isThenable } from "./thenable.ts";

/** Hands what was acquired to `fn`, and gives it back when `fn` has returned, thrown, or what it answered with has settled. */
export function useAndRelease<T, R>(acquired: T, fn: (acquired: T) => R, release: (acquired: T) => void): R {
  let result: R;
  try {
    result = fn(acquired);
  } catch (error) {
    release(acquired);
    throw error;
  }
  if (isThenable(result)) return Promise.resolve(result).finally(() => release(acquired)) as R;
  release(acquired);
  return result;
}
