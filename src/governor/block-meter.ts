import type { GovernorCore } from "../core/governor.ts";
import { addressOf } from "../core/table.ts";
import { orNaN } from "../core/unknown.ts";
import type { GovernorHost } from "./host.ts";

/** Most time above the p99 that one request counts with. */
const CAP_US = 250_000;

/** Of a block at work; `pressed`: memory has come near its limit, which closes it. */
export type BlockState = "goes on" | "over" | "pressed";
/** As in the core. */
const STATES: readonly BlockState[] = ["goes on", "over", "pressed"];

/** What requests took in a block; `NaN` where nothing can be said. */
interface BlockReading {
  readonly requests: number;
  /** Of the requests, those above the p99. */
  readonly exceedanceRatio: number;
  /** Above the p99, in ms per 1,000 requests. */
  readonly stallMs: number;
  readonly cpuMsPerRequest: number;
  readonly meanBytes: number;
}

/** Measures one block at a time: the core counts (assembly/governor/block.ts), the host tells what there is to count. */
export class BlockMeter {
  readonly #core: GovernorCore;
  readonly #host: GovernorHost;
  readonly #copyAddress: number;
  #p99Us = Number.NaN;
  #usualUs = Number.NaN;

  /** @throws `OUT_OF_MEMORY` */
  constructor(core: GovernorCore, host: GovernorHost) {
    this.#core = core;
    this.#host = host;
    this.#copyAddress = addressOf("a block of the experiment", core.exports.blockCopyAddress());
  }

  /** `undefined` until it is frozen. */
  get p99Ms(): number | undefined {
    return Number.isNaN(this.#p99Us) ? undefined : this.#p99Us / 1000;
  }

  #copy(): void {
    this.#host.copyLatency(this.#core.numbersAt(this.#copyAddress, this.#host.histogramNumbers));
  }

  /** `endMs`: when it has had its time. */
  begin(nowMs: number, endMs: number): void {
    this.#copy();
    this.#core.exports.blockBegin(nowMs, orNaN(this.#host.port.readCpuMs()), endMs);
    this.sample(nowMs);
  }

  state(nowMs: number): BlockState {
    return STATES[this.#core.exports.blockState(nowMs)]!;
  }

  /** The memory in use now. */
  sample(nowMs: number): void {
    const reading = this.#host.read(nowMs, 500);
    this.#core.exports.blockMemory(nowMs, orNaN(reading.usedBytes ?? reading.rssBytes));
  }

  /** What is usual, from now on: as it was since `begin`. */
  freeze(): void {
    this.#copy();
    this.#p99Us = this.quantileUs(0.99);
    this.#usualUs = this.quantileUs(0.5);
  }

  end(nowMs: number): BlockReading {
    this.#copy();
    this.#core.exports.blockEnd(nowMs, orNaN(this.#host.port.readCpuMs()), this.#p99Us, CAP_US);
    const s = this.#core.scratch;
    return {
      requests: s[1]!,
      exceedanceRatio: s[2]!,
      stallMs: s[3]!,
      cpuMsPerRequest: s[4]!,
      meanBytes: s[5]!,
    };
  }

  /** So many requests waited for the end of a pause of ours. */
  charge(pauseMs: number, waiting: number): void {
    this.#core.exports.blockCharge(pauseMs, waiting, this.#usualUs, this.#p99Us, CAP_US);
  }

  /** Of the block that was ended last. */
  quantileUs(share: number): number {
    return this.#core.exports.blockQuantile(share);
  }
}
