/**
 * Load in an open loop: each request is sent at its intended time whether the earlier ones have been answered or
 * not, and its latency counts from that time, so a stalled server is charged for all that waited (no coordinated
 * omission).
 *
 * @module
 */
import { Agent, request } from "node:http";
import timers from "node:timers";
import { type Arrivals, arrivalTimes } from "./arrivals.ts";

/** A request that has no answer after this long has failed. */
const TIME_LIMIT_MS = 15_000;
/** Timers are exact to about a millisecond: the last one before an arrival is waited for in turns of the loop. */
const SPIN_MS = 1.5;
/** Between the plan and its first request. */
const LEAD_MS = 20;

/** Connections that are kept open between requests. */
export class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 512, maxFreeSockets: 512 });

  /** `done` is called once: with the status, when the whole body has come, or with `undefined`: no whole answer. */
  send(url: string, body: Uint8Array | undefined, done: (status: number | undefined) => void): void {
    let settled = false;
    const settle = (status: number | undefined) => {
      if (settled) return;
      settled = true;
      done(status);
    };
    const sent = request(
      url,
      { agent: this.#agent, method: body ? "POST" : "GET", timeout: TIME_LIMIT_MS },
      (answer) => {
        answer.on("end", () => settle(answer.complete ? answer.statusCode : undefined));
        answer.on("close", () => settle(undefined));
        answer.on("error", () => settle(undefined));
        answer.resume();
      },
    );
    sent.on("timeout", () => sent.destroy(new Error("no answer")));
    sent.on("error", () => settle(undefined));
    if (body) sent.setHeader("content-length", body.length);
    sent.end(body);
  }

  close(): void {
    this.#agent.destroy();
  }
}

interface OpenPlan {
  readonly url: string;
  readonly body: Uint8Array | undefined;
  readonly arrivals: Arrivals;
  readonly perSecond: number;
  readonly lengthMs: number;
  /** Of the arrivals. */
  readonly seed: number;
  /** Which answers count. */
  succeeds(status: number): boolean;
}

/** In the order of the intended times, in ms. */
export interface OpenAnswers {
  readonly atMs: Float64Array;
  /** From the intended time to the end of the answer; `NaN`: failed. */
  readonly latencyMs: Float64Array;
  /** From the intended time to the sending: what the generator itself came too late. */
  readonly lateMs: Float64Array;
  /** How many failed, by status; those without an answer under 0. */
  readonly failures: ReadonlyMap<number, number>;
  readonly tookMs: number;
}

export async function openLoop(client: Client, plan: OpenPlan): Promise<OpenAnswers> {
  const atMs = arrivalTimes(plan.arrivals, plan.perSecond, plan.lengthMs, plan.seed);
  const latencyMs = new Float64Array(atMs.length).fill(Number.NaN);
  const lateMs = new Float64Array(atMs.length);
  const failures = new Map<number, number>();
  let left = atMs.length;
  const start = performance.now() + LEAD_MS;
  await new Promise<void>((resolve) => {
    if (left === 0) resolve();
    let next = 0;
    const turn = () => {
      for (; next < atMs.length && start + atMs[next]! <= performance.now(); next++) {
        const i = next;
        lateMs[i] = performance.now() - start - atMs[i]!;
        client.send(plan.url, plan.body, (status) => {
          if (status !== undefined && plan.succeeds(status))
            latencyMs[i] = performance.now() - start - atMs[i]!;
          else failures.set(status ?? 0, (failures.get(status ?? 0) ?? 0) + 1);
          left -= 1;
          if (left === 0) resolve();
        });
      }
      if (next === atMs.length) return;
      const waitMs = start + atMs[next]! - performance.now();
      if (waitMs > SPIN_MS) timers.setTimeout(turn, waitMs - SPIN_MS);
      else timers.setImmediate(turn);
    };
    turn();
  });
  return { atMs, latencyMs, lateMs, failures, tookMs: performance.now() - start };
}
