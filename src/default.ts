import { MemoryOptimizer } from "./optimizer/memory-optimizer.ts";
import type { MemoryOptimizerOptions } from "./optimizer/options.ts";
import type { CleanupStats, MemoryStats } from "./optimizer/stats.ts";
import { isObject, show, VelithonError } from "./shared/errors.ts";

let optimizer: MemoryOptimizer | undefined;
let madeWith: MemoryOptimizerOptions | undefined;

/** Makes another optimizer beside the program's. @throws `INVALID_OPTION`, `INVALID_ENVIRONMENT`, `NO_RUNTIME` */
export function createMemoryOptimizer(options?: MemoryOptimizerOptions): MemoryOptimizer {
  return new MemoryOptimizer(options);
}

/** Returns the program's optimizer. The first call makes it, and does not enable it. @throws as `createMemoryOptimizer` */
export function getMemoryOptimizer(): MemoryOptimizer {
  optimizer ??= new MemoryOptimizer();
  return optimizer;
}

function sameList(a: unknown, b: unknown): boolean {
  return Array.isArray(a) && Array.isArray(b) && String(a) === String(b);
}

function sameOptions(given: object, others: object): boolean {
  const [a, b] = [given, others] as [Record<string, unknown>, Record<string, unknown>];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => {
    const [one, other] = [a[key], b[key]];
    if (Object.is(one, other) || sameList(one, other)) return true;
    // Plain data, written anew at each call.
    const plain = key === "governor" || key === "heapSnapshots";
    return plain && isObject(one) && isObject(other) && sameOptions(one, other);
  });
}

/**
 * Makes the program's optimizer with these options, and enables it. A second call changes nothing. Call it before any
 * middleware, pool or cache: the first of them makes the optimizer with the default options.
 *
 * @throws as `createMemoryOptimizer`, and `INVALID_OPTION` if the optimizer exists with other options
 * @example
 * ```ts
 * const optimizer = enableMemoryOptimizations({ budgetBytes: 256 * 1024 * 1024 });
 * ```
 */
export function enableMemoryOptimizations(options?: MemoryOptimizerOptions): MemoryOptimizer {
  if (optimizer && (typeof (options ?? {}) !== "object" || options === null || Array.isArray(options))) {
    throw new VelithonError(
      "INVALID_OPTION",
      `enableMemoryOptimizations: the options are ${show(options)}; accepted: an object`,
    );
  }
  if (optimizer && options && !sameOptions(options, madeWith ?? {})) {
    throw new VelithonError(
      "INVALID_OPTION",
      "enableMemoryOptimizations: the program's optimizer exists with other options; accepted: options at the first call, before any middleware is made",
    );
  }
  if (!optimizer) {
    optimizer = new MemoryOptimizer(options);
    madeWith = options;
  }
  return optimizer.enable();
}

/** Stops everything that `enableMemoryOptimizations` started. Without an optimizer, or called again, it does nothing. */
export function disableMemoryOptimizations(): void {
  optimizer?.disable();
}

/**
 * Returns the statistics of the program's optimizer: some µs, so it may be called on every request. A figure that this
 * runtime cannot tell is `undefined`, and so is `verdict` while the optimizer is not enabled.
 *
 * @example
 * ```ts
 * const { systemMemory, verdict, pressure } = getMemoryStats();
 * console.log(systemMemory.rssMb, verdict?.summary, pressure.level);
 * ```
 */
export function getMemoryStats(): MemoryStats {
  return getMemoryOptimizer().getMemoryStats();
}

/**
 * Frees what is idle in the program's optimizer, collects, and returns what each freed. Costs a major collection, during
 * which nothing else runs: 5 to 200 ms. Do not call it in a handler.
 */
export function manualMemoryCleanup(): CleanupStats {
  return getMemoryOptimizer().manualMemoryCleanup();
}
