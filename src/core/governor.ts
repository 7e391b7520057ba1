import { governorBytes } from "./governor-bytes.ts";
import type { GovernorExports } from "./governor-exports.ts";
import { decode, failToLoad, Instance } from "./instance.ts";

/**
 * One instance of the compiled governor: what is decided once a second or more rarely, apart from the core
 * so that the core stays small.
 */
export class GovernorCore extends Instance<GovernorExports> {}

let compiled: WebAssembly.Module | undefined;

/** @internal As `useCoreModule`. */
export function useGovernorModule(module: WebAssembly.Module): void {
  compiled = module;
}

/**
 * A new instance of the governor. The library's own bytes are compiled once for all of them.
 *
 * @throws `CORE_NOT_LOADED` where it cannot be compiled
 */
export function createGovernorCore(): GovernorCore {
  try {
    compiled ??= new WebAssembly.Module(decode(governorBytes));
    return new GovernorCore(compiled);
  } catch (cause) {
    return failToLoad(cause);
  }
}
