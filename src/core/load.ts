import { coreBytes } from "./bytes.ts";
import type { CoreExports } from "./exports.ts";
import { decode, failToLoad, Instance } from "./instance.ts";
import { Schedule } from "./schedule.ts";

/** What a core can be made from; without one, the bytes that are part of the library. */
export type CoreSource = WebAssembly.Module | ArrayBuffer | ArrayBufferView;

/**
 * One instance of the compiled core: its own memory, its own schedule, any number of tables.
 *
 * Memory grows only while a table is created or resized.
 */
export class Core extends Instance<CoreExports> {
  #schedule: Schedule | undefined;

  /** The schedule of this instance; there is one. */
  get schedule(): Schedule {
    this.#schedule ??= new Schedule(this);
    return this.#schedule;
  }
}

let compiled: WebAssembly.Module | undefined;
let shared: Core | undefined;

/** @internal What to use in place of the library's own bytes, where a host forbids compiling. */
export function useCoreModule(module: WebAssembly.Module): void {
  compiled = module;
}

/** V8 takes any view but a DataView. */
function plain(source: ArrayBuffer | ArrayBufferView): Uint8Array<ArrayBuffer> | ArrayBuffer {
  if (!ArrayBuffer.isView(source)) return source;
  return new Uint8Array(source.buffer as ArrayBuffer, source.byteOffset, source.byteLength);
}

/**
 * A new instance of the core, synchronously. The library's own bytes are compiled once for all of them.
 *
 * @param source a precompiled module, or the bytes of `velithon/core.wasm`
 * @throws `CORE_NOT_LOADED` where it cannot be compiled, or is not the core
 */
export function createCore(source?: CoreSource): Core {
  try {
    if (source instanceof WebAssembly.Module) return new Core(source, "slotsCreate");
    if (source !== undefined) return new Core(new WebAssembly.Module(plain(source)), "slotsCreate");
    compiled ??= new WebAssembly.Module(decode(coreBytes));
    return new Core(compiled, "slotsCreate");
  } catch (cause) {
    return failToLoad(cause);
  }
}

/** As `createCore`, compiling off the main thread where the host can. */
export async function createCoreAsync(source?: CoreSource | Promise<CoreSource>): Promise<Core> {
  const given = await source;
  try {
    if (given instanceof WebAssembly.Module) return new Core(given, "slotsCreate");
    if (given !== undefined) return new Core(await WebAssembly.compile(plain(given)), "slotsCreate");
    compiled ??= await WebAssembly.compile(decode(coreBytes));
    return new Core(compiled, "slotsCreate");
  } catch (cause) {
    return failToLoad(cause);
  }
}

/**
 * The core that this program shares: made at the first call, the same at every later one. A source is
 * used by the first call only.
 */
export function loadCore(source?: CoreSource): Core {
  shared ??= createCore(source);
  return shared;
}

/** As `loadCore`, asynchronously; also the same core for callers at the same time. */
export async function loadCoreAsync(source?: CoreSource | Promise<CoreSource>): Promise<Core> {
  if (shared) return shared;
  const made = await createCoreAsync(source);
  shared ??= made;
  return shared;
}
