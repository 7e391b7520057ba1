import { requireFunction } from "../shared/errors.ts";
import { RequestMemoryContext } from "./context.ts";

/**
 * Runs each call of `fn` in its own context. Works for functions and methods, sync and async; types, `this`, name and
 * length stay. Can also be used as a method decorator.
 *
 * @example
 * ```ts
 * const importOrders = withMemoryOptimization(async (file: string) => {
 *   const buffer = getMemoryContext().acquire(buffers);
 *   // `buffer` goes back to its pool when the promise has settled.
 * });
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: any function may be wrapped
export function withMemoryOptimization<F extends (this: any, ...args: any[]) => any>(
  fn: F,
  _method?: unknown,
): F {
  requireFunction("withMemoryOptimization: fn", fn, "a function or a method");
  const wrapped = function (this: ThisParameterType<F>, ...args: Parameters<F>): ReturnType<F> {
    return new RequestMemoryContext().run(() => fn.apply(this, args));
  };
  Object.defineProperty(wrapped, "name", { value: fn.name });
  Object.defineProperty(wrapped, "length", { value: fn.length });
  return wrapped as unknown as F;
}
