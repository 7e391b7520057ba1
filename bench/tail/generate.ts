/**
 * The load, in a process of its own. Open loop: each request is sent at its intended time whether the earlier
 * ones have been answered or not, and its latency counts from that time, so a stalled server is charged for
 * all that waited (no coordinated omission). Closed loop: a fixed number in flight, to find the capacity.
 *
 * Reads one line of JSON, prints one.
 *
 * @module
 */
import { Agent, request } from "node:http";
import process from "node:process";
import { createInterface } from "node:readline";
import { arrivalTimes } from "./arrivals.ts";
import type { Arrivals } from "./workloads.ts";

export interface OpenLoad {
  readonly mode: "open";
  readonly url: string;
  readonly bodyBytes: number;
  readonly arrivals: Arrivals;
  readonly perSecond: number;
  readonly lengthMs: number;
  readonly seed: number;
}

export interface ClosedLoad {
  readonly mode: "closed";
  readonly url: string;
  readonly bodyBytes: number;
  readonly inFlight: number;
  readonly lengthMs: number;
}

export interface Answers {
  /** Float64 in base64: intended time, and latency from there (NaN: failed), both in ms. */
  readonly atMs: string;
  readonly latencyMs: string;
  readonly failed: number;
  readonly tookMs: number;
}

/** A request that has no answer after this long has failed. */
const TIME_LIMIT_MS = 15_000;
/** Timers are exact to about a millisecond: the last one before an arrival is waited for in turns of the loop. */
const SPIN_MS = 1.5;

const agent = new Agent({ keepAlive: true, maxSockets: 512, maxFreeSockets: 512 });

function send(url: string, body: Buffer | undefined, done: (ok: boolean) => void): void {
  let settled = false;
  const settle = (ok: boolean) => {
    if (settled) return;
    settled = true;
    done(ok);
  };
  const sent = request(url, { agent, method: body ? "POST" : "GET", timeout: TIME_LIMIT_MS }, (answer) => {
    answer.on("end", () => settle(answer.statusCode === 200));
    answer.on("error", () => settle(false));
    answer.resume();
  });
  sent.on("timeout", () => sent.destroy(new Error("no answer")));
  sent.on("error", () => settle(false));
  if (body) sent.setHeader("content-length", body.length);
  sent.end(body);
}

function base64(values: Float64Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
}

async function open(load: OpenLoad): Promise<Answers> {
  const atMs = arrivalTimes(load.arrivals, load.perSecond, load.lengthMs, load.seed);
  const latencyMs = new Float64Array(atMs.length).fill(Number.NaN);
  const body = load.bodyBytes > 0 ? Buffer.alloc(load.bodyBytes, 97) : undefined;
  let failed = 0;
  let left = atMs.length;
  const start = performance.now() + 20;
  await new Promise<void>((resolve) => {
    if (left === 0) resolve();
    let next = 0;
    const turn = () => {
      for (; next < atMs.length && start + atMs[next]! <= performance.now(); next++) {
        const i = next;
        send(load.url, body, (ok) => {
          if (ok) latencyMs[i] = performance.now() - start - atMs[i]!;
          else failed += 1;
          left -= 1;
          if (left === 0) resolve();
        });
      }
      if (next === atMs.length) return;
      const waitMs = start + atMs[next]! - performance.now();
      if (waitMs > SPIN_MS) setTimeout(turn, waitMs - SPIN_MS);
      else setImmediate(turn);
    };
    turn();
  });
  return {
    atMs: base64(atMs),
    latencyMs: base64(latencyMs),
    failed,
    tookMs: performance.now() - start,
  };
}

async function closed(load: ClosedLoad): Promise<Answers> {
  const at: number[] = [];
  const latency: number[] = [];
  const body = load.bodyBytes > 0 ? Buffer.alloc(load.bodyBytes, 97) : undefined;
  let failed = 0;
  const start = performance.now();
  const one = () =>
    new Promise<void>((resolve) => {
      const sentAt = performance.now();
      send(load.url, body, (ok) => {
        at.push(sentAt - start);
        latency.push(ok ? performance.now() - sentAt : Number.NaN);
        if (!ok) failed += 1;
        resolve();
      });
    });
  await Promise.all(
    Array.from({ length: load.inFlight }, async () => {
      while (performance.now() - start < load.lengthMs) await one();
    }),
  );
  return {
    atMs: base64(Float64Array.from(at)),
    latencyMs: base64(Float64Array.from(latency)),
    failed,
    tookMs: performance.now() - start,
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const load = JSON.parse(line) as OpenLoad | ClosedLoad;
  const answers = load.mode === "open" ? await open(load) : await closed(load);
  console.log(JSON.stringify(answers));
}
process.exit(0);
