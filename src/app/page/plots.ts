import uPlot from "uplot";
import { element } from "./dom.ts";
import { clock, day, megabytes, milliseconds, NONE } from "./format.ts";
import type { Field, Series } from "./series.ts";

interface Line {
  readonly field: Field;
  readonly label: string;
  /** A variable of the style sheet. */
  readonly colour: string;
  readonly kind?: "area" | "dashed" | "bars";
}

interface Plot {
  readonly title: string;
  readonly about: string;
  readonly lines: readonly Line[];
  readonly write: (value: number) => string;
}

const plain = (value: number): string => String(Number(value.toFixed(value >= 100 ? 0 : 1)));

const PLOTS: readonly Plot[] = [
  {
    title: "Memory",
    about: "in use, against the limit",
    write: megabytes,
    lines: [
      { field: "used", label: "in use", colour: "--blue", kind: "area" },
      { field: "heap", label: "heap", colour: "--green" },
      { field: "external", label: "outside the heap", colour: "--amber" },
      { field: "limit", label: "limit", colour: "--red", kind: "dashed" },
    ],
  },
  {
    title: "Pauses",
    about: "collections in each second; how late the event loop ran",
    write: milliseconds,
    lines: [
      { field: "engineMs", label: "engine", colour: "--violet", kind: "bars" },
      { field: "oursMs", label: "library", colour: "--green", kind: "bars" },
      { field: "lagMs", label: "loop lag", colour: "--amber" },
    ],
  },
  {
    title: "Requests",
    about: "in flight, and a second",
    write: plain,
    lines: [
      { field: "perSecond", label: "a second", colour: "--blue", kind: "area" },
      { field: "inFlight", label: "in flight", colour: "--amber" },
    ],
  },
  {
    title: "Latency",
    about: "of about the last minute",
    write: milliseconds,
    lines: [
      { field: "p50", label: "p50", colour: "--green" },
      { field: "p99", label: "p99", colour: "--amber" },
      { field: "p999", label: "p99.9", colour: "--red" },
    ],
  },
];

const HEIGHT = 190;
const LEAST_WIDTH = 240;
const LEAST_SPAN_SECONDS = 60;

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function seriesOf(line: Line, write: Plot["write"]): uPlot.Series {
  const stroke = colour(line.colour);
  return {
    label: line.label,
    stroke,
    width: line.kind === "dashed" ? 1.5 : 2,
    value: (_, value) => (value === null ? NONE : write(value)),
    points: { show: false },
    ...(line.kind === "area" ? { fill: `${stroke}22` } : {}),
    ...(line.kind === "dashed" ? { dash: [6, 5] } : {}),
    ...(line.kind === "bars"
      ? { fill: `${stroke}aa`, width: 0, paths: uPlot.paths.bars!({ size: [0.7, 10] }) }
      : {}),
  };
}

function optionsOf(plot: Plot, width: number): uPlot.Options {
  const axis = {
    stroke: colour("--soft"),
    grid: { stroke: colour("--grid"), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    // On the right half a time's width: the last one is written whole.
    padding: [8, 28, 0, 0],
    cursor: { sync: { key: "time" }, points: { size: 7 }, drag: { x: false, y: false } },
    legend: { live: true },
    scales: { y: { range: (_, low, high) => [0, Math.max(high ?? 0, low ?? 0, 0.001) * 1.08] } },
    axes: [
      {
        ...axis,
        space: 70,
        size: 30,
        values: (_, at) => {
          const step = at.length > 1 ? at[1]! - at[0]! : 0;
          return at.map((time) => (step >= 43_200 ? day(time) : clock(time, step < 60)));
        },
      },
      {
        ...axis,
        size: 64,
        space: 34,
        values: (_, at) => at.map((value) => (value === 0 ? "0" : plot.write(value))),
      },
    ],
    series: [
      { label: "at", value: (_, time) => (time === null ? NONE : clock(time, true)) },
      ...plot.lines.map((line) => seriesOf(line, plot.write)),
    ],
  };
}

/** What a plot shows, for those who do not see it. */
function described(plot: Plot, columns: readonly (number | null)[][]): string {
  const parts = plot.lines.map(({ label }, i) => {
    const known = columns[i]!.filter((value) => value !== null);
    if (known.length === 0) return `${label} not known`;
    return `${label} now ${plot.write(known.at(-1)!)}, highest ${plot.write(Math.max(...known))}`;
  });
  return `${plot.title}, ${plot.about}: ${parts.join("; ")}`;
}

interface Plots {
  /** Draws the last so many seconds of a series. */
  draw(series: Series, spanSeconds: number): void;
}

/** Makes the plots in `into`; they keep its width and follow light and dark. */
export function makePlots(into: HTMLElement): Plots {
  let made: { plot: Plot; chart: uPlot; box: HTMLElement }[] = [];
  let drawn: [Series, number] | undefined;

  const make = () => {
    for (const { chart } of made) chart.destroy();
    into.replaceChildren();
    made = PLOTS.map((plot) => {
      const box = element("div", { class: "canvas", role: "img" });
      const heading = element("h3", {}, `${plot.title} `, element("small", {}, plot.about));
      into.append(element("div", { class: "card plot" }, heading, box));
      const width = Math.max(LEAST_WIDTH, box.clientWidth);
      const chart = new uPlot(optionsOf(plot, width), [[]], box);
      // The name of the box says it in words.
      chart.root.setAttribute("aria-hidden", "true");
      return { plot, box, chart };
    });
  };

  const draw = (series: Series, seconds: number) => {
    drawn = [series, seconds];
    const end = series.times.at(-1);
    if (end === undefined) return;
    if (made.length === 0) make();
    for (const { plot, chart, box } of made) {
      const data = series.since(
        end - seconds,
        plot.lines.map(({ field }) => field),
      );
      chart.setData(data as uPlot.AlignedData);
      // A young server fills the plot with what there is.
      const from = Math.max(end - seconds, Math.min(series.times[0]!, end - LEAST_SPAN_SECONDS));
      chart.setScale("x", { min: from, max: end });
      // Nothing is pointed at: the newest values.
      if ((chart.cursor.left ?? -1) < 0) chart.setLegend({ idx: data[0].length - 1 });
      box.setAttribute("aria-label", described(plot, data.slice(1) as (number | null)[][]));
    }
  };

  new ResizeObserver(() => {
    for (const { chart, box } of made) {
      const width = Math.max(LEAST_WIDTH, box.clientWidth);
      if (width !== chart.width) chart.setSize({ width, height: HEIGHT });
    }
  }).observe(into);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (made.length === 0) return;
    make();
    if (drawn) draw(...drawn);
  });
  return { draw };
}
