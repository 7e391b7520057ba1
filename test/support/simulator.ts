import type { VerdictSample } from "../../src/verdict/judge.ts";
import type { Random } from "./random.ts";

const MB = 1024 * 1024;
const HOUR = 3600;
const DAY = 24 * HOUR;

/** Requests per second at a time in seconds. */
type Load = (t: number) => number;

/** A server as this simulator knows it. Sizes in MB, times in seconds. */
export interface Server {
  seconds: number;
  /** Of one step; a sample is taken at each. */
  step: number;
  load: Load;
  /** How long a request is open, s, and what it holds meanwhile. */
  latency: number;
  perRequestMb: number;
  baseMb: number;
  /** What else is held at a time. Default: nothing. */
  heldMb?: (t: number) => number;
  /** What fills up after the start, and how fast. */
  warmUpMb: number;
  warmUpSeconds: number;
  /** Held for `sessionSeconds` by each request. */
  sessionMb: number;
  sessionSeconds: number;
  garbageMbPerRequest: number;
  externalBaseMb: number;
  /** The engine collects when the heap is this many times its floor, or this far above it. */
  factor: number;
  headroomMb: number;
  noise: number;
  leakMbPerRequest: number;
  leakMbPerSecond: number;
  leakExternalMbPerRequest: number;
  /** Nothing leaks before. */
  leakFromSeconds: number;
  /** RSS that nothing accounts for. */
  restMb: number;
  /** Of the highest that heap and buffers ever took, the share that the allocator keeps. */
  retainedRatio: number;
  nativeLeakMbPerSecond: number;
  limitMb: number | undefined;
  heapLimitMb: number | undefined;
  /** Whether requests are counted: without middleware there is no load to see. */
  counted: boolean;
  /** Whether there are moments for a collection that was asked for. */
  idle: boolean;
  /** How long until the next of them, on the mean. */
  idleSeconds: number;
}

export const PLAIN: Server = {
  seconds: 2 * HOUR,
  step: 1,
  load: () => 50,
  latency: 0.05,
  perRequestMb: 0.2,
  baseMb: 40,
  warmUpMb: 0,
  warmUpSeconds: 60,
  sessionMb: 0,
  sessionSeconds: 600,
  garbageMbPerRequest: 0.05,
  externalBaseMb: 4,
  factor: 1.8,
  headroomMb: 16,
  noise: 0.01,
  leakMbPerRequest: 0,
  leakMbPerSecond: 0,
  leakExternalMbPerRequest: 0,
  leakFromSeconds: 0,
  restMb: 45,
  retainedRatio: 0.05,
  nativeLeakMbPerSecond: 0,
  limitMb: 1024,
  heapLimitMb: 2048,
  counted: true,
  idle: true,
  idleSeconds: 3,
};

export interface Watcher {
  floor(nowMs: number, heapBytes: number, externalBytes: number): void;
  sample(nowMs: number, sample: VerdictSample): void;
  /** Asked once a sample; true: a collection runs as soon as the server is idle. */
  wantsFloor(nowMs: number): boolean;
}

