import { VelithonError } from "./errors.ts";
import type { RuntimePort } from "./port.ts";

let current: RuntimePort | undefined;

/** Makes `port` the one that is used where none is passed. Each runtime's entry point calls it once. */
export function useRuntime(port: RuntimePort): void {
  current = port;
}

/** @throws `NO_RUNTIME` where no entry point of a runtime was imported */
export function runtime(): RuntimePort {
  if (!current) {
    throw new VelithonError(
      "NO_RUNTIME",
      'no runtime is known; import "velithon", or call useRuntime(port) first',
    );
  }
  return current;
}
