/**
 * The load, in a process of its own: in an open loop, or closed, with a fixed number in flight, to find the
 * capacity.
 *
 * Reads one line of JSON, prints one.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import type { Arrivals } from "../../runtimes/cli/load/arrivals.ts";
import { Client, openLoop } from "../../runtimes/cli/load/open-loop.ts";

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
  /** When the first arrival was counted from, since 1970. */
  readonly startedAtMs: number;
}

const client = new Client();
const succeeds = (status: number | undefined): boolean => status === 200;
const bodyOf = (bytes: number): Buffer | undefined => (bytes > 0 ? Buffer.alloc(bytes, 97) : undefined);

function base64(values: Float64Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
}

async function open(load: OpenLoad): Promise<Answers> {
  const { atMs, latencyMs, failures, tookMs } = await openLoop(client, {
    ...load,
    body: bodyOf(load.bodyBytes),
    succeeds,
  });
  const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
  const startedAtMs = Date.now() - tookMs;
  return { atMs: base64(atMs), latencyMs: base64(latencyMs), failed, tookMs, startedAtMs };
}

async function closed(load: ClosedLoad): Promise<Answers> {
  const at: number[] = [];
  const latency: number[] = [];
  const body = bodyOf(load.bodyBytes);
  let failed = 0;
  const start = performance.now();
  const one = () =>
    new Promise<void>((resolve) => {
      const sentAt = performance.now();
      client.send(load.url, body, (status) => {
        const ok = succeeds(status);
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
    startedAtMs: Date.now() - (performance.now() - start),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const load = JSON.parse(line) as OpenLoad | ClosedLoad;
  const answers = load.mode === "open" ? await open(load) : await closed(load);
  console.log(JSON.stringify(answers));
}
process.exit(0);
