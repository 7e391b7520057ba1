import { requireAmounts } from "../shared/errors.ts";
import type { Closable, RuntimePort } from "../shared/port.ts";
import type { LimitSource, LoopLag, Reading } from "../shared/reading.ts";
import { MB } from "../shared/units.ts";
import { Cgroup } from "./cgroup.ts";
import { LoopLagMeter } from "./loop-lag.ts";
import { readArrayBuffersWithoutCore, readWithoutCore } from "./read.ts";
import type { SamplerStats, SystemMemory } from "./system-memory.ts";

/** The one timer: it measures how late the loop is, and takes a sample when one is due. */
const TICK_INTERVAL_MS = 100;
const SAMPLE_INTERVAL_MS = 1000;
const MIN_SAMPLE_INTERVAL_MS = 100;
/** A reading asked for is at most this old. */
const MAX_AGE_MS = 250;

function mb(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes / MB;
}

/** Reads memory once a second, with one timer, and keeps the last reading. */
export class MemoryMonitor {
  readonly #port: RuntimePort;
  readonly #coreBytes: () => number;
  readonly #onSample: (nowMs: number, reading: Reading) => void;
  readonly #optionBytes: number | undefined;
  readonly #cgroup: Cgroup;
  readonly #lag = new LoopLagMeter();
  #timer: Closable | undefined;
  #reading: Reading | undefined;
  /** What nobody but a reader of the statistics asks for, of the reading that they are about. */
  #spaces: SystemMemory["heapSpaces"];
  #arrayBuffersBytes: number | undefined;
  #detailsOf: Reading | undefined;
  #loopLagMs: LoopLag | undefined;
  #peakRssBytes: number | undefined;
  #sampleIntervalMs = SAMPLE_INTERVAL_MS;
  #tickIntervalMs = TICK_INTERVAL_MS;
  #nextSampleMs = 0;
  #samples = 0;
  #costMs = 0;
  #maxSampleMs = 0;
  #ranMs = 0;
  #startedAtMs: number | undefined;
  #told: { readonly limitBytes: number | undefined } | undefined;

  /**
   * @param coreBytes WASM memory of the owner's: left out of what is read
   * @param limitBytes the owner's own word on the limit, above all that can be read
   */
  constructor(
    port: RuntimePort,
    coreBytes: () => number,
    onSample: (nowMs: number, reading: Reading) => void,
    limitBytes?: number,
  ) {
    this.#port = port;
    this.#coreBytes = coreBytes;
    this.#onSample = onSample;
    this.#optionBytes = limitBytes;
    this.#cgroup = new Cgroup(port);
  }

  /** Begins to sample. Called by `enable`. */
  start(): void {
    if (this.#timer) return;
    const now = this.#port.now();
    this.#startedAtMs = now;
    this.#nextSampleMs = now + this.#sampleIntervalMs;
    this.#lag.forget();
    this.#tickEvery(TICK_INTERVAL_MS, now);
  }

  #tickEvery(intervalMs: number, nowMs: number): void {
    this.#timer?.close();
    this.#tickIntervalMs = intervalMs;
    this.#lag.start(nowMs, intervalMs);
    this.#timer = this.#port.every(intervalMs, () => this.#tick());
  }

