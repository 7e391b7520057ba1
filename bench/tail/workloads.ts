import type { Arrivals } from "../../runtimes/cli/load/arrivals.ts";
import type { Runtime } from "../runtimes.ts";

export type WorkloadName =
  | "light"
  | "heavy"
  | "in-flight"
  | "rows"
  | "on-off"
  | "buffers"
  | "uploads"
  | "churn"
  | "stream"
  | "mix"
  | "stop";

export interface Workload {
  readonly what: string;
  readonly arrivals: Arrivals;
  readonly path: string;
  /** Bytes of each request's body; 0: a GET. */
  readonly bodyBytes: number;
  /** Arrivals a second whatever the server can do, where these say how much it holds; with no `--load`. */
  readonly perSecond?: number;
  /** Most arrivals a second, whatever the server could take: the generator's share of the machine is bounded. */
  readonly maxPerSecond: number;
  /** Requests in flight that find the capacity, where more than 32 are needed: handlers that wait. */
  readonly closedInFlight?: number;
  /** Silence after the load, in which the resident set is watched; then a few more requests. */
  readonly silenceMs?: { readonly quick: number; readonly full: number };
  /** What is judged is concurrent marking too: the server may use all cores. */
  readonly unpinned?: boolean;
  /** Start flags of all its arms. */
  readonly flags?: Partial<Record<Runtime, readonly string[]>>;
}

export const workloads: Record<WorkloadName, Workload> = {
  light: {
    what: "a small JSON answer",
    arrivals: { kind: "poisson" },
    path: "/light/7",
    bodyBytes: 0,
    maxPerSecond: 1500,
  },
  heavy: {
    what: "20 to 100 KB of JSON from real data, parsed, filtered, answered, over 150 MB live",
    arrivals: { kind: "poisson" },
    path: "/heavy",
    bodyBytes: 0,
    maxPerSecond: 400,
    unpinned: true,
  },
  "in-flight": {
    what: "handlers that hold objects of 250 KB for 200 ms, about 10 MB at once",
    arrivals: { kind: "poisson" },
    path: "/hold",
    bodyBytes: 0,
    maxPerSecond: 400,
    closedInFlight: 256,
  },
  rows: {
    what: "1,500 rows of another service's JSON, parsed and held for 100 ms while a database answers, about 10 MB at once",
    arrivals: { kind: "poisson" },
    path: "/rows",
    bodyBytes: 0,
    perSecond: 300,
    maxPerSecond: 1000,
    closedInFlight: 256,
  },
  "on-off": {
    what: "the heavy answers, 400 ms on, 600 ms off, with a cache of the latest 150",
    arrivals: { kind: "on-off", onMs: 400, offMs: 600 },
    path: "/heavy",
    bodyBytes: 0,
    maxPerSecond: 800,
    unpinned: true,
  },
  buffers: {
    what: "bodies of 256 KB: memory outside the heap",
    arrivals: { kind: "poisson" },
    path: "/upload",
    bodyBytes: 262_144,
    maxPerSecond: 200,
    // Without it the heap's size at the first collection decides, by luck, how often V8 collects from then on.
    flags: { node: ["--initial-old-space-size=128"] },
  },
  uploads: {
    what: "the same over a heap as large as with express, as V8 comes",
    arrivals: { kind: "poisson" },
    path: "/upload",
    bodyBytes: 262_144,
    maxPerSecond: 200,
  },
  churn: {
    what: "a cache of 50,000 entries, replaced one by one: garbage in the old generation",
    arrivals: { kind: "poisson" },
    path: "/churn",
    bodyBytes: 0,
    maxPerSecond: 1000,
    unpinned: true,
  },
  stream: {
    what: "answers streamed in ten parts",
    arrivals: { kind: "poisson" },
    path: "/stream",
    bodyBytes: 0,
    maxPerSecond: 200,
  },
  mix: {
    what: "light, heavy, held and streamed answers in turn",
    arrivals: { kind: "poisson" },
    path: "/mix",
    bodyBytes: 0,
    maxPerSecond: 400,
    unpinned: true,
  },
  stop: {
    what: "heavy answers, then silence: when the resident set comes back",
    arrivals: { kind: "poisson" },
    path: "/heavy",
    bodyBytes: 0,
    maxPerSecond: 400,
    silenceMs: { quick: 4000, full: 35_000 },
    unpinned: true,
  },
};
