import { createGovernorCore } from "../../src/core/governor.ts";
import { HISTOGRAM_NUMBERS } from "../../src/core/histogram.ts";
import type { Verdict } from "../../src/governor/challenger.ts";
import type { GovernorHost } from "../../src/governor/host.ts";
import { LEAN_PERCENT, Lean } from "../../src/governor/lean.ts";
import { Trial } from "../../src/governor/trial.ts";
import type { RuntimePort } from "../../src/shared/port.ts";
import { Random } from "./random.ts";

/**
 * A server where a lasting setting has a planted effect, in time and not block by block: when its effect comes, and what it
 * leaves to the next block, follow from when it is switched. Figures are shares of the usual level.
 */
export interface PlantedSetting {
  /** Of the setting, on memory in use: -0.25 is a quarter less. */
  readonly memory: number;
  /** Of the setting, on CPU time per request. Default 0.01. */
  readonly cpu?: number;
  /** So long after a switch nothing has changed yet. Default 5 s. */
  readonly delayMs?: number;
  /** How long the effect on memory lasts after it was switched on. Default: as long as it is on. */
  readonly lastsMs?: number;
  /** Memory doubles over this time, and halves over the next. */
  readonly driftMs?: number;
}

export interface SettingDecision {
  readonly verdict: Verdict;
  /** Of all its trials, blocks to learn what is usual left out. */
  readonly blocks: number;
  /** The measured part of a block, at the end. */
  readonly blockMs: number;
}

const TICK_MS = 5000;
/** Between two looks at what came out: an hour. */
const LOOK_TICKS = 720;
const REQUESTS_A_TICK = 1000;
/** The histogram's buckets: of a usual request, and of the least of the slow ones. */
const FIRST_BUCKET = 8;
const USUAL = FIRST_BUCKET + 320;
const SLOW = FIRST_BUCKET + 400;
/** From one tick to the next; a block's mean deviates by 0.1 (memory) and 0.05 (CPU time) then. */
const CORRELATION = 0.8;
const MEMORY_DEVIATION = 0.13;
const CPU_DEVIATION = 0.065;
/** Requests that are slow together. */
const CLUSTER = 5;
const BASE_BYTES = 200e6;

/** A wandering number of mean 0 and deviation 1. */
class Wander {
  readonly #random: Random;
  #now: number;

  constructor(random: Random) {
    this.#random = random;
    this.#now = random.normal();
  }

  next(): number {
    this.#now = CORRELATION * this.#now + Math.sqrt(1 - CORRELATION * CORRELATION) * this.#random.normal();
    return this.#now;
  }
}