  /** Ends the sampling. Called by `disable`. */
  stop(): void {
    this.#timer?.close();
    this.#timer = undefined;
    this.#cgroup.close();
    this.#loopLagMs = undefined;
    if (this.#startedAtMs !== undefined) this.#ranMs += this.#port.now() - this.#startedAtMs;
    this.#startedAtMs = undefined;
  }

  /** Sets the time between samples, at least 100 ms. Costly files are still read once a second. @throws `INVALID_OPTION` */
  setSampleInterval(intervalMs: number): void {
    requireAmounts("setSampleInterval", { intervalMs });
    this.#sampleIntervalMs = Math.max(MIN_SAMPLE_INTERVAL_MS, intervalMs);
    this.#nextSampleMs = Math.min(this.#nextSampleMs, this.#port.now() + this.#sampleIntervalMs);
  }

  /** While nobody waits for the loop it ticks only as often as it samples: a tick costs a wake-up. */
  setSilent(silent: boolean): void {
    const intervalMs = silent ? this.#sampleIntervalMs : TICK_INTERVAL_MS;
    if (this.#timer && intervalMs !== this.#tickIntervalMs) this.#tickEvery(intervalMs, this.#port.now());
  }

  #tick(): void {
    const now = this.#port.now();
    this.#lag.tick(now);
    // The tick nearest to the moment, so that timers which run a ms late do not lose a tick each second.
    if (now >= this.#nextSampleMs - TICK_INTERVAL_MS / 2) {
      const next = this.#nextSampleMs + this.#sampleIntervalMs;
      this.#nextSampleMs = next > now ? next : now + this.#sampleIntervalMs;
      this.#loopLagMs = this.#lag.take();
      this.sample(now);
    }
    this.#costMs += this.#port.now() - now;
  }

  /** One sample, as the timer takes it. */
  sample(now: number = this.#port.now()): void {
    const reading = this.read(now, 0);
    const tookMs = this.#port.now() - now;
    this.#samples += 1;
    if (tookMs > this.#maxSampleMs) this.#maxSampleMs = tookMs;
    this.#onSample(now, reading);
  }

  /** Returns a reading at most `maxAgeMs` old. Cost: 10 to 20 µs if it has to be taken, else none. */
  read(now: number = this.#port.now(), maxAgeMs: number = MAX_AGE_MS): Reading {
    if (this.#reading && now - this.#reading.atMs <= maxAgeMs && maxAgeMs > 0) return this.#reading;
    const memory = readWithoutCore(this.#port, this.#coreBytes());
    const cgroup = this.#cgroup;
    cgroup.read(now);
    // Files stay open only while somebody is there to close them.
    if (!this.#timer) cgroup.close();
    const { workingSetBytes } = cgroup;
    const [limitBytes, limitSource] = this.#limit();
    const reading: Reading = {
      ...memory,
      atMs: now,
      workingSetBytes,
      limitBytes,
      limitSource,
      usedBytes: limitSource === "cgroup" ? (workingSetBytes ?? memory.rssBytes) : memory.rssBytes,
      heapLimitBytes: this.#port.readHeapLimitBytes(),
      psiSomeAvg10Ratio: cgroup.psiSomeAvg10Ratio,
      psiFullAvg10Ratio: cgroup.psiFullAvg10Ratio,
      loopLagMs: this.#loopLagMs,
    };
    this.#reading = reading;
    if (reading.rssBytes !== undefined) {
      this.#peakRssBytes = Math.max(this.#peakRssBytes ?? 0, reading.rssBytes);
    }
    return reading;
  }

  #limit(): [number | undefined, LimitSource | undefined] {
    if (this.#optionBytes !== undefined) return [this.#optionBytes, "option"];
    if (this.#cgroup.limitBytes !== undefined) return [this.#cgroup.limitBytes, "cgroup"];
    const told = this.#runtimeLimit();
    return told === undefined ? [undefined, undefined] : [told, "runtime"];
  }

  /** Asked once: where it tells anything, the cgroup's files do as well, and they are read again. */
  #runtimeLimit(): number | undefined {
    this.#told ??= { limitBytes: this.#port.readMemoryLimitBytes() };
    return this.#told.limitBytes;
  }

  #readDetails(reading: Reading): void {
    if (this.#detailsOf === reading) return;
    this.#detailsOf = reading;
    this.#arrayBuffersBytes = readArrayBuffersWithoutCore(this.#port, this.#coreBytes());
    const spaces = this.#port.readHeapSpaces();
    this.#spaces =
      spaces &&
      Object.fromEntries(
        spaces.map(({ name, usedBytes, totalBytes, availableBytes }) => [
          name,
          { usedMb: usedBytes / MB, totalMb: totalBytes / MB, availableMb: mb(availableBytes) },
        ]),
      );
  }

  #samplerStats(now: number): SamplerStats {
    const ran = this.#ranMs + (this.#startedAtMs === undefined ? 0 : now - this.#startedAtMs);
    return {
      samples: this.#samples,
      costMs: this.#costMs,
      maxSampleMs: this.#maxSampleMs,
      wallShareRatio: ran > 0 ? this.#costMs / ran : undefined,
    };
  }

  /** Returns a reading at most 250 ms old. */
  getStats(): SystemMemory {
    const now = this.#port.now();
    const reading = this.read(now);
    this.#readDetails(reading);
    return {
      rssMb: mb(reading.rssBytes),
      vmsMb: mb(reading.virtualBytes),
      heapUsedMb: mb(reading.heapUsedBytes),
      heapTotalMb: mb(reading.heapTotalBytes),
      heapLimitMb: mb(reading.heapLimitBytes),
      heapSpaces: this.#spaces,
      externalMb: mb(reading.externalBytes),
      arrayBuffersMb: mb(this.#arrayBuffersBytes),
      workingSetMb: mb(reading.workingSetBytes),
      limitMb: mb(reading.limitBytes),
      limitSource: reading.limitSource,
      usedMb: mb(reading.usedBytes),
      psiSomeAvg10Ratio: reading.psiSomeAvg10Ratio,
      psiFullAvg10Ratio: reading.psiFullAvg10Ratio,
      loopLagMs: this.#loopLagMs,
      peakRssMb: mb(this.#peakRssBytes),
      ageMs: now - reading.atMs,
      sampler: this.#samplerStats(now),
    };
  }
}
