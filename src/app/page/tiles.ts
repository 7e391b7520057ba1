import type { DashboardState } from "../state.ts";
import { element, setText } from "./dom.ts";
import { count, digits, megabytes, milliseconds, NONE, percent } from "./format.ts";
import { limitRatio, toneOf } from "./words.ts";

interface Tile {
  readonly title: string;
  /** The figure, and its unit where that is set smaller. */
  readonly big: (state: DashboardState) => string;
  readonly note: (state: DashboardState) => string;
  /** Out of a whole, 0 to 1. */
  readonly ratio?: (state: DashboardState) => number | undefined;
}

const LIMIT_SOURCES = { option: "an option", cgroup: "its cgroup", runtime: "the runtime" };

/** Of the engine where it reports them, which are ours too; else of ours alone. */
function pausesOf({ stats: { gcStats } }: DashboardState): { longestMs: number; count: number; of: string } {
  const { engine, minor, major } = gcStats;
  if (engine) {
    const kinds = Object.values(engine);
    return {
      longestMs: Math.max(...kinds.map((kind) => kind.maxPauseMs)),
      count: kinds.reduce((sum, kind) => sum + kind.count, 0),
      of: "in all",
    };
  }
  return {
    longestMs: Math.max(minor.maxPauseMs, major.maxPauseMs),
    count: [minor, major].reduce((sum, kind) => sum + kind.performed + kind.manual, 0),
    of: "by the library",
  };
}

const TILES: readonly Tile[] = [
  {
    title: "Memory in use",
    big: ({ stats }) => megabytes(stats.systemMemory.usedMb),
    note: (state) => {
      const { limitMb, limitSource, peakRssMb } = state.stats.systemMemory;
      if (limitMb === undefined) return `peak ${megabytes(peakRssMb)}, no limit`;
      return `of ${megabytes(limitMb)}, set by ${LIMIT_SOURCES[limitSource ?? "runtime"]}`;
    },
    ratio: limitRatio,
  },
  {
    title: "Heap in use",
    big: ({ stats }) => megabytes(stats.systemMemory.heapUsedMb),
    note: ({ stats: { systemMemory } }) =>
      `of ${megabytes(systemMemory.heapTotalMb)} reserved${
        systemMemory.heapLimitMb === undefined ? "" : `, ${megabytes(systemMemory.heapLimitMb)} at most`
      }`,
  },
  {
    title: "Outside the heap",
    big: ({ stats }) => megabytes(stats.systemMemory.externalMb),
    note: ({ stats }) => `buffers ${megabytes(stats.systemMemory.arrayBuffersMb)}`,
  },
  {
    title: "Requests in flight",
    big: ({ stats }) => count(stats.requests.inFlight),
    note: ({ stats }) =>
      `${count(stats.requests.longLived)} long-lived, most ${count(stats.requests.highWater)}`,
  },
  {
    title: "Requests a second",
    big: ({ stats: { requests } }) =>
      requests.requestsPerSecond10s === undefined ? NONE : digits(requests.requestsPerSecond10s),
    note: ({ stats }) => `${count(stats.requests.finished)} finished`,
  },
  {
    title: "Longest pause",
    big: (state) => milliseconds(pausesOf(state).longestMs),
    note: (state) => {
      const { count: collections, of } = pausesOf(state);
      return `of ${count(collections)} collections ${of}`;
    },
  },
  {
    title: "Loop lag",
    big: ({ stats }) => milliseconds(stats.systemMemory.loopLagMs?.max),
    note: ({ stats }) => `worst of the last second, p99 ${milliseconds(stats.systemMemory.loopLagMs?.p99)}`,
  },
  {
    title: "Median latency",
    big: ({ stats }) => milliseconds(stats.requests.lastMinute.p50Ms),
    note: ({ stats: { requests } }) =>
      `p99 ${milliseconds(requests.lastMinute.p99Ms)}, p99.9 ${milliseconds(requests.lastMinute.p999Ms)}, of about the last minute`,
  },
];

/** Makes the tiles in `into`; the answer puts a state into them. */
export function makeTiles(into: HTMLElement): (state: DashboardState) => void {
  const made = TILES.map((tile) => {
    const big = element("p", { class: "big" });
    const note = element("p", { class: "note" });
    const bar = element("span");
    const meter = element(
      "div",
      {
        class: "meter",
        role: "meter",
        "aria-label": `${tile.title}, of the limit`,
        "aria-valuemin": "0",
        "aria-valuemax": "100",
      },
      bar,
    );
    meter.hidden = true;
    into.append(element("div", { class: "card tile" }, element("h3", {}, tile.title), big, meter, note));
    return (state: DashboardState) => {
      setText(big, tile.big(state));
      setText(note, tile.note(state));
      const ratio = tile.ratio?.(state);
      meter.hidden = ratio === undefined;
      if (ratio === undefined) return;
      const shown = Math.round(Math.min(1, ratio) * 100);
      bar.style.width = `${shown}%`;
      meter.dataset.tone = toneOf(ratio);
      meter.setAttribute("aria-valuenow", String(shown));
      meter.setAttribute("aria-valuetext", percent(ratio));
    };
  });
  return (state) => {
    for (const show of made) show(state);
  };
}
