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
    return new GovernorCore(compiled, "trendCreate");
  } catch (cause) {
    return failToLoad(cause);
  }
}

const governors = new WeakMap<object, GovernorCore>();

/** @internal The governor that all pools and caches of one core share which stand alone, made with the first of them. */
export function governorOf(core: object): GovernorCore {
  let governor = governors.get(core);
  if (governor === undefined) {
    governor = createGovernorCore();
    governors.set(core, governor);
  }
  return governor;
}

/**
 * @internal One governor core for all rooms of an optimizer, made when the first of them needs it. Their states
 * lie apart, but for the scratch area: what a call wrote there is read before the next call of anybody.
 */
export class LazyGovernorCore {
  #core: GovernorCore | undefined;

  readonly load = (): GovernorCore => {
    this.#core ??= createGovernorCore();
    return this.#core;
  };

  /** 0 until it is made. */
  get memoryBytes(): number {
    return this.#core?.memoryBytes ?? 0;
  }
}