/** Steady traffic, in steps of five seconds. */
export class Server {
  nowMs = 0;
  started = 0;
  switchedOn = 0;
  #cpuMs = 0;
  #bytes = BASE_BYTES;
  readonly #planted: PlantedSetting;
  readonly #random: Random;
  readonly #memory: Wander;
  readonly #cpu: Wander;
  readonly #histogram = new Float64Array(HISTOGRAM_NUMBERS);
  readonly #startMs: number;
  /** When it was switched, newest first. */
  #switches: { readonly atMs: number; readonly on: boolean }[] = [
    { atMs: Number.NEGATIVE_INFINITY, on: false },
  ];

  constructor(planted: PlantedSetting, random: Random) {
    this.#planted = planted;
    this.#random = random;
    this.#memory = new Wander(random);
    this.#cpu = new Wander(random);
    this.#startMs = random.next() * 2 * (planted.driftMs ?? 0);
  }

  get port(): RuntimePort {
    return {
      random: () => this.#random.next(),
      readCpuMs: () => this.#cpuMs,
      setHeapGrowth: (percent: number | undefined) => {
        const on = percent === LEAN_PERCENT;
        if (on) this.switchedOn += 1;
        // Older ones have had all their effect.
        this.#switches = [{ atMs: this.nowMs, on }, ...this.#switches.slice(0, 7)];
      },
    } as unknown as RuntimePort;
  }

  get host(): GovernorHost {
    return {
      port: this.port,
      histogramNumbers: HISTOGRAM_NUMBERS,
      flight: () => ({ inFlight: 0, started: this.started }),
      copyLatency: (target: Float64Array) => target.set(this.#histogram),
      read: () => ({ usedBytes: this.#bytes }),
    } as unknown as GovernorHost;
  }

  tick(): void {
    const {
      memory,
      cpu = 0.01,
      delayMs = TICK_MS,
      lastsMs = Number.POSITIVE_INFINITY,
      driftMs = 0,
    } = this.#planted;
    const shown = this.#switches.find(({ atMs }) => atMs <= this.nowMs - delayMs)!;
    let share = shown.on && this.nowMs - delayMs - shown.atMs < lastsMs ? 1 + memory : 1;
    if (driftMs > 0) share *= 2 ** Math.abs((((this.nowMs + this.#startMs) / driftMs) % 2) - 1);
    this.#bytes = BASE_BYTES * share * Math.exp(MEMORY_DEVIATION * this.#memory.next());
    const cost = (shown.on ? 1 + cpu : 1) * Math.exp(CPU_DEVIATION * this.#cpu.next());
    this.#cpuMs += 2 * cost * REQUESTS_A_TICK;
    this.started += REQUESTS_A_TICK;
    this.#histogram[0]! += REQUESTS_A_TICK;
    // Three of a hundred are slow, how slow is exponential: the p99 lies among them.
    let slow = 0;
    for (let i = 0; i < 10; i++) {
      if (this.#random.chance(0.4)) continue;
      this.#histogram[SLOW + Math.min(150, this.#random.exponential(25) | 0)]! += CLUSTER;
      slow += CLUSTER;
    }
    this.#histogram[USUAL]! += REQUESTS_A_TICK - slow;
    this.nowMs += TICK_MS;
  }

  get isLean(): boolean {
    return this.#switches[0]!.on;
  }

  try(): Trial {
    const lean = new Lean(this.port);
    lean.take();
    return new Trial(createGovernorCore(), this.host, "memory", lean);
  }
}

/** `policy: ["auto", "lean"]` with the objective `memory`, from its start until `lean` is decided. */
export function decideSetting(planted: PlantedSetting, seed: number): SettingDecision {
  const server = new Server(planted, new Random(seed));
  const trial = server.try();
  for (let tick = 1; ; tick++) {
    server.tick();
    trial.tick(server.nowMs);
    if (tick % LOOK_TICKS !== 0) continue;
    const { policy, adopted, blockMs, concluded } = trial.getStats();
    if (policy !== undefined && !adopted.includes("lean")) continue;
    const tried = concluded.filter((one) => one.policy === "lean");
    const blocks = tried.reduce((sum, one) => sum + one.blocks, 0);
    return { verdict: tried.at(-1)!.verdict as Verdict, blocks, blockMs };
  }
}

/** The measured part of a block, before effects were seen to outlast it. */
const BLOCK_MS = 30_000;
const BURN_IN_MS = BLOCK_MS / 2;
const LEAKS: Partial<PlantedSetting> = { delayMs: BURN_IN_MS + BLOCK_MS / 2 };
const DRIFTS: Partial<PlantedSetting> = { driftMs: 2 * 3_600_000 };

/** Each must be adopted. */
export const GAINS: Readonly<Record<string, PlantedSetting>> = {
  plain: { memory: -0.25 },
  "an effect that comes half a block late, and stays as long": { memory: -0.25, ...LEAKS },
  drift: { memory: -0.25, ...DRIFTS },
};

/** None may be adopted. */
export const LOSSES: Readonly<Record<string, PlantedSetting>> = {
  nothing: { memory: 0, cpu: 0 },
  "nothing, under drift": { memory: 0, cpu: 0, ...DRIFTS },
  "a harm of 25 %": { memory: 0.25 },
  "a gain of memory for 10 % more CPU time": { memory: -0.25, cpu: 0.1 },
  "the same, half a block late": { memory: -0.25, cpu: 0.1, ...LEAKS },
  "the same, under drift": { memory: -0.25, cpu: 0.1, ...DRIFTS },
  "a gain that lasts for one block": { memory: -0.25, lastsMs: BURN_IN_MS + BLOCK_MS },
};