/** Runs a server's memory until its time is over, or it has reached a limit. */
export function simulate(server: Server, random: Random, watcher: Watcher, each?: (t: number) => void): void {
  const { step } = server;
  let leaked = 0;
  let leakedExternal = 0;
  let leakedNative = 0;
  let sessions = 0;
  let garbage = 0;
  let requests = 0;
  let floor = server.baseMb;
  let highest = 0;
  let total = server.baseMb;
  let perSecond = Number.NaN;
  let pending = false;
  const startMs = 1000 + random.next() * 1e6;
  const live = (t: number, inFlight: number): number =>
    server.baseMb +
    (server.heldMb?.(t) ?? 0) +
    server.warmUpMb * (1 - Math.exp(-t / server.warmUpSeconds)) +
    sessions +
    leaked +
    inFlight * server.perRequestMb;
  for (let t = 0; t < server.seconds; t += step) {
    const now = startMs + t * 1000;
    const rate = Math.max(0, server.load(t));
    const served = Math.max(0, rate * step + Math.sqrt(rate * step) * random.normal());
    requests += served;
    perSecond = Number.isNaN(perSecond)
      ? served / step
      : perSecond + (served / step - perSecond) * Math.min(1, step / 10);
    const mean = rate * server.latency;
    const inFlight = Math.max(0, Math.round(mean + Math.sqrt(mean) * random.normal()));
    sessions += served * server.sessionMb - (sessions * step) / server.sessionSeconds;
    if (t >= server.leakFromSeconds) {
      leaked += served * server.leakMbPerRequest + step * server.leakMbPerSecond;
      leakedExternal += served * server.leakExternalMbPerRequest;
      leakedNative += step * server.nativeLeakMbPerSecond;
    }
    garbage += served * server.garbageMbPerRequest;
    const external =
      (server.externalBaseMb + inFlight * server.perRequestMb * 0.3) * (1 + server.noise * random.normal()) +
      leakedExternal;
    const held = live(t, inFlight);
    // Never more than a few a step: a step stands for all that it would have collected.
    const idle = pending && server.idle && random.chance(step / server.idleSeconds);
    if (idle || held + garbage >= Math.max(floor * server.factor, floor + server.headroomMb)) {
      pending = false;
      garbage = 0;
      floor = held * (1 + server.noise * random.normal());
      watcher.floor(now, floor * MB, external * MB);
      total = Math.max(floor * 1.1, total * 0.7);
    }
    const used = held + garbage;
    total = Math.max(total, used * 1.05);
    highest = Math.max(highest, total + external);
    const rest =
      (server.restMb + (highest - total - external) * server.retainedRatio) *
        (1 + server.noise * random.normal()) +
      leakedNative;
    const rss = total + external + rest;
    watcher.sample(now, {
      heapUsedBytes: used * MB,
      heapTotalBytes: total * MB,
      externalBytes: external * MB,
      rssBytes: rss * MB,
      usedBytes: rss * MB,
      limitBytes: server.limitMb && server.limitMb * MB,
      heapLimitBytes: server.heapLimitMb && server.heapLimitMb * MB,
      inFlight: server.counted ? inFlight : 0,
      requestsPerSecond: server.counted ? perSecond : undefined,
      finishedRequests: server.counted ? requests : 0,
    });
    if (watcher.wantsFloor(now)) pending = true;
    each?.(now);
    if (rss >= (server.limitMb ?? Number.POSITIVE_INFINITY) || used >= (server.heapLimitMb ?? 1e9)) return;
  }
}

/** Loads as servers see them. */
export function randomLoad(random: Random): Load {
  const mean = 10 ** (0.7 + random.next() * 1.6);
  const kind = random.int(0, 5);
  const period = 60 * 10 ** (random.next() * 2);
  const phase = random.next();
  if (kind === 0) return () => mean;
  if (kind === 1) return (t) => mean * (1 + 0.8 * Math.sin(2 * Math.PI * (t / period + phase)));
  if (kind === 2) return (t) => ((t / period + phase) % 1 < 0.4 ? mean * 2 : mean * 0.1);
  if (kind === 3) {
    const end = 600 + random.next() * 5000;
    return (t) => mean * (0.3 + 1.7 * Math.min(1, t / end));
  }
  if (kind === 4) {
    const steps = Array.from({ length: 64 }, () => 0.2 + random.next() * 1.8);
    return (t) => mean * steps[Math.floor(t / period) % 64]!;
  }
  let at = 0;
  let factor = 1;
  return (t) => {
    while (at < t) {
      at += 10;
      factor = Math.min(3, Math.max(0.2, factor * Math.exp(0.05 * random.normal())));
    }
    return mean * factor;
  };
}

/** The daily pattern: quiet at night, a peak at noon. */
export const daily =
  (mean: number, phase: number): Load =>
  (t) =>
    mean * (1 - 0.85 * Math.cos(2 * Math.PI * (t / DAY + phase)));

/** What its users' sessions hold: up to 100 MB on the mean. */
export function sessions(load: Load, random: Random): Pick<Server, "sessionMb" | "sessionSeconds"> {
  const sessionSeconds = 60 + random.next() * 1800;
  let sum = 0;
  for (let i = 0; i < 500; i++) sum += load(i * 20) / 500;
  return { sessionSeconds, sessionMb: (random.next() * 100) / (sum * sessionSeconds) };
}

/** A healthy server of any kind. */
export function healthyServer(random: Random): Server {
  const load = randomLoad(random);
  return {
    ...PLAIN,
    seconds: HOUR * (0.5 + random.next() * 5),
    step: 2,
    load,
    latency: 10 ** (-2 + random.next() * 2),
    perRequestMb: 0.02 + random.next() * 0.4,
    baseMb: 15 + random.next() * 150,
    warmUpMb: random.next() * 120,
    warmUpSeconds: 5 + random.next() * 700,
    ...sessions(load, random),
    garbageMbPerRequest: 0.01 + random.next() * 0.3,
    factor: 1.3 + random.next() * 1.2,
    headroomMb: 8 + random.next() * 32,
    noise: 0.003 + random.next() * 0.02,
    limitMb: random.chance(0.3) ? undefined : 2048,
    heapLimitMb: random.chance(0.3) ? undefined : 4096,
    counted: random.chance(0.7),
  };
}
