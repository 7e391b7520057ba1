import type { Closable, MemoryReading, RuntimePort } from "../shared/port.ts";

const SAMPLE_INTERVAL_MS = 1000;
/** A reading asked for is at most this old. */
const MAX_AGE_MS = 250;
const MB = 1024 * 1024;

export interface SystemMemory {
  readonly rssMb: number | undefined;
  readonly vmsMb: number | undefined;
  readonly heapUsedMb: number | undefined;
  readonly heapTotalMb: number | undefined;
  /** Outside the heap, held by it; the core's own memory left out. */
  readonly externalMb: number | undefined;
  /** The core's own memory left out. */
  readonly arrayBuffersMb: number | undefined;
  /** The process's own limit; `undefined` where there is none or it cannot be read. */
  readonly limitMb: number | undefined;
  /** Highest RSS that a sample saw. */
  readonly peakRssMb: number | undefined;
  /** How old these readings are. */
  readonly ageMs: number;
}

function mb(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes / MB;
}

/** Reads memory once a second, by one timer, and keeps the last reading for everybody who asks. */
export class MemoryMonitor {
  readonly #port: RuntimePort;
  readonly #coreBytes: () => number;
  readonly #onSample: (nowMs: number, reading: MemoryReading) => void;
  readonly #limitBytes: number | undefined;
  #timer: Closable | undefined;
  #reading: MemoryReading | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #peakRssBytes: number | undefined;

  constructor(
    port: RuntimePort,
    coreBytes: () => number,
    onSample: (nowMs: number, reading: MemoryReading) => void,
  ) {
    this.#port = port;
    this.#coreBytes = coreBytes;
    this.#onSample = onSample;
    this.#limitBytes = port.readMemoryLimitBytes();
  }

  start(): void {
    this.#timer ??= this.#port.every(SAMPLE_INTERVAL_MS, () => this.sample());
  }

  stop(): void {
    this.#timer?.close();
    this.#timer = undefined;
  }

  /** One sample, as the timer takes it. */
  sample(): void {
    const now = this.#port.now();
    this.#onSample(now, this.read(now, 0));
  }

  /** A reading at most `maxAgeMs` old. Cost: 1 to 10 µs where it has to be taken, none otherwise. */
  read(now: number = this.#port.now(), maxAgeMs: number = MAX_AGE_MS): MemoryReading {
    if (this.#reading && now - this.#readAtMs <= maxAgeMs && maxAgeMs > 0) return this.#reading;
    const reading = this.#port.readMemory();
    this.#reading = reading;
    this.#readAtMs = now;
    if (reading.rssBytes !== undefined) {
      this.#peakRssBytes = Math.max(this.#peakRssBytes ?? 0, reading.rssBytes);
    }
    return reading;
  }

  getStats(): SystemMemory {
    const now = this.#port.now();
    const reading = this.read(now);
    const counts = this.#port.countsWasmMemory;
    const core = this.#coreBytes();
    const without = (bytes: number | undefined, counted: boolean) =>
      mb(bytes !== undefined && counted ? Math.max(0, bytes - core) : bytes);
    return {
      rssMb: mb(reading.rssBytes),
      vmsMb: mb(reading.virtualBytes),
      heapUsedMb: mb(reading.heapUsedBytes),
      heapTotalMb: mb(reading.heapTotalBytes),
      externalMb: without(reading.externalBytes, counts.external),
      arrayBuffersMb: without(reading.arrayBuffersBytes, counts.arrayBuffers),
      limitMb: mb(this.#limitBytes),
      peakRssMb: mb(this.#peakRssBytes),
      ageMs: now - this.#readAtMs,
    };
  }
}
