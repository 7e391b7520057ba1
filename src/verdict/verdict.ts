import type { Culprit } from "./culprit.ts";
import type { Judgement } from "./judge.ts";
import { duration, size } from "./words.ts";

/** What a server's memory is doing, in numbers and in plain words. */
export interface MemoryVerdict extends Judgement {
  /** One or two sentences. */
  readonly summary: string;
  /** What to do next, most useful first. */
  readonly advice: readonly string[];
  /** Where `growing`, once the search for it is over: what allocates what stays. */
  readonly culprit: Culprit | undefined;
}

const NAMES = {
  heap: "the heap",
  external: "memory of buffers",
  rss: "memory outside of heap and buffers",
} as const;

const FIND: Readonly<Record<keyof typeof NAMES, readonly string[]>> = {
  heap: [
    "Find the line that allocates what stays: optimizer.findCulprit().",
    "Look for a Map, an array or a listener list that only grows; put a bound on it, or use createWeakCache.",
  ],
  external: [
    "Find the line that allocates what holds the buffers: optimizer.findCulprit().",
    "Look for buffers kept in a queue or a map, for streams that nobody reads to their end, and for responses whose body is never consumed.",
  ],
  rss: [
    "Start the server once with jemalloc (LD_PRELOAD=libjemalloc.so.2): if the growth ends, the allocator was fragmented.",
    "If it goes on, a native addon leaks: leave them out one by one.",
  ],
};

const ALLOCATOR = [
  "Where the C library is glibc, start the server with MALLOC_ARENA_MAX=2: fewer arenas keep fewer pages.",
  "Or with jemalloc, which gives pages back by itself: LD_PRELOAD=libjemalloc.so.2.",
  "It is no leak: it does not grow. Count it in when you choose the limit.",
];

function growing(j: Judgement): [string, string[]] {
  const part = j.part ?? "heap";
  const rate = size(j.bytesPerHour ?? 0);
  const over = duration(j.windowMs ?? 0);
  const seen = part === "rss" ? "" : ", and major collections do not get it back";
  const end =
    j.timeToLimitMs === undefined
      ? ""
      : j.timeToLimitMs < 1000
        ? " The limit is reached."
        : ` At this rate the limit is reached in ${duration(j.timeToLimitMs)}.`;
  const soon = j.timeToLimitMs !== undefined && j.timeToLimitMs < 3_600_000;
  const name = NAMES[part];
  return [
    `${name[0]!.toUpperCase()}${name.slice(1)} has grown by ${rate} an hour over the last ${over}${seen}: a leak, or something that has no bound.${end}`,
    [...(soon ? ["Plan a restart before then; let new requests go to another worker."] : []), ...FIND[part]],
  ];
}

function lazy(j: Judgement): [string, string[]] {
  const floor = (j.heapFloorBytes ?? 0) + (j.externalFloorBytes ?? 0);
  const every = Math.max(j.majorIntervalMs ?? 0, j.sinceMajorMs ?? 0);
  return [
    `Memory is high because the engine collects seldom: ${size(j.meanInUseBytes ?? 0)} are in use, of which a major collection would leave about ${size(floor)}; they are ${duration(every)} apart. Nothing leaks.`,
    [
      "Where the limit is near, bound the heap with V8's --max-old-space-size as a start flag.",
      "Mount memoryOptimization or gcTuning: collections then run between requests.",
    ],
  ];
}

function retained(j: Judgement): [string, string[]] {
  const above = (j.restBytes ?? 0) - (j.lowestRestBytes ?? 0);
  return [
    `${size(above)} of RSS belong neither to the heap nor to buffers, and stay: the allocator keeps pages that the program once used, or worker threads and native addons hold them.`,
    [...ALLOCATOR],
  ];
}

function unknown(j: Judgement): [string, string[]] {
  const seen =
    j.majorCollections === 0
      ? "no major collection has been seen yet"
      : `${j.majorCollections} major collection${j.majorCollections === 1 ? " has" : "s have"} been seen so far`;
  return [`Too little is known: ${seen}.`, ["Wait, or ask for one: gcOptimizer.manualCollection()."]];
}

/** A judgement in words. */
export function inWords(j: Judgement, culprit?: Culprit): MemoryVerdict {
  const floor = j.heapFloorBytes === undefined ? "" : ` Major collections leave ${size(j.heapFloorBytes)}.`;
  const [summary, advice]: [string, readonly string[]] =
    j.state === "growing"
      ? growing(j)
      : j.state === "lazy-gc"
        ? lazy(j)
        : j.state === "allocator-retention"
          ? retained(j)
          : j.state === "unknown"
            ? unknown(j)
            : [`Nothing grows.${floor}`, []];
  const found = j.state === "growing" && culprit?.found ? culprit : undefined;
  return { ...j, summary, advice: found ? [found.summary, ...advice] : advice, culprit: found };
}
