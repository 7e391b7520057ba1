import { Failures } from "./suppressed.ts";
import { isThenable } from "./thenable.ts";

/**
 * Hands what was acquired to `fn`, and gives it back when `fn` has returned, thrown, or what it answered with has settled.
 * What `fn` throws is never lost: where giving back fails too, it is `suppressed` of a `SuppressedError`.
 */
export function useAndRelease<T, R>(acquired: T, fn: (acquired: T) => R, release: (acquired: T) => void): R {
  let result: R;
  try {
    result = fn(acquired);
  } catch (error) {
    return fail(error, acquired, release);
  }
  if (isThenable(result)) {
    return Promise.resolve(result).then(
      (value) => {
        release(acquired);
        return value;
      },
      (error) => fail(error, acquired, release),
    ) as R;
  }
  release(acquired);
  return result;
}

function fail<T>(error: unknown, acquired: T, release: (acquired: T) => void): never {
  const failures = new Failures();
  failures.add(error);
  try {
    release(acquired);
  } catch (failure) {
    failures.add(failure);
  }
  failures.throwIfAny();
  throw error;
}
