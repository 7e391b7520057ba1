import { VelithonError } from "../shared/errors.ts";

/** What a compiled module of this library has at least. */
export interface BaseExports {
  readonly memory: WebAssembly.Memory;
  scratchAddress(): number;
}

/** One instance of a compiled module, and the view over the numbers that cross in bulk. */
export class Instance<E extends BaseExports> {
  readonly exports: E;
  #scratch: Float64Array;

  constructor(module: WebAssembly.Module) {
    this.exports = new WebAssembly.Instance(module, {}).exports as unknown as E;
    this.#scratch = this.#view();
  }

  #view(): Float64Array {
    return new Float64Array(this.exports.memory.buffer, this.exports.scratchAddress(), 64);
  }

  /** Numbers that cross in bulk; valid until the next call into the module. */
  get scratch(): Float64Array {
    // Growing the memory detaches the view, which shows as length 0.
    if (this.#scratch.length === 0) this.#scratch = this.#view();
    return this.#scratch;
  }

  /** Bytes of linear memory: this instance's share of the process's external memory. */
  get memoryBytes(): number {
    return this.exports.memory.buffer.byteLength;
  }
}

/** Bytes from base64. */
export function decode(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}

/** @throws `CORE_NOT_LOADED` */
export function failToLoad(cause: unknown): never {
  throw new VelithonError(
    "CORE_NOT_LOADED",
    "the core could not be loaded; accepted: a precompiled WebAssembly.Module of velithon/core.wasm (the only way where a host forbids compiling), its bytes, or nothing",
    { cause },
  );
}
