import type { Culprit } from "./culprit.ts";
import type { Judgement } from "./judge.ts";
import { duration, size } from "./words.ts";

/** What a server's memory is doing, in numbers and in plain words. */
export interface MemoryVerdict extends Judgement {
  /** One or two sentences. */
  readonly summary: string;
  /** What to do next, most useful first. */
  readonly advice: readonly string[];
  /** If `growing`, once the search is over: the code that allocates it. */
  readonly culprit: Culprit | undefined;
}

const NAMES = {
  heap: "the heap",
  external: "memory of buffers",
  rss: "memory outside of heap and buffers",
} as const;

const FIND: Readonly<Record<keyof typeof NAMES, readonly string[]>> = {
  heap: [
    "Find the code that allocates it: await getMemoryOptimizer().findCulprit().",
    "Look for a Map, an array or a listener list that only grows; put a bound on it, or use createWeakCache.",
    "If a cache is still filling up to its bound, or a batch is running, this ends by itself: compare the bound with the room that is left.",
  ],
  external: [
    "Find the code that allocates the objects that hold the buffers: await getMemoryOptimizer().findCulprit().",
    "Look for buffers kept in a queue or a map, for streams that nobody reads to their end, and for responses whose body is never consumed.",
  ],
  rss: [
    "Start the server once with jemalloc (LD_PRELOAD=libjemalloc.so.2): if the growth ends, the allocator was fragmented.",
    "If it continues, a native addon leaks: remove them one by one to find out which.",
  ],
};

const ALLOCATOR = [
  "If the C library is glibc, start the server with MALLOC_ARENA_MAX=2: fewer arenas keep fewer pages.",
  "Or start it with jemalloc, which returns pages by itself: LD_PRELOAD=libjemalloc.so.2.",
  "It is not a leak, because it does not grow. Allow for it when you choose the limit.",
];

function growing(j: Judgement): [string, string[]] {
  const part = j.part ?? "heap";
  const rate = j.bytesPerHour === undefined ? "" : ` by ${size(j.bytesPerHour)} an hour`;
  const over = j.windowMs === undefined ? "" : ` over the last ${duration(j.windowMs)}`;
  const seen = part === "rss" ? "" : ", and major collections do not free it";
  const end =
    j.timeToLimitMs === undefined
      ? ""
      : j.timeToLimitMs < 1000
        ? " The limit has been reached."
        : ` At this rate the limit is reached in ${duration(j.timeToLimitMs)}.`;
  const soon = j.timeToLimitMs !== undefined && j.timeToLimitMs < 3_600_000;
  const name = NAMES[part];
  return [
    `${name[0]!.toUpperCase()}${name.slice(1)} has grown${rate}${over}${seen}: a leak, or something without a bound.${end}`,
    [...(soon ? ["Plan a restart before then; let new requests go to another worker."] : []), ...FIND[part]],
  ];
}

/** Nothing is said unless both parts are known. */
function wouldBeLeft({ heapFloorBytes, externalFloorBytes }: Judgement): string {
  if (heapFloorBytes === undefined || externalFloorBytes === undefined) return "";
  return `, of which a major collection would leave about ${size(heapFloorBytes + externalFloorBytes)}`;
}

function lazy(j: Judgement): [string, string[]] {
  const facts: string[] = [];
  if (j.meanInUseBytes !== undefined) facts.push(`${size(j.meanInUseBytes)} are in use${wouldBeLeft(j)}`);
  const apart = [j.majorIntervalMs, j.sinceMajorMs].filter((ms) => ms !== undefined);
  if (apart.length > 0) facts.push(`major collections are ${duration(Math.max(...apart))} apart`);
  return [
    `Memory is high because the engine rarely collects${facts.length > 0 ? ": " : ""}${facts.join("; ")}. Nothing leaks.`,
    [
      "If the limit is near, limit the heap with V8's start flag --max-old-space-size.",
      "Mount memoryOptimization or gcTuning: collections then run between requests.",
    ],
  ];
}

function retained(j: Judgement): [string, string[]] {
  const { restBytes, lowestRestBytes } = j;
  const known = restBytes !== undefined && lowestRestBytes !== undefined;
  const above = known ? `${size(restBytes - lowestRestBytes)} of RSS belong` : "Parts of RSS belong";
  return [
    `${above} neither to the heap nor to buffers, and do not shrink: the allocator keeps pages that the program once used, or worker threads and native addons hold them.`,
    [...ALLOCATOR],
  ];
}

/** As in the core: floors, and the time that they cover. */
const MIN_MAJORS = 4;

function unknown(j: Judgement): [string, string[]] {
  if (j.majorCollections >= MIN_MAJORS) {
    return [
      "Too early to tell: the major collections seen so far cover less than a minute.",
      ["Wait for a minute."],
    ];
  }
  const count = j.majorCollections === 0 ? "none" : j.majorCollections;
  return [
    `Too early to tell: it takes four major collections over a minute, and ${count} ${j.majorCollections > 1 ? "have" : "has"} been seen so far.`,
    ["Wait, or run one: getMemoryOptimizer().gcOptimizer.manualCollection()."],
  ];
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
            : [
                `No leak seen${j.observedMs === undefined ? " so far" : ` in ${duration(j.observedMs)}`}.${floor}`,
                [],
              ];
  const found = j.state === "growing" && culprit?.found ? culprit : undefined;
  return { ...j, summary, advice: found ? [found.summary, ...advice] : advice, culprit: found };
}
