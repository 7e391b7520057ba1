import { VelithonError } from "../shared/errors.ts";

/** What a compiled module of this library has at least. */
interface BaseExports {
  readonly memory: WebAssembly.Memory;
  scratchAddress(): number;
}

/** Until the first look: as short as a view that was detached. */
const NO_VIEW = new Float64Array(0);

/** One instance of a compiled module, and the view over the numbers that cross in bulk. */
export class Instance<E extends BaseExports> {
  readonly exports: E;
  #scratch: Float64Array = NO_VIEW;

  /** @param has what tells this module from others */
  constructor(module: WebAssembly.Module, has: keyof E & string) {
    this.exports = new WebAssembly.Instance(module, {}).exports as unknown as E;
    if (this.exports[has] === undefined) throw new TypeError(`it exports no ${has}`);
  }

  /** Numbers that cross in bulk; valid until the next call into the module. */
  get scratch(): Float64Array {
    if (this.#scratch.length === 0)
      this.#scratch = this.numbersAt(this.exports.scratchAddress(), 64, this.#scratch);
    return this.#scratch;
  }

  /** @internal A view of so many numbers in its memory: `held`, unless the memory has grown since, which shows as length 0. */
  numbersAt(address: number, length: number, held: Float64Array = NO_VIEW): Float64Array {
    return held.length === length ? held : new Float64Array(this.exports.memory.buffer, address, length);
  }

  /** Bytes of linear memory: this instance's share of the process's external memory. */
  get memoryBytes(): number {
    return this.exports.memory.buffer.byteLength;
  }
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes from base64: at once where the host can. Else four digits at a time: `atob` alone would leave a loop over characters to do. */
export function decode(base64: string): Bytes {
  const array = Uint8Array as { fromBase64?: (text: string) => Bytes };
  if (array.fromBase64 !== undefined) return array.fromBase64(base64);
  const { Buffer } = globalThis as { Buffer?: { from?(text: string, encoding: "base64"): Bytes } };
  if (Buffer?.from !== undefined) return Buffer.from(base64, "base64");
  const values = new Uint8Array(128);
  for (let i = 0; i < 64; i++) values[DIGITS.charCodeAt(i)] = i;
  const text = new TextEncoder().encode(base64);
  const out = new Uint8Array((text.length / 4) * 3);
  for (let i = 0, at = 0; i < text.length; i += 4, at += 3) {
    const high = (values[text[i]!]! << 18) | (values[text[i + 1]!]! << 12);
    const group = high | (values[text[i + 2]!]! << 6) | values[text[i + 3]!]!;
    out[at] = group >> 16;
    out[at + 1] = group >> 8;
    out[at + 2] = group;
  }
  return out.subarray(0, out.length - (base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0));
}

/** @throws `CORE_NOT_LOADED` */
export function failToLoad(cause: unknown): never {
  const problem =
    typeof WebAssembly === "undefined"
      ? ": this process has no WebAssembly; start it without --jitless"
      : "; accepted: a precompiled WebAssembly.Module of velithon/core.wasm (the only way where a host forbids compiling), its bytes, or nothing";
  throw new VelithonError("CORE_NOT_LOADED", `the core could not be loaded${problem}`, { cause });
}
